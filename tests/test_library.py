"""`import wa_lint`: what the library promises to those who call it from Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wa_lint

NOTEBOOK = {
    "Resources": {
        "N": {
            "Type": "AWS::SageMaker::NotebookInstance",
            "Metadata": {"aws:cdk:path": "Serving/N"},
            "Properties": {"InstanceType": "ml.t3.medium", "RoleArn": "x", "RootAccess": "Enabled"},
        }
    }
}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "t.json"
    file.write_text(json.dumps(NOTEBOOK), "utf-8")
    return file


def test_check_returns_the_report_that_the_command_prints(template: Path) -> None:
    report = wa_lint.check(template, select=["notebook-root-access"])
    (finding,) = report.findings
    assert (finding.outcome, finding.rule.severity) == (wa_lint.Outcome.FAIL, wa_lint.Severity.HIGH)
    command = [
        sys.executable,
        "-m",
        "wa_lint",
        "check",
        str(template),
        "-o",
        "json",
        "--select",
        "notebook-root-access",
    ]
    printed = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)
    assert [f["fingerprint"] for f in printed["findings"]] == [finding.fingerprint]


def test_check_takes_several_paths_and_shows_all_on_request(template: Path) -> None:
    other = template.with_name("u.json")
    other.write_text(json.dumps(NOTEBOOK).replace("Enabled", "Disabled"), "utf-8")
    report = wa_lint.check([template, other], select=["notebook-root-access"], show_all=True)
    assert {finding.outcome for finding in report.findings} == {wa_lint.Outcome.FAIL, wa_lint.Outcome.PASS}


def test_check_reads_no_configuration(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template.with_name("wa-lint.yaml").write_text("ignore: ['*']\n", "utf-8")
    monkeypatch.chdir(template.parent)
    assert any(f.rule.id == "notebook-root-access" for f in wa_lint.check().findings)


def test_what_cannot_be_read_is_an_input_and_a_line(template: Path) -> None:
    template.write_text("{", "utf-8")
    lines: list[str] = []
    report = wa_lint.check(template, say=lines.append)
    assert [entry.status for entry in report.inputs] == ["error"]
    assert len(lines) == 1


@pytest.mark.parametrize("given", [{"select": ["no-such-rule"]}, {"parameters": ["x"]}, {"paths": "nowhere"}])
def test_arguments_that_do_not_fit_raise(template: Path, given: dict[str, list[str]]) -> None:
    with pytest.raises(wa_lint.ConfigError):
        wa_lint.check(**{"paths": template, **given})  # type: ignore[arg-type] # wrong on purpose


def test_load_rules_returns_the_book_and_those_of_folders(tmp_path: Path) -> None:
    book = wa_lint.load_rules()
    assert {"notebook-root-access", "bucket-public"} <= {rule.info.id for rule in book}
    (tmp_path / "broken.yaml").write_text("id: [", "utf-8")
    with pytest.raises(wa_lint.RuleFileError, match=r"broken\.yaml"):
        wa_lint.load_rules(tmp_path)


def test_assert_well_architected_names_rule_construct_and_fix() -> None:
    with pytest.raises(AssertionError, match=r"high notebook-root-access Serving/N: RootAccess is Enabled.* Fix: Set"):
        wa_lint.assert_well_architected(NOTEBOOK)
    wa_lint.assert_well_architected(NOTEBOOK, "critical")
    wa_lint.assert_well_architected(NOTEBOOK, select=["notebook-platform-end-of-life"])


def test_assert_well_architected_fails_for_what_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("Resources: [", "utf-8")
    with pytest.raises(AssertionError, match=r"t\.yaml was not checked"):
        wa_lint.assert_well_architected(file)


def test_a_secret_is_masked_in_what_the_library_returns(template: Path) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    template.write_text(json.dumps(NOTEBOOK).replace("Enabled", secret), "utf-8")
    report = wa_lint.check(template, show_all=True)
    assert report.findings
    assert secret not in repr(report.findings)


def test_importing_the_library_imports_no_engine() -> None:
    code = "import sys, wa_lint; print([m for m in ('boto3', 'click', 'wa_lint.engine', 'yaml') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout.strip() == b"[]"


def test_the_library_needs_no_click(template: Path) -> None:
    code = f"import sys, wa_lint; wa_lint.check({str(template)!r}); print('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout.strip() == b"False"


def test_the_example_judges_a_cdk_app_inside_its_own_test() -> None:
    if shutil.which("node") is None:
        (pytest.fail if os.environ.get("WA_LINT_ALL_TOOLS") == "1" else pytest.skip)("node is missing")
    example = Path(__file__).parents[1] / "examples" / "cdk_app"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(example)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=example)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_all_buckets_are_checked_where_they_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("Resources: {B: {Type: 'AWS::S3::Bucket'}}\n", "utf-8")
    assert not wa_lint.check(file).findings
    assert "bucket-unversioned" in {finding.rule.id for finding in wa_lint.check(file, all_buckets=True).findings}
