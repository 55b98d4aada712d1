"""examples/continuous/nightly: the workflow is what GitHub's schema says, and an auditor finds nothing in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / "examples/continuous/nightly/wa-lint-nightly.yml").read_text("utf-8")


def test_the_workflow_is_what_its_schema_says(ran: Any, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(WORKFLOW, "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", "x.yml"]
    done = ran(command, tmp_path)
    assert done.code == 0, done.log


def test_an_auditor_of_workflows_finds_nothing(ran: Any, tool: Any, tmp_path: Path) -> None:
    file = tmp_path / ".github/workflows/wa-lint-nightly.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW, "utf-8")
    done = ran([tool("zizmor"), "--offline", "--no-progress", "--persona", "pedantic", "."], tmp_path)
    assert done.code == 0, done.log
