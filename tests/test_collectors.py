"""The collector table against botocore's models and CloudFormation's schemas: no account is needed."""

from __future__ import annotations

import base64
import copy
import importlib.util
import json
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wa_lint import aws, schema
from wa_lint.policy import actions
from wa_lint.request_limits import PAGE_SIZES
from wa_lint.sources.live import api_response as answers
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.collector import ApiCall, CollectedService, Collector
from wa_lint.sources.live.collectors import all_collectors, by_type, service_of
from wa_lint.sources.live.metric_table import METRICS

ROOT = Path(__file__).parents[1]

CALLS = [(c, call) for c in all_collectors() for call in (c.listing, *c.describe) if call]

each_collector = pytest.mark.parametrize("collector", all_collectors(), ids=lambda c: c.type)
each_call = pytest.mark.parametrize(("collector", "call"), CALLS, ids=lambda x: getattr(x, "operation", ""))


@cache
def script() -> Any:
    """scripts/refresh_collectors.py, which also builds an answer with every member that botocore knows."""
    spec = importlib.util.spec_from_file_location("refresh_collectors", ROOT / "scripts" / "refresh_collectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["refresh_collectors"] = module
    spec.loader.exec_module(module)
    return module


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def operation(collector: Collector, call: ApiCall) -> Any:
    return model(collector.service).operation_model(call.operation)


@cache
def full_of(type_: str) -> str:
    return json.dumps(script().full_item(by_type()[type_]))


def full(collector: Collector) -> Any:
    """An item with every member of its listing, of what that was fed, and of its descriptions."""
    return json.loads(full_of(collector.type))


def capitalised(path: str) -> str:
    return ".".join(step[:1].upper() + step[1:] for step in path.split("."))


def test_what_is_read_at_run_time_is_what_people_edit() -> None:
    assert (ROOT / "wa_lint" / "data" / "collectors.json").read_text("utf-8") == script().prepared()


def test_a_new_type_is_one_entry_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = (
        "services: {edge: {gone: [NoSuchDevice]}}\ncollectors:\n  AWS::Edge::Device: {service: edge, name: '{Name}'}\n"
    )
    shutil.copytree(ROOT / "wa_lint" / "data" / "collectors", tmp_path / "collectors")
    (tmp_path / "collectors" / "edge.yaml").write_text(file, "utf-8")
    monkeypatch.setattr(script(), "DATA", tmp_path)
    table = json.loads(script().prepared())
    assert {"type": "AWS::Edge::Device", "service": "edge", "name": "{Name}"} in table["collectors"]
    assert table["services"]["edge"] == {"name": "edge", "gone": ["NoSuchDevice"]}
    assert len(table["collectors"]) == len(all_collectors()) + 1


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{service: edge, name: n, nmae: n}", "unknown field `nmae`"),
        ("{name: n}", "missing required field `service`"),
        ("{service: edge, name: n, parent: AWS::Edge::Site}", "nothing reads its parent"),
        ("{service: edge, name: n, name: m}", " twice"),
    ],
)
def test_a_slip_in_an_entry_is_named(entry: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "collectors").mkdir()
    (tmp_path / "collectors" / "edge.yaml").write_text(f"collectors:\n  AWS::Edge::Device: {entry}\n", "utf-8")
    monkeypatch.setattr(script(), "DATA", tmp_path)
    with pytest.raises((ValueError, msgspec.ValidationError), match=problem):
        script().prepared()


def test_the_table_of_what_is_not_carried_is_up_to_date() -> None:
    assert answers.not_carried() == {type_: tuple(paths) for type_, paths in script().table().items()}


def test_the_table_names_each_type_once_and_parents_first() -> None:
    types = [c.type for c in all_collectors()]
    assert len(set(types)) == len(types)
    assert all(types.index(c.parent) < types.index(c.type) for c in all_collectors() if c.parent)


@each_call
def test_a_call_asks_only_what_the_operation_takes(collector: Collector, call: ApiCall) -> None:
    shape = operation(collector, call).input_shape
    has_window = collector.window_days and call is collector.listing
    given = {*call.request, *call.fixed} | ({"CreationTimeAfter"} if has_window else set())
    assert given | set(call.optional) <= set(shape.members)
    assert set(shape.required_members) <= given


@each_call
def test_a_page_is_no_larger_than_the_model_allows(collector: Collector, call: ApiCall) -> None:
    members = operation(collector, call).input_shape.members
    sizes = [members[name] for name in PAGE_SIZES if name in members]
    if not sizes:
        assert not call.page
        return
    text = re.sub(r"<[^>]+>|,(?=\d{3})", "", sizes[0].documentation)
    most = [int(found[1]) for found in re.finditer(r"(?:between \d+ and|[Mm]axi\w+(?: \w+)* (?:is|of)) (\d+)", text)]
    allowed = min([sizes[0].metadata.get("max", 10_000), *most])
    assert not call.page or call.page <= allowed
    assert call.page or sizes[0].metadata.get("max", 0) <= allowed or "even if you set" in text, text


@each_call
def test_the_size_of_a_page_is_asked_by_the_name_that_botocore_has_for_it(collector: Collector, call: ApiCall) -> None:
    try:
        paginator = botocore.session.get_session().get_paginator_model(collector.service).get_paginator(call.operation)
    except (botocore.exceptions.UnknownServiceError, ValueError):
        return  # it does not turn pages
    members = operation(collector, call).input_shape.members
    assert next(name for name in PAGE_SIZES if name in members) == paginator["limit_key"]


def test_quotas_are_of_services_and_operations_that_are_called_and_have_a_source() -> None:
    called = {*plan.operations(None), ("cloudwatch", plan.METRIC_CALL.operation)}
    for service in table_services():
        has_quota = bool(service.together or service.each or service.operations)
        assert has_quota == bool(service.quota_source), service.name
        assert {(service.name, name) for name in service.operations} <= called
        assert not service.counts_with or service_of(service.counts_with).together


def table_services() -> list[CollectedService]:
    return [service_of(name) for name in sorted({c.service for c in all_collectors()})]


@each_call
def test_a_fault_of_awss_may_pass_and_a_fault_of_the_request_does_not(collector: Collector, call: ApiCall) -> None:
    for shape in operation(collector, call).error_shapes:
        said = shape.metadata.get("error", {})
        word = aws.Refusal(said.get("code") or shape.name).word
        is_awss = shape.metadata.get("fault") or said.get("httpStatusCode", 400) >= 500
        known_by_name = re.search("Throttl|TooMany|Internal|Unavailable|Timeout|^ServiceException$", shape.name)
        assert aws.may_pass(word) == bool(is_awss or known_by_name), shape.name


@each_call
def test_a_call_is_read_only(collector: Collector, call: ApiCall) -> None:
    assert re.match(r"(Describe|Get|List)[A-Z]", call.operation)
    assert operation(collector, call).http["method"] in {"GET", "POST"}


@each_call
def test_a_call_finds_its_items_in_the_answer(collector: Collector, call: ApiCall) -> None:
    members = operation(collector, call).output_shape.members
    if call.items:
        assert call.items.split(".")[0] in members
    assert not call.continued or {call.continued, "NextToken"} <= set(members)
    assert set(call.echoes) <= set(members)
    assert set(call.always) <= set(members)
    assert set(call.fills) <= {*schema.names_at(collector.type), *members}
    assert not call.into or call.into in schema.names_at(collector.type)


@each_collector
def test_what_feeds_a_call_is_a_member_of_the_item(collector: Collector) -> None:
    item = full(collector)
    assert all(m in item for call in collector.describe for m in (*call.request.values(), *call.optional.values()))
    if collector.parent:
        parent = full(by_type()[collector.parent])
        fed = collector.listing.request.values() if collector.listing else []
        inherited = [text.partition("=")[0] for text in collector.inherits]
        assert all(member in parent for member in (*fed, *inherited, *filter(None, [collector.inside])))


@each_collector
def test_names_are_built_from_members_of_the_item(collector: Collector) -> None:
    place = answers.ResponsePlace("123456789012", "eu-west-1")
    item = full(collector)
    assert all(answers.filled(text, item, place) for text in (collector.name, collector.arn or collector.id))
    for name in filter(None, (collector.needs, collector.region_member, collector.aws_managed, *collector.in_use)):
        assert name in item


@each_collector
def test_a_rename_leads_from_what_botocore_has_to_what_cloudformation_has(collector: Collector) -> None:
    whole = plainly(collector)
    tree = copy.deepcopy(whole)
    for old, new in collector.renames.items():
        assert is_in(tree, old) or is_in(whole, old), old
        answers.rename(tree, old, new)
        known = schema.property_at(collector.type, new)
        assert known is not None, new + schema.suggest(collector.type, new)


def plainly(collector: Collector) -> Any:
    """The full item before any rename."""
    whole = full(collector)
    tree = answers._capitalised(whole, "", frozenset(collector.user_maps)) if collector.camel else whole
    for path, target in collector.spreads.items():
        assert is_in(tree, path), path
        answers.spread(tree, path, target)
    return tree


def is_in(tree: Any, path: str) -> bool:
    head, mark, rest = path.partition("[].")
    if mark:
        return any(is_in(item, rest) for item in answers._items(tree, head))
    return bool(answers._take(copy.deepcopy(tree), path))


@each_collector
def test_the_other_names_of_the_table_are_known(collector: Collector) -> None:
    paths = (
        *collector.documents,
        *collector.texts,
        *collector.tag_maps,
        *collector.encoded,
        *collector.elsewhere,
        *collector.observed,
    )
    for path in paths:
        assert schema.property_at(collector.type, path) is not None, path + schema.suggest(collector.type, path)
    item = plainly(collector)
    assert all(is_in(item, path) for path in collector.ignores)


@each_collector
def test_what_is_gone_and_what_a_definition_starts_are_known_words(collector: Collector) -> None:
    assert collector.gone.keys() <= full(collector).keys()
    assert all(schema.known(type_) and type_ in by_type() for type_ in collector.holds)


UNREAD: dict[str, str] = script()._file(script().DATA / "collectors" / "sagemaker.yaml")["services"]["sagemaker"][
    "unread"
]
"""What SageMaker describes and we do not ask for, and why."""


def test_whatever_sagemaker_describes_is_asked_for_or_named() -> None:
    asked = {call.operation for c in all_collectors() if c.service == "sagemaker" for call in c.describe}
    described = {name for name in model("sagemaker").operation_names if name.startswith("Describe")}
    assert described - asked == {f"Describe{word}" for word in UNREAD}


@pytest.mark.parametrize("word", [word for word, why in UNREAD.items() if "listing tells all" in why])
def test_a_listing_that_tells_all_has_the_members_of_the_description(word: str) -> None:
    listing = by_type()[f"AWS::SageMaker::{word}"].listing
    assert listing
    listed = model("sagemaker").operation_model(listing.operation).output_shape.members[listing.items].member.members
    described = model("sagemaker").operation_model(f"Describe{word}").output_shape.members
    assert set(listed) >= set(described[word].members if word in described else described)


NEVER_TOLD = {"Tags", "SessionChainingConfig"}
"""Members of a request that starts a job and that no description of one has."""


@pytest.mark.parametrize("collector", [c for c in all_collectors() if c.window_days], ids=lambda c: c.type)
def test_a_job_is_described_in_the_words_of_the_request_that_started_it(collector: Collector) -> None:
    (describe,) = collector.describe
    create = describe.operation.replace("Describe", "Create")
    asked = members(model(collector.service).operation_model(create).input_shape, "", 0)
    told = members(operation(collector, describe).output_shape, "", 0)
    assert {top(path) for path in asked - told} <= NEVER_TOLD
    assert answers.settable(collector.type) == {top(path) for path in asked}


def top(path: str) -> str:
    return path.split(".")[1].removesuffix("[]")


def members(shape: Any, path: str, depth: int) -> set[str]:
    """The paths of all members, to a depth that no job goes below."""
    if depth > 8 or shape.type_name not in {"structure", "list"}:
        return set()
    if shape.type_name == "list":
        return members(shape.member, path + "[]", depth + 1)
    inner = [members(member, f"{path}.{name}", depth + 1) for name, member in shape.members.items()]
    return {f"{path}.{name}" for name in shape.members}.union(*inner)


@each_collector
def test_a_covered_type_exists_and_is_not_read_itself(collector: Collector) -> None:
    assert all(schema.known(type_) for type_ in (collector.type, *collector.covers))
    assert not by_type().keys() & set(collector.covers)


@pytest.mark.parametrize("collector", [c for c in all_collectors() if c.camel], ids=lambda c: c.type)
def test_exactly_the_maps_of_the_model_keep_their_keys(collector: Collector) -> None:
    calls = [call for call in (collector.listing, *collector.describe) if call]
    all_maps = {path for call in calls for path in maps(told_by(collector, call), call.into, 0)}
    found = {p for p in all_maps if p.split("{}")[0] not in collector.ignores or "{}" not in p}
    assert found == set(collector.user_maps)


def told_by(collector: Collector, call: ApiCall) -> Any:
    """The shape of the item, or of the items, that a call tells."""
    shape = operation(collector, call).output_shape
    shape = shape.members[call.within] if call.within else shape
    shape = shape.members[call.items] if call.items else shape
    return shape.member if call.items and call is collector.listing else shape


def maps(shape: Any, path: str, depth: int) -> set[str]:
    """The paths of all maps, in capitalised names. A map of an open end is looked into, except for tags."""
    if depth > 10:
        return set()
    if getattr(shape, "is_document_type", False):
        return {path + "{**}"}
    if shape.type_name == "map":
        return {path} | maps(shape.value, path + "{}", depth + 1)
    if shape.type_name == "list":
        return maps(shape.member, path + "[]", depth + 1)
    if shape.type_name != "structure":
        return set()
    inner = [maps(m, f"{path}.{n[:1].upper()}{n[1:]}".removeprefix("."), depth + 1) for n, m in shape.members.items()]
    return set().union(*inner)


def test_every_action_is_one_that_iam_knows() -> None:
    for action in plan.iam_actions(None):
        assert actions.find(action), action


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: f"{m.type}-{m.observed}")
def test_a_metric_is_asked_of_members_that_the_answer_has(metric: Any) -> None:
    collector = by_type()[metric.type]
    call = collector.describe[0] if collector.describe else collector.listing
    assert call is not None
    shape = operation(collector, call).output_shape
    if not collector.describe:
        shape = shape.members[call.items].member
    for path in metric.dimensions.values():
        name, mark, member = path.partition("[].")
        assert name in shape.members
        assert not mark or member in shape.members[name].member.members


def test_the_plan_of_a_child_lists_its_parents_but_does_not_describe_them() -> None:
    assert plan.operations({"AWS::S3::BucketPolicy"}) == [("s3", "GetBucketPolicy"), ("s3", "ListBuckets")]
    assert plan.iam_actions({"AWS::S3::BucketPolicy"}) == ["s3:GetBucketPolicy", "s3:ListAllMyBuckets"]


def test_the_plan_of_an_endpoint_has_its_metrics() -> None:
    assert [call.action for call in plan.calls_for("AWS::SageMaker::Endpoint")] == [
        "cloudwatch:GetMetricData",
        "sagemaker:DescribeEndpoint",
        "sagemaker:ListEndpoints",
    ]


def test_a_covered_type_is_read_by_who_covers_it() -> None:
    assert plan.operations({"AWS::IAM::RolePolicy"}) == [("iam", "GetAccountAuthorizationDetails")]
    assert plan.operations({"AWS::No::Such"}) == []


def test_nothing_else_than_reading_is_ever_granted() -> None:
    verbs = {re.match(r"\w+[-\w]*:([A-Z]+[a-z]*)", action)[1] for action in plan.iam_actions(None)}  # type: ignore[index] # a failed match fails the test
    assert verbs <= {"Describe", "GET", "Get", "List", "View"}


# --- answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("A", "B", {"A": 1}, {"B": 1}),
        ("A", "B", {"C": 1}, {"C": 1}),
        ("A.B", "A", {"A": {"B": 1}}, {"A": 1}),
        ("A.B", "C.D", {"A": {"B": 1, "X": 2}}, {"A": {"X": 2}, "C": {"D": 1}}),
        ("A[].X", "A[].Y", {"A": [{"X": 1}, {"Z": 2}, 3]}, {"A": [{"Y": 1}, {"Z": 2}, 3]}),
        ("A[].X", "B[]", {"A": [{"X": 1}, {"Z": 2}, {"X": 3}]}, {"B": [1, 3]}),
        ("A[].X", "A[]", {"A": [{"X": 1}]}, {"A": [1]}),
        ("A[].X", "A[].Y[]", {"A": [{"X": 1}]}, {"A": [{"Y": [1]}]}),
        ("A[On].X", "B", {"A": [{"X": 1, "On": False}, {"X": 2, "On": True}]}, {"B": 2}),
        ("A[On].X", "B", {"A": [{"X": 1}]}, {}),
        ("A{K}", "A[]", {"A": {"200": {"V": 1}, "404": {"V": 2}}}, {"A": [{"K": "200", "V": 1}, {"K": "404", "V": 2}]}),
        (
            "A{P/M}",
            "A[]",
            {"A": {"~1pets/GET": {}, "*/*": {}}},
            {"A": [{"P": "/*", "M": "*"}, {"P": "/pets", "M": "GET"}]},
        ),
        ("A{K/V}", "A[]", {"A": {"2": 0.1}}, {"A": [{"K": "2", "V": 0.1}]}),
        ("A.B", "C", {"A": None}, {"A": None}),
        ("A[].X", "B[]", {"A": "text"}, {}),
        ("A", "B.C", {"A": 1, "B": "text"}, {"B": {"C": 1}}),
    ],
)
def test_renames(old: str, new: str, before: Any, after: Any) -> None:
    answers.rename(before, old, new)
    assert before == after


@pytest.mark.parametrize(
    "text",
    ['{"Version": "1"}', "%7B%22Version%22%3A%20%221%22%7D", '{\\"Version\\": \\"1\\"}'],
    ids=["plain", "as IAM encodes it", "as API Gateway escapes it"],
)
def test_a_policy_is_read_however_it_is_written(text: str) -> None:
    assert answers.document(text) == {"Version": "1"}


def test_an_empty_member_is_one_that_is_not_set_but_the_users_own_stays() -> None:
    item = {
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "Description": "",
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""},
        "Environment": {"Variables": {"EMPTY": ""}},
        "Layers": [{"Arn": "a"}],
    }
    properties: Any = answers.resource_of(
        by_type()["AWS::Lambda::Function"], item, answers.ResponsePlace("1", "eu-west-1")
    ).properties
    assert "Description" not in properties
    assert "VpcConfig" not in properties
    assert properties["Environment"] == {"Variables": {"EMPTY": ""}}
    assert properties["Layers"] == ["a"]


def test_a_secret_in_an_encoded_script_is_masked_where_it_stands() -> None:
    secret = "AKIA" + "QYLPMN5HHHFPZAM2"
    content = base64.b64encode(f"export AWS_ACCESS_KEY_ID={secret}".encode()).decode()
    item = {"NotebookInstanceLifecycleConfigName": "n", "OnStart": [{"Content": content}]}
    collector = by_type()["AWS::SageMaker::NotebookInstanceLifecycleConfig"]
    properties: Any = answers.resource_of(collector, item, answers.ResponsePlace("1", "eu-west-1")).properties
    script_text = base64.b64decode(properties["OnStart"][0]["Content"]).decode()
    assert secret not in script_text
    assert script_text.startswith("export ")


JUNK: tuple[Any, ...] = (None, 3, "text", "", [], {}, [None], [[]], {"k": None}, [{"k": 1}], True)


@each_collector
@settings(deadline=None, max_examples=10)
@given(drawn=st.data())
def test_no_answer_makes_the_shaping_crash(collector: Collector, drawn: st.DataObject) -> None:
    item = full(collector)
    for _ in range(drawn.draw(st.integers(1, 4))):
        spoil(item, drawn)
    resource = answers.resource_of(collector, item, answers.ResponsePlace("123456789012", "eu-west-1"))
    assert resource.type == collector.type
    assert resource.id


def spoil(value: Any, drawn: st.DataObject) -> None:
    """Replace something on the way down `value` by junk."""
    keys = sorted(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = drawn.draw(st.sampled_from(keys))
    if isinstance(value[key], dict | list) and value[key] and drawn.draw(st.booleans()):
        spoil(value[key], drawn)
    else:
        value[key] = copy.deepcopy(drawn.draw(st.sampled_from(JUNK)))
