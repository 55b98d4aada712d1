"""Change sets and Cloud Control: what has CloudFormation's names already. Made up, in botocore's shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import engine, packs
from wa_lint.model import Snapshot, SourceKind, Unknown, Unresolved
from wa_lint.sources.export.export_reader import looks_like_export, read_export
from wa_lint.sources.template import read_template

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/ml/1"
NOTEBOOK = "AWS::SageMaker::NotebookInstance"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/notes"


def change(action: str, id_: str, type_: str, after: Any = None, **more: Any) -> dict[str, Any]:
    context = {} if after is None else {"AfterContext": json.dumps({"Properties": after})}
    body = {"Action": action, "LogicalResourceId": id_, "ResourceType": type_, **context, **more}
    return {"Type": "Resource", "ResourceChange": body}


def change_set(*changes: Any, **more: Any) -> dict[str, Any]:
    return {"ChangeSetName": "c", "StackId": STACK, "StackName": "ml", "Changes": list(changes), **more}


def read(document: Any) -> Snapshot:
    assert looks_like_export(document)
    return read_export(json.dumps(document, indent=1), "answer.json")


def only(document: Any) -> Any:
    (found,) = read(document).resources
    return found


# --- change sets ------------------------------------------------------------------------------------

TEMPLATE = {
    "Notes": {
        "Type": NOTEBOOK,
        "Properties": {"InstanceType": "ml.t3.medium", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "VolumeSizeInGB": 5},
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ]
            }
        },
    },
}


def test_a_new_stacks_change_set_gets_the_verdicts_of_its_template() -> None:
    after = json.loads(json.dumps(TEMPLATE))
    after["Notes"]["Properties"] |= {"RoleArn": "{{changeSet:KNOWN_AFTER_APPLY}}", "VolumeSizeInGB": "5"}
    changes = [change("Add", id_, body["Type"], body["Properties"]) for id_, body in after.items()]
    planned = engine.lint(read(change_set(*changes)), packs.load(), "2026-11-23")
    written = engine.lint(read_template(json.dumps({"Resources": TEMPLATE}), "t.json"), packs.load(), "2026-11-23")
    assert len(written.findings) > 5
    of_users = "role-shared-with-people"  # which role the notebook takes is known after the deployment
    assert {(f.rule.id, f.resource.id, f.outcome) for f in planned.findings if f.rule.id != of_users} == {
        (f.rule.id, f.resource.id, f.outcome) for f in written.findings if f.rule.id != of_users
    }


def test_what_is_removed_is_left_out() -> None:
    found = read(change_set(change("Remove", "Old", NOTEBOOK), change("Modify", "New", NOTEBOOK, {})))
    assert [r.id for r in found.resources] == ["New"]
    assert found.kind is SourceKind.EXPORT


def test_a_resource_says_where_it_is_and_on_which_line() -> None:
    document = change_set(change("Add", "Notes", NOTEBOOK, {"InstanceType": "ml.t3.medium"}))
    found = only(document)
    assert (found.account, found.region) == ("123456789012", "eu-west-1")
    line = found.origin.locate(()).line
    assert '"LogicalResourceId": "Notes"' in json.dumps(document, indent=1).splitlines()[line - 1]


def test_without_property_values_nothing_is_known() -> None:
    found = only(change_set(change("Add", "Notes", NOTEBOOK)))
    assert "--include-property-values" in found.properties.reason


def test_a_text_is_known_but_for_its_gaps() -> None:
    target = {"Attribute": "Properties", "Name": "RoleArn", "Path": "/Properties/RoleArn"}
    details = [{"Target": target, "ChangeSource": "ResourceAttribute", "CausingEntity": "Role.Arn"}]
    after = {
        "RoleArn": "{{changeSet:KNOWN_AFTER_APPLY}}",
        "DefaultCodeRepository": "https://x/{{changeSet:KNOWN_AFTER_APPLY}}/y",
        "KmsKeyId": "****",
        "SubnetId": "{{resolve:ssm:/subnet}}",
        "InstanceType": "ml.t3.medium",
    }
    known = only(change_set(change("Modify", "Notes", NOTEBOOK, after, Details=details))).properties
    assert known["RoleArn"].target == "Role"
    assert known["DefaultCodeRepository"].parts[0::2] == ("https://x/", "/y")
    assert isinstance(known["KmsKeyId"], Unresolved)
    assert isinstance(known["SubnetId"], Unresolved)
    assert known["InstanceType"] == "ml.t3.medium"


def test_two_gaps_of_which_nothing_is_said_are_not_one() -> None:
    later = {"RoleArn": "{{changeSet:KNOWN_AFTER_APPLY}}"}
    first, second = read(change_set(change("Add", "A", NOTEBOOK, later), change("Add", "B", NOTEBOOK, later))).resources
    assert first.properties["RoleArn"] != second.properties["RoleArn"]  # type: ignore[index] # a dict, as asserted above


def test_a_physical_name_holds_where_nothing_is_replaced() -> None:
    kept = change("Modify", "A", "AWS::S3::Bucket", {}, PhysicalResourceId="data", Replacement="False")
    replaced = change("Modify", "B", "AWS::S3::Bucket", {}, PhysicalResourceId="data", Replacement="True")
    assert [r.name for r in read(change_set(kept, replaced)).resources] == ["data", None]


def test_a_page_of_a_change_set_says_that_there_are_more() -> None:
    assert len(read(change_set(change("Add", "A", NOTEBOOK, {}), NextToken="n")).problems) == 1


@pytest.mark.parametrize("context", ["{", "[]", '{"Properties": 3}', "[" * 5000, ""])
def test_a_context_that_is_damaged_is_unknown(context: str) -> None:
    assert isinstance(only(change_set(change("Add", "A", NOTEBOOK, AfterContext=context))).properties, Unknown)


def test_a_change_set_of_nothing_is_one() -> None:
    assert read(change_set()).resources == ()


# --- Cloud Control ----------------------------------------------------------------------------------


def described(properties: Any, identifier: str = ARN) -> dict[str, Any]:
    text = properties if isinstance(properties, str) else json.dumps(properties)
    return {"TypeName": NOTEBOOK, "ResourceDescription": {"Identifier": identifier, "Properties": text}}


def test_a_resource_of_cloud_control_is_cloudformations() -> None:
    found = only(
        described(
            {"NotebookInstanceName": "notes", "DirectInternetAccess": "Enabled", "Id": ARN, "RootAccess": "Disabled"}
        )
    )
    assert (found.id, found.name, found.account, found.region) == (ARN, "notes", "123456789012", "eu-west-1")
    assert found.properties["DirectInternetAccess"] == "Enabled"
    assert "KmsKeyId" not in found.properties
    assert "Id" in found.observed


def test_what_aws_never_shows_is_unknown() -> None:
    answer = {
        "TypeName": "AWS::Lambda::Function",
        "ResourceDescription": {"Identifier": "f", "Properties": '{"FunctionName": "f"}'},
    }
    known = only(answer).properties
    assert isinstance(known["Code"], Unknown)
    assert "Environment" not in known


def test_a_listing_need_not_say_everything() -> None:
    entry = {"Identifier": ARN, "Properties": '{"NotebookInstanceName": "notes"}'}
    found = only({"TypeName": NOTEBOOK, "ResourceDescriptions": [entry]})
    assert isinstance(found.properties["DirectInternetAccess"], Unknown)
    assert found.properties["NotebookInstanceName"] == "notes"


@pytest.mark.parametrize("text", ["{", "3", "[" * 100_000, ""])
def test_properties_that_are_damaged_are_unknown(text: str) -> None:
    assert isinstance(only(described(text)).properties, Unknown)


def test_a_type_that_nobody_judges_is_left_out() -> None:
    assert read({**described({}), "TypeName": "AWS::No::Such"}).resources == ()


@pytest.mark.parametrize("value", [{"TypeName": "x"}, {"TypeName": 3, "ResourceDescription": {}}, {"Changes": []}])
def test_what_is_something_else_is_left_alone(value: Any) -> None:
    assert not looks_like_export(value)


BITS = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "Changes",
                        "ResourceChange",
                        "AfterContext",
                        "Details",
                        "Target",
                        "Path",
                        "TypeName",
                        "Identifier",
                    ),
                    *("ResourceDescription", "ResourceDescriptions", "Properties", "LogicalResourceId", "ResourceType"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=14,
)


@given(BITS, BITS)
def test_no_document_makes_it_crash(bits: Any, more: Any) -> None:
    for document in (
        bits,
        {"ChangeSetName": "c", "Changes": [{"ResourceChange": bits}, more]},
        change_set(change("Add", "A", NOTEBOOK, AfterContext=json.dumps({"Properties": bits}), Details=more)),
        {"TypeName": NOTEBOOK, "ResourceDescriptions": bits},
        {"TypeName": NOTEBOOK, "ResourceDescription": {"Identifier": "i", "Properties": bits}},
    ):
        if looks_like_export(document):
            read_export(json.dumps(document), "fuzz.json")
