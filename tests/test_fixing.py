"""``check --fix`` changes what it says, and nothing else: every rule with edits, every style of YAML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wa_lint import packs, schema
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.fixing import NotMechanical, Patch, patch_of, rewritten
from wa_lint.model import Finding, Outcome, Raw
from wa_lint.remedy import edit_replaces
from wa_lint.rule import Example, Rule
from wa_lint.sources.template import read_template
from wa_lint.testing import TODAY

RULES = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}
WITH_EDITS = sorted(id_ for id_, rule in RULES.items() if rule.info.edits)


class Indented(yaml.SafeDumper):
    """Dumps lists further in than their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


STYLES: Mapping[str, Callable[[Raw], str]] = {
    "block": lambda value: yaml.safe_dump(value, sort_keys=False),
    "block, lists further in, 4 blanks": lambda v: yaml.dump(v, Dumper=Indented, sort_keys=False, indent=4),
    "flow": lambda value: yaml.safe_dump(value, sort_keys=False, default_flow_style=True),
    "JSON": lambda value: json.dumps(value, indent=2),
    "JSON with tabs": lambda value: json.dumps(value, indent="\t"),
    "JSON in a line": json.dumps,
    "block, CRLF": lambda value: yaml.safe_dump(value, sort_keys=False).replace("\n", "\r\n"),
}


def failing(text: str, rule: Rule, example: Example) -> Sequence[Finding]:
    snapshot = read_template(text.encode(), "t.yaml", example.parameters)
    found = lint(snapshot, [rule.with_settings(example.settings)], TODAY).findings
    return [finding for finding in found if finding.outcome is Outcome.FAIL]


def patched(text: str, rule: Rule, findings: Sequence[Finding]) -> str | None:
    """Return the text with all findings fixed; None where one cannot be."""
    document = read_document(text, "t.yaml")
    patches: list[Patch] = []
    for finding in findings:
        try:
            patches.append(patch_of(finding, rule, document))
        except NotMechanical:
            return None
    done = rewritten(document, patches)
    return None if done.refused else done.text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("id_", WITH_EDITS)
def test_an_example_that_fails_passes_after_the_fix_and_a_second_one_changes_nothing(id_: str, style: str) -> None:
    rule = RULES[id_]
    fixed = 0
    for example in rule.examples:
        if example.expect is not Outcome.FAIL or example.template is None:
            continue
        text = STYLES[style](without_aliases(example.template))
        after = patched(text, rule, failing(text, rule, example))
        if after is None:
            continue
        fixed += not failing(after, rule, example)
        assert is_same_but_for_additions(read_document(text, "t").value, read_document(after, "t").value)
        assert ("\r\n" in text) == ("\r\n" in after)
        assert "\n" not in after.replace("\r\n", "") or "\r\n" not in text
        if rest := failing(after, rule, example):
            assert patched(after, rule, rest) in {after, None}
    assert fixed


def without_aliases(value: Raw) -> Raw:
    return json.loads(json.dumps(value))


def is_same_but_for_additions(before: Raw, after: Raw) -> bool:
    """Whether a value has all that another one has, scalars aside."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and is_same_but_for_additions(inner, after[key]) for key, inner in before.items()
        )
    if isinstance(before, list):
        return (
            isinstance(after, list) and len(before) == len(after) and all(map(is_same_but_for_additions, before, after))
        )
    return before is None or not isinstance(after, dict | list)


@pytest.mark.parametrize("id_", WITH_EDITS)
def test_an_edit_is_safe_or_says_why_not(id_: str) -> None:
    info = RULES[id_].info
    for edit in info.edits:
        replacing = not edit.add and not edit.is_attribute and edit_replaces(edit, info.applies_to, RULES[id_].for_each)
        assert edit.is_safe != bool(edit.effect or replacing)


def test_what_replaces_a_resource_is_known() -> None:
    assert schema.replaces("AWS::SageMaker::EndpointConfig", "ProductionVariants[0].InitialInstanceCount")
    assert schema.replaces("AWS::SageMaker::NotebookInstance", "SubnetId")
    assert not schema.replaces("AWS::S3::Bucket", "VersioningConfiguration.Status")
    assert not schema.replaces("AWS::SageMaker::TrainingJob", "RoleArn")


# --- the rest of the text ---------------------------------------------------------------------------

REPOSITORY = RULES["image-repository-unscanned"]


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template with a repository and what else people write around one."""
    step = draw(st.sampled_from(["  ", "   ", "    "]))
    quote = draw(st.sampled_from(["", '"', "'"]))
    comment = st.sampled_from(["", " # a: {b", "  # done", "\t# tab"])
    gap = draw(st.sampled_from(["", "\n", "\n# between: them\n\n"]))
    tags = draw(
        st.sampled_from(["", f"{step * 3}Tags:\n{step * 3}- {{Key: a, Value: 'b'}}\n", f"{step * 3}Tags: []\n"])
    )
    other = draw(
        st.sampled_from(["", f"{step * 3}# Scan: off\n", f"{step * 3}RepositoryPolicyText: |\n{step * 4}{{}}\n"])
    )
    flow = draw(st.booleans())
    name = f"{quote}churn{quote}{draw(comment)}"
    if flow:
        closing = draw(st.sampled_from(["}", " }", ",}", f"\n{step * 3}}}", f", # last\n{step * 3}}}"]))
        opening = draw(st.sampled_from(["{", "{ ", f"{{\n{step * 4}"]))
        body = f"{step * 2}Properties: {opening}RepositoryName: churn{closing}{draw(comment)}\n"
    else:
        body = f"{step * 2}Properties:{draw(comment)}\n{step * 3}RepositoryName: {name}\n{tags}{other}"
    head = draw(
        st.sampled_from(["", "# head\n", "---\n", "Metadata: &m {a: [1, 2.50, 0x1F]}\nMappings: {X: {Y: *m}}\n"])
    )
    user = (
        f"{step}Model:{draw(comment)}\n{step * 2}Type: AWS::SageMaker::Model\n{step * 2}Properties:\n"
        f"{step * 3}PrimaryContainer: {{Image: !Sub '${{Repo.RepositoryUri}}:1'}}\n"
    )
    repo = f"{step}Repo:\n{step * 2}Type: AWS::ECR::Repository{draw(comment)}\n{body}"
    parts = draw(st.permutations([repo, user]))
    text = f"{head}Resources:\n{parts[0]}{gap}{parts[1]}"
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=300, deadline=None)
@given(templates())
def test_a_fix_keeps_every_other_character(text: str) -> None:
    found = failing(text, REPOSITORY, REPOSITORY.examples[0])
    assert len(found) == 1
    after = patched(text, REPOSITORY, found)
    assert after is not None
    assert is_subsequence(text, after)
    added = len(after) - len(text)
    assert added < 90
    assert not failing(after, REPOSITORY, REPOSITORY.examples[0])
    before, now = read_document(text, "t").value, read_document(after, "t").value
    del now["Resources"]["Repo"]["Properties"]["ImageScanningConfiguration"]
    assert now == before
    comments = [comment.text.rstrip() for comment in read_document(text, "t").comments()]
    assert [comment.text.rstrip() for comment in read_document(after, "t").comments()] == comments


def is_subsequence(text: str, of: str) -> bool:
    characters = iter(of)
    return all(character in characters for character in text)


NOT_TOUCHED = {
    "decided by Fn::If": "Properties: !If [A, {RepositoryName: a}, {RepositoryName: b}]",
    "decided by Ref": "Properties: {RepositoryName: a, ImageScanningConfiguration: {ScanOnPush: !Ref Scan}}",
    "decided by Fn::Transform": (
        "Properties: {RepositoryName: a, ImageScanningConfiguration: {Fn::Transform: {Name: AWS::Include}}}"
    ),
    "by an anchor": "Properties: *common",
    "would change more": "Properties: &used {RepositoryName: b}\n  B: {Type: AWS::ECR::Repository, Properties: *used}",
}


@pytest.mark.parametrize("reason", NOT_TOUCHED)
def test_what_something_else_decides_is_left_alone(reason: str) -> None:
    text = (
        "Parameters: {Scan: {Type: String, Default: 'false'}}\nConditions: {A: !Equals [!Ref Scan, 'true']}\n"
        "Metadata: &common {RepositoryName: a}\nResources:\n  Repo:\n    Type: AWS::ECR::Repository\n    "
        f"{NOT_TOUCHED[reason]}\n"
        "  Model: {Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: {Image: !GetAtt Repo.RepositoryUri}}}\n"
    )
    document = read_document(text, "t.yaml")
    finding = next(iter(failing(text, REPOSITORY, REPOSITORY.examples[0])), None)
    if finding is None:
        return  # what is not known does not fail
    in_all_cases = msgspec.structs.replace(finding, when=None)
    done = rewritten(document, [patch_of(in_all_cases, REPOSITORY, document)])
    assert done.text == text
    assert reason in done.refused[0]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("Transform: [MyMacro]", "the macro MyMacro"),
        ("Transform: {Name: Theirs}", "the macro Theirs"),
        ("Rules: {CheckBootstrapVersion: {Assertions: []}}", "the AWS CDK"),
    ],
)
def test_a_template_that_something_rewrites_is_left_alone(head: str, reason: str) -> None:
    text = f"{head}\nResources:\n  Key: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{}}}}}}\n"
    rule = RULES["key-not-rotated"]
    finding = finding_at_key(text, rule)
    with pytest.raises(NotMechanical, match=re.escape(reason)):
        patch_of(finding, rule, read_document(text, "t.yaml"))


def finding_at_key(text: str, rule: Rule) -> Finding:
    (resource,) = [one for one in read_template(text.encode(), "t.yaml").resources if one.id == "Key"]
    return Finding(rule.info, Outcome.FAIL, resource, "", resource.origin.locate(()), "")


def test_a_resource_that_is_added_has_an_id_of_its_own_and_the_condition_of_the_other() -> None:
    text = Path(__file__).with_name("fixes").joinpath("bucket.yaml").read_text("utf-8")
    rule = RULES["bucket-allows-plain-http"]
    found = failing(text, rule, Example("", Outcome.FAIL, settings={"all_buckets": True}))
    after = patched(text, rule, [finding for finding in found if finding.resource.id == "Data"])
    assert after is not None
    added = read_document(after, "t").value["Resources"]["DataPolicy2"]
    assert added["Condition"] == "IsProd"
    assert added["Properties"]["Bucket"] == {"Ref": "Data"}
    assert "\n\n  DataPolicy2:\n    Type: AWS::S3::BucketPolicy\n" in after
    assert "!Sub" in after.partition("DataPolicy2")[2]


def test_an_edit_for_another_rule_names_one_that_there_is() -> None:
    named = {edit.avoids for rule in RULES.values() for edit in rule.info.edits if edit.avoids}
    assert named <= RULES.keys()
