"""Every workload against the reporters that people read: what is written was accepted. ``./run bless`` accepts anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.findings import merge
from wa_lint.model import Input, Report
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.sources.template import read_template

FIXTURES = Path(__file__).parent.parent / "fixtures"
WORKLOADS = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())
TODAY = "2026-11-23"
FORMATS = ("json", "markdown", "sarif", "text")
"""Those that people read in a review; tests/test_formats.py puts all of them to readers of their own."""


@pytest.fixture(scope="module", params=WORKLOADS)
def workload(request: pytest.FixtureRequest) -> tuple[Path, Report]:
    folder = FIXTURES / str(request.param)
    uri = f"fixtures/{folder.name}/template.yaml"
    snapshot = read_template((folder / "template.yaml").read_bytes(), uri)
    report = lint(snapshot, packs.load(), TODAY)
    return folder, merge([report], [Input(uri, "template", "judged", None, len(snapshot.resources))])


@pytest.mark.parametrize("format_", FORMATS)
def test_the_report_is_what_was_accepted(workload: tuple[Path, Report], format_: str, *, bless: bool) -> None:
    folder, report = workload
    lines = (folder / "template.yaml").read_text("utf-8").split("\n")
    written = reporter(format_)(report, RenderOptions(lines=lambda _: lines))
    expected = folder / f"expected.{format_}"
    if bless:
        expected.write_text(written, "utf-8")
    assert expected.read_text("utf-8") == written, "./run bless accepts it, after a look at the difference"
