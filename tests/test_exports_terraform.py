"""Terraform's plans and states. The plans are made by hand, in the shape of Terraform's JSON Output Format 1.2."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import engine, packs, schema
from wa_lint.errors import SourceError
from wa_lint.model import Finding, Hole, Partial, Snapshot, SourceKind, Unknown, Unresolved
from wa_lint.run.inputs import File, NotOurs
from wa_lint.run.inputs import read as read_file
from wa_lint.sources.export.export_reader import looks_like_export, read_export
from wa_lint.sources.export.terraform_types import ATTACHED, KINDS, SHAPES, TfType
from wa_lint.sources.export.to_cloudformation import folded
from wa_lint.sources.template import read_template

HERE = Path(__file__).parent / "exports"
PLAN = HERE / "workload.plan.json"

LATER = {"id": True, "arn": True}


def asked(
    address: str,
    values: Mapping[str, Any],
    unknown: Mapping[str, Any] | None = None,
    expressions: Mapping[str, Any] | None = None,
    actions: tuple[str, ...] = ("create",),
    **more: Any,
) -> dict[str, Any]:
    """Return one resource with all that a plan says of it, to be taken apart by `plan`."""
    return {
        "address": address,
        "values": dict(values),
        "unknown": {**LATER, **(unknown or {})},
        "expressions": expressions or {},
        "actions": list(actions),
        **more,
    }


def plan(*resources: dict[str, Any], configuration: Any = None, **more: Any) -> dict[str, Any]:
    def bare(resource: dict[str, Any]) -> dict[str, Any]:
        type_ = resource["address"].rpartition(".module.")[2].removeprefix("data.").split(".")[-2]
        mode = "data" if "data." in resource["address"] else "managed"
        return {"address": resource["address"], "mode": mode, "type": type_}

    kept = [r for r in resources if r["actions"] != ["delete"]]
    root = {"resources": [{**bare(r), "expressions": r["expressions"]} for r in kept]}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {
            "root_module": {
                "resources": [
                    {**bare(r), "values": r["values"], "sensitive_values": r.get("sensitive", {})} for r in kept
                ]
            }
        },
        "resource_changes": [
            {
                **bare(r),
                "change": {"actions": r["actions"], "after": r["values"], "after_unknown": r["unknown"]},
                **r.get("change", {}),
            }
            for r in resources
        ],
        "configuration": configuration or {"root_module": root},
        **more,
    }


def refers(*names: str) -> dict[str, Any]:
    return {"references": list(names)}


def read(document: Any) -> dict[str, Any]:
    return {resource.id: resource for resource in snapshot(document).resources}


def snapshot(document: Any) -> Snapshot:
    return read_export(json.dumps(document), "plan.json")


def parse(content: bytes, uri: str) -> Snapshot:
    """Return what the command line reads of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, uri)
        path.write_bytes(content)
        found = read_file(File(uri, str(path)))
    assert isinstance(found, Snapshot)
    return found


def properties(document: Any, address: str) -> Any:
    return read(document)[address].properties


# --- the same workload, twice -----------------------------------------------------------------------

IDS = {
    "Config": "module.serving[0].aws_sagemaker_endpoint_configuration.churn",
    "Data": "aws_s3_bucket.data",
    "DataPolicy": "aws_s3_bucket_policy.data",
    "Endpoint": "module.serving[0].aws_sagemaker_endpoint.churn",
    "Key": "aws_kms_key.ml",
    "Model": "module.serving[0].aws_sagemaker_model.churn",
    "Notes": "aws_sagemaker_notebook_instance.notes",
    "Worker": "aws_iam_role.worker",
    "WorkerData": "aws_iam_role_policy.data",
}


def outcomes(path: Path) -> dict[tuple[str, str], Finding]:
    read_any = read_template if path.suffix == ".yaml" else parse
    report = engine.lint(read_any(path.read_bytes(), path.name), packs.load(), "2026-11-23")
    return {(f.rule.id, f.resource.id): f for f in report.findings}


def test_a_plan_and_a_template_of_one_workload_get_the_same_verdicts() -> None:
    planned, template = outcomes(PLAN), outcomes(HERE / "workload.yaml")
    assert len(template) > 20
    assert set(planned) == {(rule, IDS[id_]) for rule, id_ in template}
    differ = {key for key, found in template.items() if planned[key[0], IDS[key[1]]].outcome is not found.outcome}
    assert differ == {("environment-secret", "Model")}  # Terraform does not show LICENCE, which is marked as sensitive


def test_a_finding_stands_on_the_line_of_the_address() -> None:
    lines = PLAN.read_text().splitlines()
    for finding in outcomes(PLAN).values():
        assert f'"address": "{finding.location.uri and finding.resource.id}"' in lines[finding.location.line - 1] or (
            finding.evidence and finding.evidence[0].resource != finding.resource.id
        )


def test_links_hold_through_modules() -> None:
    model = read(json.loads(PLAN.read_text()))[IDS["Model"]]
    assert model.properties["ExecutionRoleArn"].target == IDS["Worker"]
    assert model.region == "eu-west-1"


def test_what_is_deleted_is_left_out() -> None:
    assert "aws_sagemaker_notebook_instance.old" not in read(json.loads(PLAN.read_text()))


def test_what_is_sensitive_is_not_shown() -> None:
    text = repr([r.properties for r in parse(PLAN.read_bytes(), "plan.json").resources])
    assert "made-up-but-secret" not in text
    assert "sensitive-by-mark" not in text


# --- the table --------------------------------------------------------------------------------------


@pytest.mark.parametrize("terraform", sorted(KINDS))
def test_every_target_is_a_property_of_cloudformation(terraform: str) -> None:
    kind = KINDS[terraform]
    assert schema.known(kind.type)
    assert not kind.at or schema.shape_at(kind.type, (kind.at,))
    for path in (*kind.renames.values(), *kind.documents, *(f"{p}" for p in kind.values)):
        assert resolves(kind, path), f"{kind.type} has no {path}"


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_no_rename_says_what_is_so_anyway(kind: TfType) -> None:
    for old, new in kind.renames.items():
        assert folded(old.replace("[]", "")) != folded(new.replace("[]", ""))


def test_parts_and_attachments_name_types_of_the_table() -> None:
    assert {kind.part_of for kind in KINDS.values() if kind.part_of} <= set(KINDS)
    assert {type_ for named in ATTACHED.values() for type_ in named.values()} <= set(KINDS)
    for (type_, path), (terraform, _) in SHAPES.items():
        assert schema.property_at(type_, path)
        assert terraform in KINDS


def resolves(kind: TfType, path: str) -> bool:
    """Whether the schema has `path`, in words of Terraform on the way, once all renames are done."""
    final = {old: new for old, new in kind.renames.items() if "." not in old.replace("[].", "")}
    shape = schema.shape_at(kind.type, (kind.at,) if kind.at else ())
    for step in path.split("."):
        name = step.removesuffix("[]")
        for new in final.get(name, name).removesuffix("[]").split("."):
            while shape is not None and shape.kind == "array":
                shape = shape.item
            members = {folded(member): member for member in (shape.members() if shape else ())}
            wanted = NESTED.get(new, new)
            shape = shape.member(members.get(folded(wanted), wanted)) if shape else None
    return shape is not None


NESTED = {"transition": "Transitions", "noncurrent_version_transition": "NoncurrentVersionTransitions"}
"""Blocks inside blocks that are renamed too."""


# --- what is known after apply ----------------------------------------------------------------------


def notebook(values: Mapping[str, Any], unknown: Mapping[str, Any], expressions: Any, **more: Any) -> Any:
    address = "aws_sagemaker_notebook_instance.n"
    return properties(plan(asked(address, {"name": "n", **values}, unknown, expressions, **more)), address)


def test_null_is_absent() -> None:
    assert "KmsKeyId" not in notebook({"kms_key_id": None}, {}, {})


def test_what_is_set_and_known_later_is_unresolved() -> None:
    found = notebook({}, {"kms_key_id": True}, {"kms_key_id": refers("local.key")})
    assert isinstance(found["KmsKeyId"], Unresolved)
    assert found["KmsKeyId"].parts == ()


def test_what_a_new_resource_does_not_set_is_absent_though_terraform_reads_it_later() -> None:
    assert "PlatformIdentifier" not in notebook({}, {"platform_identifier": True}, {})


def test_what_an_old_resource_does_not_set_is_unknown_until_aws_says() -> None:
    found = notebook({}, {"platform_identifier": True}, {}, actions=("update",))
    assert isinstance(found["PlatformIdentifier"], Unknown)


def test_a_plan_without_its_configuration_says_only_that_it_is_known_later() -> None:
    document = plan(asked("aws_sagemaker_notebook_instance.n", {}, {"platform_identifier": True}))
    document["configuration"] = {}
    assert isinstance(properties(document, "aws_sagemaker_notebook_instance.n")["PlatformIdentifier"], Unresolved)


@pytest.mark.parametrize(
    ("references", "parts"),
    [
        (("aws_s3_bucket.b.id", "aws_s3_bucket.b"), ["s3://", "aws_s3_bucket.b", "/", None]),
        (("aws_s3_bucket.b.bucket", "aws_s3_bucket.b"), ["s3://", "aws_s3_bucket.b", "/", None]),
        (("aws_s3_bucket.b.bucket_domain_name", "aws_s3_bucket.b"), []),
        (("aws_s3_bucket.b.id", "aws_s3_bucket.b", "aws_kms_key.k.id", "aws_kms_key.k"), []),
        (("aws_s3_bucket.b.id", "aws_s3_bucket.b", "local.prefix"), []),
        (("aws_kms_key.k.id", "aws_kms_key.k"), []),
    ],
)
def test_a_uri_that_is_put_together_names_the_one_bucket_that_it_refers_to(
    references: tuple[str, ...], parts: list[str | None]
) -> None:
    model = asked(
        "aws_sagemaker_model.m",
        {"primary_container": [{"image": "i"}]},
        {"primary_container": [{"model_data_url": True}]},
        {"primary_container": [{"model_data_url": refers(*references)}]},
    )
    document = plan(model, asked("aws_s3_bucket.b", {}), asked("aws_kms_key.k", {}))
    found = properties(document, "aws_sagemaker_model.m")["PrimaryContainer"]["ModelDataUrl"]
    assert [part.target if isinstance(part, Hole) else part for part in found.parts] == parts


@pytest.mark.parametrize(
    ("references", "outcome"),
    [
        (("aws_s3_bucket.b.arn", "aws_s3_bucket.b"), "pass"),
        (("aws_kms_key.k.arn", "aws_kms_key.k", "aws_s3_bucket.b.id", "aws_s3_bucket.b"), "pass"),
        (("aws_s3_bucket.b.id", "aws_s3_bucket.b"), "unknown"),
        (("aws_s3_bucket.b.arn", "aws_s3_bucket.b", "aws_kms_key.k.arn", "aws_kms_key.k"), "unknown"),
        (("local.everything",), "unknown"),
    ],
)
def test_the_arn_of_a_resource_and_what_follows_is_not_everything(references: tuple[str, ...], outcome: str) -> None:
    statement = {"actions": ["s3:GetObject"], "effect": "Allow", "resources": [None]}
    document = plan(
        asked(
            "data.aws_iam_policy_document.d",
            {"statement": [statement]},
            {"json": True, "statement": [{"resources": [True]}]},
            {"statement": [{"resources": refers(*references)}]},
            actions=("read",),
        ),
        asked(
            "aws_iam_role_policy.p",
            {"name": "p", "role": "r"},
            {"policy": True},
            {"policy": refers("data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d")},
        ),
        asked("aws_s3_bucket.b", {}),
        asked("aws_kms_key.k", {}),
    )
    report = engine.lint(snapshot(document), packs.load(), "2026-11-23")
    found = {f.outcome.value for f in report.findings if f.rule.id == "role-resource-wildcard"}
    assert found == {outcome}


@pytest.mark.parametrize(
    ("reference", "own", "target"),
    [
        ("aws_kms_key.k[0].arn", "aws_sagemaker_notebook_instance.n", "aws_kms_key.k[0]"),
        ("aws_kms_key.k", 'aws_sagemaker_notebook_instance.n["b"]', 'aws_kms_key.k["b"]'),
        ("aws_kms_key.k", "aws_sagemaker_notebook_instance.n", None),
        ("aws_kms_key.alone.arn", "aws_sagemaker_notebook_instance.n", "aws_kms_key.alone[0]"),
        ("aws_kms_key.elsewhere.arn", "aws_sagemaker_notebook_instance.n", None),
        ("each.value", "aws_sagemaker_notebook_instance.n", None),
        ("data.aws_kms_key.k.arn", "aws_sagemaker_notebook_instance.n", None),
    ],
)
def test_a_reference_finds_the_instance_that_is_meant(reference: str, own: str, target: str | None) -> None:
    keys = [
        asked(a, {}) for a in ("aws_kms_key.k[0]", "aws_kms_key.k[1]", 'aws_kms_key.k["b"]', "aws_kms_key.alone[0]")
    ]
    document = plan(*keys, asked(own, {}, {"kms_key_id": True}, {"kms_key_id": refers(reference)}))
    for resource in document["configuration"]["root_module"]["resources"]:
        resource["address"] = resource["address"].partition("[")[0]
    assert properties(document, own)["KmsKeyId"].target == target


def test_of_what_an_output_may_be_only_what_the_plan_has_counts() -> None:
    own = "aws_sagemaker_notebook_instance.n"
    names = ("aws_kms_key.k[0].arn", "aws_kms_key.k[0]", "aws_kms_key.k", "aws_kms_external_key.k[0].arn")
    document = plan(asked("aws_kms_key.k[0]", {}), asked(own, {}, {"kms_key_id": True}, {"kms_key_id": refers(*names)}))
    assert properties(document, own)["KmsKeyId"].target == "aws_kms_key.k[0]"


def test_a_reference_goes_through_variables_and_outputs() -> None:
    role = asked("module.iam.aws_iam_role.r", {"name": None})
    model = asked("module.a.module.b.aws_sagemaker_model.m", {}, {"execution_role_arn": True})
    configuration = {
        "root_module": {
            "module_calls": {
                "iam": {
                    "module": {
                        "outputs": {"role_arn": {"expression": refers("aws_iam_role.r.arn", "aws_iam_role.r")}},
                        "resources": [{"address": "aws_iam_role.r", "expressions": {}}],
                    }
                },
                "a": {
                    "expressions": {"role": refers("module.iam.role_arn", "module.iam")},
                    "module": {
                        "module_calls": {
                            "b": {
                                "expressions": {"role": refers("var.role")},
                                "module": {
                                    "resources": [
                                        {
                                            "address": "aws_sagemaker_model.m",
                                            "expressions": {"execution_role_arn": refers("var.role")},
                                        }
                                    ]
                                },
                            }
                        }
                    },
                },
            }
        }
    }
    found = properties(plan(role, model, configuration=configuration), "module.a.module.b.aws_sagemaker_model.m")
    assert found["ExecutionRoleArn"].target == "module.iam.aws_iam_role.r"


def test_a_variable_that_refers_to_itself_ends() -> None:
    configuration: Any = {"root_module": {"module_calls": {"a": {"expressions": {}, "module": {}}}}}
    call = configuration["root_module"]["module_calls"]["a"]
    call["module"] = {
        "outputs": {"o": {"expression": refers("module.b.o")}},
        "module_calls": {
            "b": {
                "module": {"outputs": {"o": {"expression": refers("var.v")}}},
                "expressions": {"v": refers("module.b.o")},
            }
        },
        "resources": [{"address": "aws_iam_role.r", "expressions": {"path": refers("module.b.o")}}],
    }
    found = properties(
        plan(asked("module.a.aws_iam_role.r", {}, {"path": True}), configuration=configuration),
        "module.a.aws_iam_role.r",
    )
    assert isinstance(found["Path"], Unresolved)


# --- pieces -----------------------------------------------------------------------------------------


def test_an_attachment_whose_role_is_known_later_may_be_any_roles() -> None:
    document = plan(
        asked("aws_iam_role.a", {"name": "a"}),
        asked(
            "aws_iam_role_policy_attachment.x",
            {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            {"role": True},
            {"role": refers("local.role")},
        ),
    )
    assert isinstance(properties(document, "aws_iam_role.a")["ManagedPolicyArns"], Partial)


def test_policies_come_to_the_role_that_they_are_attached_to() -> None:
    document = plan(
        asked("aws_iam_role.a", {"name": "a"}),
        asked("aws_iam_role.b", {"name": "b"}),
        asked("aws_iam_policy.p", {"name": "p", "policy": '{"Statement":[]}'}),
        asked(
            "aws_iam_role_policy_attachment.x",
            {"role": "a"},
            {"policy_arn": True},
            {"policy_arn": refers("aws_iam_policy.p.arn", "aws_iam_policy.p")},
        ),
        asked("aws_iam_policy_attachment.y", {"roles": ["a", "b"], "users": [], "policy_arn": "arn:y"}),
    )
    found = read(document)
    first, second = found["aws_iam_role.a"].properties["ManagedPolicyArns"]
    assert (first.target, second) == ("aws_iam_policy.p", "arn:y")
    assert found["aws_iam_role.b"].properties["ManagedPolicyArns"] == ["arn:y"]
    assert found["aws_iam_policy.p"].properties["PolicyDocument"] == {"Statement": []}


def test_a_bucket_has_the_settings_that_stand_apart() -> None:
    bucket = properties(json.loads(PLAN.read_text()), "aws_s3_bucket.data")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"].target == "aws_kms_key.ml"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["PublicAccessBlockConfiguration"]["RestrictPublicBuckets"] is True
    assert bucket["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_a_lifecycle_has_cloudformations_names() -> None:
    rule = {
        "id": "old",
        "status": "Enabled",
        "filter": [{"prefix": "tmp/", "tag": [], "and": []}],
        "expiration": [{"days": 30, "date": None}],
        "transition": [{"days": 7, "storage_class": "GLACIER"}],
        "noncurrent_version_expiration": [],
        "abort_incomplete_multipart_upload": [{"days_after_initiation": 3}],
    }
    document = plan(
        asked("aws_s3_bucket.b", {"bucket": "b"}),
        asked("aws_s3_bucket_lifecycle_configuration.b", {"bucket": "b", "rule": [rule]}),
    )
    assert properties(document, "aws_s3_bucket.b")["LifecycleConfiguration"] == {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "tmp/",
                "ExpirationInDays": 30,
                "Transitions": [{"TransitionInDays": 7, "StorageClass": "GLACIER"}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
            }
        ]
    }


@pytest.mark.parametrize(("acl", "meant"), [("public-read", "PublicRead"), ("private", "Private")])
def test_a_canned_list_is_one_wherever_it_stands(acl: str, meant: str) -> None:
    inline = plan(asked("aws_s3_bucket.b", {"bucket": "b", "acl": acl}))
    apart = plan(asked("aws_s3_bucket.b", {"bucket": "b"}), asked("aws_s3_bucket_acl.b", {"bucket": "b", "acl": acl}))
    for document in (inline, apart):
        assert properties(document, "aws_s3_bucket.b")["AccessControl"] == meant


def test_settings_of_an_unknown_bucket_may_be_this_ones() -> None:
    part = asked(
        "aws_s3_bucket_versioning.v",
        {"versioning_configuration": [{"status": "Enabled"}]},
        {"bucket": True},
        {"bucket": refers("local.bucket")},
    )
    found = properties(plan(asked("aws_s3_bucket.b", {"bucket": "b"}), part), "aws_s3_bucket.b")
    assert isinstance(found["VersioningConfiguration"], Unknown)


def test_an_api_leads_to_its_function() -> None:
    api, resource, function = ("aws_api_gateway_rest_api.a", "aws_api_gateway_resource.r", "aws_lambda_function.f")
    ids = {"rest_api_id": refers(f"{api}.id", api), "resource_id": refers(f"{resource}.id", resource)}
    unknown = {"rest_api_id": True, "resource_id": True}
    document = plan(
        asked(api, {"name": "a"}),
        asked(resource, {"path_part": "x"}, {"rest_api_id": True}, ids),
        asked(function, {"function_name": "f", "environment": [{"variables": {"A": "b"}}]}, {"invoke_arn": True}),
        asked("aws_api_gateway_method.m", {"http_method": "POST", "authorization": "NONE"}, unknown, ids),
        asked(
            "aws_api_gateway_integration.i",
            {"http_method": "POST", "type": "AWS_PROXY"},
            {**unknown, "uri": True},
            {**ids, "uri": refers(f"{function}.invoke_arn", function)},
        ),
    )
    method = properties(document, "aws_api_gateway_method.m")
    assert method["AuthorizationType"] == "NONE"
    assert method["RestApiId"].target == api
    assert method["Integration"]["Type"] == "AWS_PROXY"
    uri = method["Integration"]["Uri"].parts
    assert [part.target for part in uri if isinstance(part, Hole) and part.target] == [function]
    assert uri[-1] == "/invocations"
    assert properties(document, function)["Environment"] == {"Variables": {"A": "b"}}


def test_a_scalable_target_names_the_endpoint() -> None:
    endpoint = "aws_sagemaker_endpoint.e"
    document = plan(
        asked(endpoint, {"endpoint_config_name": "c"}, {"name": True}),
        asked(
            "aws_appautoscaling_target.t",
            {"min_capacity": 0, "max_capacity": 2, "service_namespace": "sagemaker"},
            {"resource_id": True},
            {"resource_id": refers(f"{endpoint}.name", endpoint)},
        ),
    )
    target = properties(document, "aws_appautoscaling_target.t")
    assert target["MinCapacity"] == 0
    assert target["ResourceId"].parts[0] == "endpoint/"
    assert target["ResourceId"].parts[1].target == endpoint


def test_an_alarm_has_its_dimensions_as_pairs() -> None:
    alarm = {"alarm_name": "a", "dimensions": {"EndpointName": "e"}, "ok_actions": ["arn:x"], "metric_query": []}
    assert properties(plan(asked("aws_cloudwatch_metric_alarm.a", alarm)), "aws_cloudwatch_metric_alarm.a") == {
        "AlarmName": "a",
        "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
        "OKActions": ["arn:x"],
    }


def test_a_lifecycle_script_stays_one() -> None:
    address = "aws_sagemaker_notebook_instance_lifecycle_configuration.l"
    found = properties(plan(asked(address, {"name": "l", "on_create": "IyEvYmluL3No", "on_start": None})), address)
    assert found["OnCreate"] == [{"Content": "IyEvYmluL3No"}]
    assert "OnStart" not in found


# --- states, versions, odd files --------------------------------------------------------------------

STATE = {
    "format_version": "1.0",
    "terraform_version": "1.9.8",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_sagemaker_endpoint_configuration.c",
                    "type": "aws_sagemaker_endpoint_configuration",
                    "values": {
                        "arn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/c",
                        "name": "c",
                        "kms_key_arn": "",
                        "production_variants": [
                            {
                                "model_name": "m",
                                "initial_instance_count": 0,
                                "serverless_config": [{"max_concurrency": 2}],
                            }
                        ],
                    },
                }
            ]
        }
    },
}


def test_a_state_is_an_answer_and_says_nothing_of_what_terraform_does_not_know() -> None:
    found = snapshot(STATE)
    (config,) = found.resources
    known: Any = config.properties
    assert found.kind is SourceKind.EXPORT
    assert (config.account, config.region) == ("123456789012", "eu-west-1")
    assert "KmsKeyId" not in known
    assert isinstance(known["MetricsConfig"], Unknown)
    assert known["ProductionVariants"] == [{"ModelName": "m", "ServerlessConfig": {"MaxConcurrency": 2}}]


def test_a_plan_is_a_request_as_a_template_is() -> None:
    found = snapshot(plan(asked("aws_iam_role.r", {"name": "r"})))
    assert (found.kind, found.complete) == (SourceKind.TEMPLATE, frozenset())


@pytest.mark.parametrize("more", [{"errored": True}, {"complete": False}])
def test_a_plan_that_is_not_whole_says_so(more: Any) -> None:
    found = snapshot(plan(asked("aws_iam_role.r", {"name": "r"}), **more))
    assert found.kind is SourceKind.EXPORT
    assert len(found.problems) == 1


def test_what_replaces_a_deposed_resource_is_not_what_was_deposed() -> None:
    gone = asked("aws_iam_role.r", {"name": "old"}, actions=("delete",), change={"deposed": "abc"})
    document = plan(asked("aws_iam_role.r", {"name": "new"}), gone)
    assert properties(document, "aws_iam_role.r")["RoleName"] == "new"


@pytest.mark.parametrize("version", ["2.0", "", "x", "99"])
def test_an_unknown_version_is_an_error(version: str) -> None:
    with pytest.raises(SourceError, match="format"):
        parse(json.dumps({**plan(), "format_version": version}).encode(), "plan.json")


def test_a_plan_with_nothing_of_ours_is_read_all_the_same() -> None:
    assert read(plan(asked("aws_vpc.v", {"cidr_block": "10.0.0.0/8"}))) == {}


def test_a_packed_plan_is_read() -> None:
    assert parse(gzip.compress(PLAN.read_bytes()), "plan.json.gz").resources


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PLAN.read_bytes()[:9000], "unexpectedly"),
        (gzip.compress(PLAN.read_bytes())[:-50], None),
        (PLAN.read_bytes().replace(b'"values": {', b'"values": {"x": ' + b"[" * 300 + b"]" * 300 + b",", 1), "deep"),
        (PLAN.read_bytes().replace(b'"values": {', b'"values": {"x": ' + b"[" * 99999, 1), "deep"),
    ],
    ids=["cut off", "packed and cut off", "nested deep", "nested beyond all reason"],
)
def test_a_plan_that_cannot_be_read_is_an_error_of_one_line(content: bytes, said: str | None) -> None:
    with pytest.raises(SourceError) as error:
        parse(content, "plan.json")
    assert said is None or (said in str(error.value) and not isinstance(error.value, NotOurs))
    assert "\n" not in str(error.value)


def test_a_number_of_5000_digits_harms_nobody() -> None:
    content = PLAN.read_bytes().replace(b'"volume_size": 5', b'"volume_size": ' + b"9" * 5000)
    assert len(parse(content, "plan.json").resources) == len(parse(PLAN.read_bytes(), "p").resources)


def test_a_file_that_only_mentions_terraform_is_left_alone() -> None:
    assert not looks_like_export({"terraform_version": "1.9"})
    assert not looks_like_export(b'# "format_version" and "terraform_version"\n')


# --- what stands in documents ------------------------------------------------------------------------

TRAINING = {
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
}
PIPELINE = json.dumps({"Steps": [{"Name": "Train", "Type": "Training", "Arguments": TRAINING}]})
MACHINE = json.dumps(
    {"States": {"Train": {"Resource": "arn:aws:states:::sagemaker:createTrainingJob", "Parameters": TRAINING}}}
)
BLOCK = {
    "resource_config": [{"instance_type": "ml.m5.xlarge", "instance_count": 2, "volume_size_in_gb": 30}],
    "output_data_config": [{"s3_output_path": "s3://b/o"}],
}


def failing(document: Any) -> dict[str, set[str]]:
    report = engine.lint(snapshot(document), packs.load(), "2026-11-23")
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.outcome.value == "fail":
            found.setdefault(finding.resource.id, set()).add(finding.rule.id)
    return found


@pytest.mark.parametrize(
    ("resource", "job"),
    [
        (asked("aws_sagemaker_pipeline.p", {"pipeline_name": "p", "pipeline_definition": PIPELINE}), "/Train"),
        (asked("aws_sfn_state_machine.m", {"name": "m", "definition": MACHINE}), "/Train"),
        (asked("aws_sagemaker_training_job.t", {"training_job_name": "t", **BLOCK}), ""),
        (
            asked("aws_sagemaker_hyper_parameter_tuning_job.h", {"name": "h", "training_job_definition": [BLOCK]}),
            "/TrainingJobDefinition",
        ),
    ],
)
def test_a_training_job_of_a_plan_is_judged_wherever_it_stands(resource: dict[str, Any], job: str) -> None:
    assert {
        "training-output-default-key",
        "training-unencrypted-traffic",
        "training-volume-default-key",
        "training-without-run-limit",
    } <= failing(plan(resource))[resource["address"] + job]


def test_a_definition_that_is_known_after_apply_is_said_to_be_unseen() -> None:
    pipeline = asked("aws_sagemaker_pipeline.p", {}, {"pipeline_definition": True}, {"pipeline_definition": {}})
    report = engine.lint(snapshot(plan(pipeline)), packs.load(), "2026-11-23")
    assert [gap.reason for gap in report.gaps] == [
        "those in aws_sagemaker_pipeline.p are not in this input: known after apply"
    ]


SAGEMAKER = "arn:aws:apigateway:eu-west-1:runtime.sagemaker:path/endpoints/e/invocations"
CALLS = {
    "x-amazon-apigateway-integration": {
        "type": "aws",
        "httpMethod": "POST",
        "uri": SAGEMAKER,
        "credentials": "arn:aws:iam::111122223333:role/caller",
    }
}
CALLER = asked(
    "aws_iam_role.caller",
    {
        "name": "caller",
        "assume_role_policy": "{}",
        "inline_policy": [
            {
                "name": "i",
                "policy": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}]}
                ),
            }
        ],
    },
)


def document_of(**operations: Any) -> Any:
    return {"openapi": "3.0.1", "paths": {"/score": operations}}


def api(body: str, kind: str = "aws_api_gateway_rest_api", **more: Any) -> dict[str, Any]:
    return asked(f"{kind}.a", {"name": "a", "body": body, **more}, {"policy": True})


def test_the_operations_in_the_body_of_an_api_are_judged() -> None:
    closed = {**CALLS, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}
    found = failing(plan(api(json.dumps(document_of(post=CALLS, get=closed))), CALLER))
    assert found["aws_api_gateway_rest_api.a/POST /score"] == {"unauthenticated-inference"}
    assert "aws_api_gateway_rest_api.a/GET /score" not in found


def test_a_body_may_be_yaml() -> None:
    body = f"""
openapi: 3.0.1
paths:
  /score:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration: {{type: aws, uri: '{SAGEMAKER}', credentials: 'arn:aws:iam::1:role/caller'}}
"""
    found = read(plan(api(body)))
    method = found["aws_api_gateway_rest_api.a/ANY /score"]
    assert (method.type, method.within) == ("AWS::ApiGateway::Method", "aws_api_gateway_rest_api.a")
    assert method.properties["Integration"]["Type"] == "AWS"


def test_the_routes_in_the_body_of_an_http_api_lead_to_their_integrations() -> None:
    lambda_ = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": "arn:aws:lambda:eu-west-1:1:function:f"}}
    found = read(plan(api(json.dumps(document_of(post=lambda_)), "aws_apigatewayv2_api", protocol_type="HTTP")))
    route = found["aws_apigatewayv2_api.a/POST /score"]
    target = route.properties["Target"].parts[-1].target
    assert found[target].properties["IntegrationUri"] == "arn:aws:lambda:eu-west-1:1:function:f"
    assert route.properties["ApiId"].target == "aws_apigatewayv2_api.a"


def test_a_policy_of_its_own_closes_an_api() -> None:
    policy = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/c"},
        "Action": "execute-api:Invoke",
    }
    shut = asked(
        "aws_api_gateway_rest_api_policy.p",
        {"policy": json.dumps({"Statement": [policy]})},
        {"rest_api_id": True},
        {"rest_api_id": refers("aws_api_gateway_rest_api.a.id", "aws_api_gateway_rest_api.a")},
    )
    document = document_of(post=CALLS)
    inside = {**document, "x-amazon-apigateway-policy": {"Statement": [policy]}}
    method = "aws_api_gateway_rest_api.a/POST /score"
    assert method in failing(plan(api(json.dumps(document)), CALLER))
    assert method not in failing(plan(api(json.dumps(document)), CALLER, shut))
    assert method not in failing(plan(api(json.dumps(inside)), CALLER))


def test_a_body_that_is_known_after_apply_hides_methods() -> None:
    hidden = asked("aws_api_gateway_rest_api.a", {"name": "a"}, {"body": True, "policy": True}, {"body": {}})
    (gap,) = snapshot(plan(hidden)).gaps
    assert gap.scope.type == "AWS::ApiGateway::Method"
    assert "aws_api_gateway_rest_api.a" in gap.reason


@pytest.mark.parametrize("kind", ["user", "role", "group"])
def test_an_inline_policy_whose_name_is_made_up_has_a_name(kind: str) -> None:
    policy = asked(f"aws_iam_{kind}_policy.p", {"policy": "{}", kind: "x"}, {"name": True, "name_prefix": True})
    assert isinstance(properties(plan(policy), f"aws_iam_{kind}_policy.p")["PolicyName"], Unresolved)


def test_what_an_agent_is_given_by_others_is_the_agents() -> None:
    agent = {"agent_id": refers("aws_bedrockagent_agent.a.agent_id", "aws_bedrockagent_agent.a")}
    found = read(
        plan(
            asked("aws_bedrockagent_agent.a", {"agent_name": "a", "prepare_agent": True}, {"agent_id": True}),
            *(
                asked(
                    f"aws_bedrockagent_agent_knowledge_base_association.{name}",
                    {"knowledge_base_id": name, "knowledge_base_state": "ENABLED"},
                    {"agent_id": True},
                    agent,
                )
                for name in ("one", "two")
            ),
            asked(
                "aws_bedrockagent_agent_action_group.g",
                {"action_group_name": "g", "action_group_executor": [{"lambda": "arn"}]},
                {"agent_id": True},
                agent,
            ),
        )
    )
    (only,) = found.values()
    assert [one["KnowledgeBaseId"] for one in only.properties["KnowledgeBases"]] == ["one", "two"]
    assert only.properties["ActionGroups"] == [{"ActionGroupName": "g", "ActionGroupExecutor": {"Lambda": "arn"}}]
    assert only.properties["AutoPrepare"] is True


def test_what_is_not_read_is_counted_by_type() -> None:
    document = plan(
        asked("aws_sagemaker_flow_definition.a", {}),
        asked("aws_sagemaker_flow_definition.b", {}),
        asked("aws_bedrockagentcore_agent_runtime.r", {}),
        asked("aws_sfn_alias.a", {}),
        asked("aws_api_gateway_domain_name.d", {}),
        asked("aws_api_gateway_method_response.m", {}),
        asked("aws_vpc.v", {}),
        asked("random_id.r", {}),
        asked("data.aws_sagemaker_prebuilt_ecr_image.i", {}, actions=("read",)),
        asked("aws_sagemaker_notebook_instance.n", {}),
    )
    assert [(one.type, one.count, one.kind, one.is_ml) for one in snapshot(document).unjudged] == [
        ("aws_api_gateway_domain_name", 1, "unread", False),
        ("aws_bedrockagentcore_agent_runtime", 1, "unread", True),
        ("aws_sagemaker_flow_definition", 2, "unread", True),
        ("aws_sfn_alias", 1, "unread", False),
        ("aws_vpc", 1, "other", False),
        ("random_id", 1, "other", False),
    ]


BITS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "aws_iam_role.r", "aws_kms_key.k.arn"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "role", "policy", "references", "statement", "kms_key_id", "primary_container", "rule"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted({*KINDS, *ATTACHED})), BITS, BITS, BITS)
def test_no_values_make_it_crash(type_: str, values: Any, unknown: Any, expressions: Any) -> None:
    address = f"{type_}.x"
    document = plan(asked(address, {}), asked("aws_iam_role.r", {"name": "r"}), asked("aws_s3_bucket.b", {}))
    document["planned_values"]["root_module"]["resources"][0]["values"] = values
    document["resource_changes"][0]["change"]["after_unknown"] = unknown
    document["configuration"]["root_module"]["resources"][0]["expressions"] = expressions
    snapshot(document)


# --- what the provider adds -------------------------------------------------------------------------


@pytest.mark.parametrize(("authorization", "expected"), [("NONE", "fail"), ("AWS_IAM", "pass")])
def test_a_function_url_has_the_permissions_that_the_provider_adds(authorization: str, expected: str) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}]}
    role = "arn:aws:iam::111122223333:role/ask"
    content = plan(
        asked("aws_iam_role.r", {"name": "ask", "assume_role_policy": "{}"}, {"arn": True}),
        asked("aws_iam_role_policy.p", {"name": "p", "role": "ask", "policy": json.dumps(policy)}),
        asked(
            "aws_lambda_function.f", {"function_name": "ask", "role": role, "runtime": "python3.13", "handler": "a.b"}
        ),
        asked("aws_lambda_function_url.u", {"function_name": "ask", "authorization_type": authorization}),
    )
    found = {
        f.resource.id: f.outcome.value
        for f in engine.lint(snapshot(content), packs.load(), "2026-11-23").findings
        if f.rule.id == "unauthenticated-inference"
    }
    assert found["aws_lambda_function_url.u"] == expected
