"""The hook for pre-commit, installed and run by pre-commit itself in new repositories."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from wa_lint.run import walking

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))

ONE_INSTANCE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: blue, ModelName: churn, InstanceType: ml.m5.large, InitialInstanceCount: 1}
"""

Hook = Callable[..., Any]


def test_the_hook_is_handed_whatever_a_folder_is_searched_for() -> None:
    assert all(re.search(HOOK["files"], f"a{suffix}") for suffix in (*walking.SUFFIXES, ".YAML"))
    assert not re.search(HOOK["files"], "a.py")


@pytest.fixture(scope="module")
def hook(source: Path, lent: Path, ran: Any, tool: Any, tmp_path_factory: pytest.TempPathFactory) -> Hook:
    """Commit files to a new repository, with the hook installed from a repository of ours."""
    git, home = tool("git"), tmp_path_factory.mktemp("pre-commit")
    environment = {"PRE_COMMIT_HOME": str(home), "PYTHONPATH": str(lent), "HOME": str(home)}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["tag", "v0.0.1"]):
        assert ran([git, *words], source).code == 0

    def commit(repository: Path, files: Mapping[str, str], *args: str) -> Any:
        entry = {"id": "wa-lint", **({"args": list(args)} if args else {})}
        config = {"repos": [{"repo": source.as_uri(), "rev": "v0.0.1", "hooks": [entry]}]}
        for name, text in {**files, ".pre-commit-config.yaml": yaml.safe_dump(config)}.items():
            (repository / name).write_text(text)
        ran([git, "init", "-q"], repository)
        assert ran([sys.executable, "-m", "pre_commit", "install"], repository, **environment).code == 0
        ran([git, "add", "-A"], repository)
        return ran([git, "commit", "-m", "x"], repository, **environment)

    return commit


COMMITS: dict[str, tuple[dict[str, str], list[str], int, str]] = {
    "nothing of ours": ({"package.json": "{}", "k8s.yaml": "kind: Pod", "a.py": ""}, [], 0, "Passed"),
    "a template": ({"a.yaml": ONE_INSTANCE, "package.json": "{}"}, [], 1, "endpoint-single-instance"),
    "a template in capitals": ({"a.YAML": ONE_INSTANCE}, [], 1, "endpoint-single-instance"),
    "a broken template": ({"a.yaml": "Resources: {A: {Type: 'AWS::S3::Bucket'"}, [], 2, "a.yaml:1:"),
    "a name like an option": ({"--help.yaml": ONE_INSTANCE}, [], 1, "endpoint-single-instance"),
    "an argument": ({"a.yaml": ONE_INSTANCE}, ["--fail-on", "critical", "--"], 0, "Passed"),
    "a file that is excluded": ({"a.yaml": ONE_INSTANCE, "wa-lint.yaml": "exclude: [a.*]"}, [], 0, "Passed"),
}


@pytest.mark.parametrize("case", COMMITS)
def test_a_commit_passes_where_nothing_is_wrong_and_else_does_not(case: str, hook: Hook, tmp_path: Path) -> None:
    files, args, code, said = COMMITS[case]
    done = hook(tmp_path, files, *args)
    assert (bool(done.code), said in done.log) == (bool(code), True), done.log
    assert code == 0 or f"exit code: {code}" in done.log
    assert "Traceback" not in done.log


def test_each_of_many_files_is_judged_once(hook: Hook, tmp_path: Path) -> None:
    log = hook(tmp_path, {f"{i:03}.yaml": ONE_INSTANCE for i in range(60)}).log
    assert "of 60 inputs" in log
    assert log.count(" endpoint-single-instance") == 60
