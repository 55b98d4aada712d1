"""Which resources are of the workload: by tag, stack, ARN, account or path, and by what names them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import test_shards

from wa_lint import codec
from wa_lint.model import Listed, Location, Resource, Snapshot, SourceKind, Unresolved, Value
from wa_lint.review.workload import Workload, members
from wa_lint.sources.live.tags import Tagged, with_tags

WaLint = Callable[..., Any]

ARN = "arn:aws:sagemaker:eu-north-1:111122223333:endpoint/{}"


def live(name: str, tags: Value = None, **more: Any) -> Resource:
    properties = {} if tags is None else {"Tags": tags}
    given = {"account": "111122223333", "region": "eu-north-1", "arn": ARN.format(name), "name": name, **more}
    type_ = given.pop("type", "AWS::SageMaker::Endpoint")
    properties |= given.pop("properties", {})
    return Resource(given["arn"], type_, properties, Listed(Location(given["arn"])), **given)


def of_template(
    id_: str, uri: str = "infra/churn/t.yaml", type_: str = "AWS::SageMaker::Endpoint", **properties: Value
) -> Resource:
    return Resource(id_, type_, properties, Listed(Location(uri, 1)))


def inside(kind: SourceKind, resources: list[Resource], **workload: Any) -> set[str]:
    found = members(Snapshot(kind, "s", tuple(resources)), Workload("churn", **workload))
    assert found.extent.outside == len(resources) - len(found.keys)
    return {id_.rpartition("/")[2] for _, id_ in found.keys}


CHURN = [{"Key": "project", "Value": "churn"}]


@pytest.mark.parametrize(
    ("workload", "wanted"),
    [
        ({}, {"a", "b", "c"}),
        ({"tags": {"project": "churn"}}, {"a"}),
        ({"tags": {"project": "*"}}, {"a", "b"}),
        ({"tags": {"project": "churn", "stage": "prod"}}, set()),
        ({"accounts": ("111122223333",)}, {"a", "b"}),
        ({"arns": (ARN.format("a"),)}, {"a"}),
        ({"arns": ("arn:aws:sagemaker:*",)}, {"a", "b", "c"}),
        ({"stacks": ("churn-*",)}, {"b"}),
        ({"accounts": ("111122223333",), "tags": {"project": "fraud"}}, {"b"}),
        ({"paths": ("elsewhere",)}, {"a", "b", "c"}),
    ],
)
def test_live_resources_belong_by_what_they_show(workload: dict[str, Any], wanted: set[str]) -> None:
    resources = [
        live("a", CHURN),
        live("b", [{"Key": "project", "Value": "fraud"}], made_by="churn-prod/Endpoint"),
        live("c", [], account="444455556666"),
    ]
    assert inside(SourceKind.LIVE, resources, **workload) == wanted


def test_what_shows_nothing_belongs_where_it_names_or_is_named() -> None:
    resources = [
        live("churn", CHURN, properties={"EndpointConfigName": "churn-config"}),
        live(
            "churn-config",
            arn=ARN.format("churn-config"),
            properties={"ProductionVariants": [{"ModelName": "churn-model"}]},
        ),
        live("churn-model", arn=ARN.format("churn-model")),
        live("scaling", arn="arn:aws:autoscaling:x", properties={"ResourceId": "endpoint/churn/variant/blue"}),
        live("stranger"),
        live("fraud", [{"Key": "project", "Value": "fraud"}], properties={"EndpointConfigName": "stranger"}),
    ]
    found = members(Snapshot(SourceKind.LIVE, "s", tuple(resources)), Workload("churn", tags={"project": "churn"}))
    names = {resource.name for resource in resources if (resource.type, resource.id) in found.keys}
    assert names == {"churn", "churn-config", "churn-model", "scaling"}
    assert (found.extent.outside, found.extent.unsure, found.extent.is_by_mark) == (2, 1, True)


def test_tags_that_were_looked_for_count_where_an_answer_has_none() -> None:
    """Few answers of SageMaker tell tags: what the tagging API says of a resource is kept beside its properties."""
    found = Tagged({ARN.format("a"): {"project": "churn"}, ARN.format("b"): {"project": "fraud"}})
    resources = list(with_tags([live(name) for name in "abc"], found))
    assert [resource.tags for resource in resources] == [{"project": "churn"}, {"project": "fraud"}, None]
    assert inside(SourceKind.LIVE, resources, tags={"project": "churn"}) == {"a"}
    written = io.BytesIO()
    codec.dump(Snapshot(SourceKind.LIVE, "s", tuple(resources)), written)
    again = codec.load(written.getvalue(), "s")
    assert [resource.tags for resource in again.resources] == [resource.tags for resource in resources]


@pytest.mark.parametrize(
    ("workload", "wanted"),
    [
        ({"paths": ("infra/churn",)}, {"A", "B", "D"}),
        ({"paths": ("infra/*/t.yaml",)}, {"A", "B", "C", "D"}),
        ({"tags": {"project": "churn"}}, {"A", "D"}),
        ({"accounts": ("111122223333",), "stacks": ("x",), "arns": ("arn:",)}, {"A", "B", "C", "D"}),
    ],
)
def test_resources_of_templates_belong_by_path_and_tag(workload: dict[str, Any], wanted: set[str]) -> None:
    resources = [
        of_template("A", Tags=CHURN),
        of_template("B"),
        of_template("C", "infra/fraud/t.yaml"),
        of_template("D", type_="AWS::ApplicationAutoScaling::ScalingPolicy", ScalingTargetId="A"),
    ]
    assert inside(SourceKind.TEMPLATE, resources, **workload) == wanted


def test_a_tag_whose_value_is_not_known_decides_nothing() -> None:
    open_ = [{"Key": "project", "Value": Unresolved("the parameter Project")}]
    found = members(
        Snapshot(SourceKind.TEMPLATE, "s", (of_template("A", Tags=open_),)),
        Workload("churn", tags={"project": "churn"}),
    )
    assert (found.extent.outside, found.extent.unsure) == (1, 1)


def test_what_is_outside_is_counted_and_still_there_for_links(wa_lint: WaLint) -> None:
    config = {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {
            "ProductionVariants": [
                {"VariantName": "a", "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"}
            ]
        },
    }
    endpoint = {
        "Type": "AWS::SageMaker::Endpoint",
        "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}, "Tags": CHURN},
    }
    Path("t.json").write_text(json.dumps({"Resources": {"Config": config, "Endpoint": endpoint}}), "utf-8")
    Path("w.yaml").write_text("workload: {name: churn, tags: {project: churn}}", "utf-8")
    run = wa_lint("check", "--no-config", "-o", "json", "t.json", "--workload", "w.yaml")
    assert run.report["workload"] == {"name": "churn", "outside": 1, "unsure": 0, "by_mark": True, "complete": False}
    told = {(f["rule"], f["resource"]["id"]) for f in run.report["findings"]}
    assert ("endpoint-without-autoscaling", "Endpoint") in told, (
        "its variants are those of the configuration, which is outside"
    )
    assert {id_ for _, id_ in told} == {"Endpoint"}
    assert [line["count"] for line in run.report["coverage"] if line["kind"] == "outside"] == [1]
    assert "outside of the workload churn" in wa_lint("check", "--no-config", "t.json", "--workload", "w.yaml").out
    assert "workload" not in wa_lint("check", "--no-config", "-o", "json", "t.json").report


def test_a_workload_of_one_account_is_found_in_shards_as_in_one_file(wa_lint: WaLint, tmp_path: Path) -> None:
    parts = test_shards.parts_of(test_shards.ONE, test_shards.TWO)
    test_shards.write(tmp_path / "many", parts)
    test_shards.write_whole(tmp_path / "one.jsonl", parts)
    Path("w.yaml").write_text(f"workload: {{name: w, accounts: ['{test_shards.ONE}']}}", "utf-8")
    found = []
    for source in ("many", "one.jsonl"):
        for jobs in ("1", "2"):
            run = wa_lint("check", "--no-config", "-o", "json", source, "--workload", "w.yaml", "--jobs", jobs)
            told = {(f["rule"], f["outcome"], f["resource"]["id"]) for f in run.report["findings"]}
            assert {f["resource"]["account"] for f in run.report["findings"]} == {test_shards.ONE}
            found.append((told, run.report["workload"], run.report["practices"]))
    assert found[0][0]
    assert found[0][1]["outside"] > 0
    assert all(one == found[0] for one in found)
    assert found[0][1]["by_mark"] is False


def test_a_file_that_names_no_workload_is_refused(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text("Resources: {}", "utf-8")
    Path("w.yaml").write_text("answers: {}", "utf-8")
    run = wa_lint("check", "--no-config", "t.yaml", "--workload", "w.yaml")
    assert (run.code, "names no workload" in run.err) == (2, True)
