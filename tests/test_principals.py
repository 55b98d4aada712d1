"""What the rules on identities and bucket policies say: every case of policy/principals.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint import engine, packs
from wa_lint.model import Snapshot
from wa_lint.sources.template import read_template

RULES: Final = {rule.info.id: rule.with_settings({"all_buckets": True}) for rule in packs.load()}


class _Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions as the long ones."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    text = loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else ""
    return {"Ref": text} if suffix == "Ref" else {f"Fn::{suffix}": text}


_Loader.add_multi_constructor("!", _function)
_TEXT: Final = (Path(__file__).parent / "policy" / "principals.yaml").read_text("utf-8")
CASES: Final = {case["name"]: case for case in yaml.load(_TEXT, _Loader)}  # noqa: S506, a safe loader with functions


def snapshot_of(case: dict[str, Any]) -> Snapshot:
    resources: dict[str, Any] = dict(case.get("more", {}))
    if "statements" in case:
        document = {"Version": "2012-10-17", "Statement": case["statements"]}
        resources["P"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    if "bucket" in case:
        block = {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": False}}
        resources["B"] = {"Type": "AWS::S3::Bucket", "Properties": block}
        policy = {"Bucket": {"Ref": "B"}, "PolicyDocument": {"Statement": case["bucket"]}}
        resources["BP"] = {"Type": "AWS::S3::BucketPolicy", "Properties": policy}
    return read_template(yaml.safe_dump({"Resources": resources}), "t.yaml")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_principal_is_judged_by_all_that_it_may_do(case: dict[str, Any]) -> None:
    findings = engine.lint(snapshot_of(case), [RULES[case["rule"]]], "2026-11-23").findings
    assert {f.resource.id: f.outcome.value for f in findings} == case["expect"]
    for id_, words in case.get("says", {}).items():
        assert words in next(f.message for f in findings if f.resource.id == id_)


def test_a_policy_without_a_holder_is_judged_as_if_one_held_it() -> None:
    case = CASES["all but one resource"]
    (finding,) = engine.lint(snapshot_of(case), [RULES["role-administrator"]], "2026-11-23").findings
    assert finding.assumes == ("a principal holds it",)


# --- reasons and assumptions ------------------------------------------------------------------------

_REASONS: Final = yaml.safe_load((Path(__file__).parent / "policy" / "reasons.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", _REASONS, ids=[case["name"] for case in _REASONS])
def test_a_reason_names_what_decides_and_an_assumption_changes_the_verdict(case: dict[str, Any]) -> None:
    snapshot = read_template(case["template"], "t.yaml")
    for wanted in case["expect"]:
        found = engine.lint(snapshot, [RULES[wanted["rule"]]], "2026-11-23").findings
        (finding,) = [
            one for one in found if one.resource.id == wanted["at"] and one.outcome.value == wanted["outcome"]
        ]
        assert wanted.get("says", "") in finding.message
        assert list(finding.assumes) == wanted.get("assumes", [])
