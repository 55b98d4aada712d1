"""Packs of rules as folders and Python packages, with tests of their own; what their authors work with."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wa_lint.cli.configuring import installed_package
from wa_lint.cli.schema_command import SCHEMAS
from wa_lint.cli.watching import changes

WaLint = Callable[..., Any]
ROOT = Path(__file__).parents[1]

TEMPLATE = "Resources: {N: {Type: AWS::SageMaker::NotebookInstance, Properties: {RootAccess: Enabled}}}\n"


def rule(id_: str, expects: str = "fail") -> str:
    """Return a rule of its own name that asks what one of ours asks."""
    text = (ROOT / "rules/sagemaker/notebook-root-access.yaml").read_text("utf-8")
    text = text.replace("id: notebook-root-access", f"id: {id_}", 1)
    return text.replace("expect: fail", f"expect: {expects}", 1)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package whose code must not run."""
    site = tmp_path / "site"
    folder = site / "acme_rules"
    (folder / "rules" / "ml").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('code of a pack was run')")
    (folder / "rules" / "ml" / "acme-root-access.yaml").write_text(rule("acme-root-access"))
    (site / "empty_pack").mkdir()
    (site / "empty_pack" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    installed_package.cache_clear()
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    return folder


def test_a_package_is_a_pack(package: Path, wa_lint: WaLint) -> None:
    del package
    for name in ("acme_rules", "acme-rules"):
        run = wa_lint("check", "t.yaml", "--no-config", "--rules", name, "--select", "acme-*", "-o", "json")
        assert [finding["rule"] for finding in run.report["findings"]] == ["acme-root-access"], run.err
    assert "acme-root-access" in wa_lint("rules", "--rules", "acme_rules", "--select", "acme-*").out
    assert "# acme-root-access" in wa_lint("explain", "acme-root-access", "--rules", "acme_rules").out


def test_a_configuration_names_a_package(package: Path, wa_lint: WaLint, tmp_path: Path) -> None:
    del package
    (tmp_path / "c.yaml").write_text("rules: [acme_rules]\nselect: [acme-root-access]\n")
    run = wa_lint("check", "t.yaml", "--config", "c.yaml", "-o", "json")
    assert [finding["rule"] for finding in run.report["findings"]] == ["acme-root-access"], run.err


def test_a_package_runs_its_own_tests(package: Path, wa_lint: WaLint) -> None:
    run = wa_lint("test", "acme_rules")
    assert (run.code, run.err.rpartition(": ")[2]) == (0, "all passed\n"), run.out
    (package / "rules" / "ml" / "acme-root-access.yaml").write_text(rule("acme-root-access", "pass"))
    assert wa_lint("test", "acme_rules").code == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_pack", "'no_such_pack' is neither a folder nor an installed package"),
        ("empty_pack", "the package 'empty_pack' has no rule files"),
        ("../nowhere", "is neither a folder nor"),
        ("acme_rules.rules", "is neither a folder nor"),
    ],
)
def test_what_is_no_pack_is_named(name: str, said: str, package: Path, wa_lint: WaLint) -> None:
    shutil.rmtree(package)
    for command in (("check", "t.yaml", "--rules", name), ("test", name)):
        run = wa_lint(*command)
        assert (run.code, said in run.err) == (2, True), run.err


# --- watching ---------------------------------------------------------------------------------------


def test_what_is_saved_added_or_gone_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    steps: Iterator[Callable[[], object]] = iter(
        [
            lambda: None,
            lambda: (tmp_path / "a.yaml").write_text("22"),
            lambda: (tmp_path / "c.yaml").write_text("1"),
            lambda: (tmp_path / "note.txt").write_text("1"),
            (tmp_path / "b.yaml").unlink,
        ]
    )
    seen = changes(tmp_path, lambda _: next(steps)() and None)
    assert [sorted(file.name for file in next(seen)) for _ in range(3)] == [["a.yaml"], ["c.yaml"], ["b.yaml"]]


def test_watching_runs_what_was_saved_until_ctrl_c(tmp_path: Path) -> None:
    for name in ("one-root-access", "two-root-access"):
        (tmp_path / f"{name}.yaml").write_text(rule(name))
    command = [sys.executable, "-u", "-m", "wa_lint", "test", "--examples-only", "--watch", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stderr
        assert running.stdout
        assert running.stderr.readline().startswith("wa-lint: 2 rules, ")
        time.sleep(1)
        (tmp_path / "two-root-access.yaml").write_text(rule("two-root-access", "pass"))
        assert running.stderr.readline() == "wa-lint: changed: two-root-access.yaml\n"
        assert running.stderr.readline().startswith("wa-lint: 1 rule, ")
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 1
        assert running.stdout.read().startswith("two-root-access: example ")


# --- schemas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_printed_and_is_one(name: str, wa_lint: WaLint) -> None:
    schema = json.loads(wa_lint("schema", name.upper()).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert wa_lint("schema", name, "-o", "s.json").code == 0
    assert json.loads(Path("s.json").read_text("utf-8")) == schema


def test_every_schema_of_the_package_has_a_name() -> None:
    assert {file.name.partition(".")[0] for file in (ROOT / "wa_lint/schemas").glob("*.json")} == {*SCHEMAS}


def test_a_new_rule_names_the_schema_that_lies_beside_it(wa_lint: WaLint) -> None:
    run = wa_lint("new-rule", "my-rule", "--type", "AWS::SageMaker::Model", "--folder", "mine")
    assert run.code == 0
    first = Path("mine/my-rule.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=rule.schema.json"
    beside = Path("mine/rule.schema.json")
    assert json.loads(beside.read_text("utf-8")) == json.loads(wa_lint("schema", "rule").out)
    beside.write_text("{}", encoding="utf-8")
    wa_lint("new-rule", "my-other-rule", "--type", "AWS::SageMaker::Model", "--folder", "mine")
    assert beside.read_text("utf-8") == "{}", "it is not written over"
