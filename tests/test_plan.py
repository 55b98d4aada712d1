"""The plan of calls and the least-privilege policy, held against the calls that are made: nothing in here names one."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import packs
from wa_lint.cli.plan import reads
from wa_lint.policy.actions import scopes
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live import organization
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collectors import all_collectors

WaLint = Callable[..., Any]
Asked = frozenset[tuple[str, str]]
"""Service, operation."""

REGION = "eu-west-1"
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LOADER = botocore.session.Session().get_component("data_loader")
READS = reads(packs.load())
ALL = plan.ReadScope(
    {type_ for one in READS.values() for type_ in one.types or ()},
    {key for one in READS.values() for key in one.series or ()},
)
NAMED = {op for c in all_collectors() if c.named_by for op in plan.calls_for(c.type)}
"""Calls about what is only read where something else names it."""

# --- an account that has one of everything, all of it of one name ------------------------------------

NAME = "a-sample-of-everything"
"""All of them name each other. Some ids have at least twelve characters."""

_TOKEN = re.compile(r"token|marker|^position$", re.IGNORECASE)
_REGIONS = {c.region_member for c in all_collectors() if c.region_member}
_SHORTCUTS = {call.unless for c in all_collectors() for call in c.describe if call.unless}
_TEXTS = {call.items.split(".")[0] for c in all_collectors() if c.listing for call in [c.listing] if "." in call.items}
_DEPTH = 8


def sample(shape: Any, skip: Collection[str], depth: int = 0) -> Any:
    """A value with every member that botocore knows, but tokens and those in `skip`."""
    if depth > _DEPTH:
        return NAME
    match shape.type_name:
        case "structure":
            return {n: member(n, m, skip, depth) for n, m in shape.members.items() if n not in skip}
        case "list":
            return [sample(shape.member, skip, depth + 1)]
        case "map":
            return {NAME: sample(shape.value, skip, depth + 1)}
        case "timestamp":
            return NOW - dt.timedelta(days=3)
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return 1
    return NAME


def member(name: str, shape: Any, skip: Collection[str], depth: int) -> Any:
    if name in _REGIONS:
        return REGION
    if name in _TEXTS and shape.type_name == "string":
        return json.dumps({"Statement": [{"Sid": NAME, "Resource": NAME}]})
    return sample(shape, skip, depth + 1)


@cache
def answer_of(service: str, operation: str, skip: frozenset[str]) -> Any:
    if operation == "GetCallerIdentity":
        return {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/s/s", "UserId": "s"}
    shape = model(service).operation_model(operation).output_shape
    top = {name for name in shape.members if _TOKEN.search(name) or name == "IsTruncated"}
    return sample(shape, skip | top)


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def session_of(asked: set[tuple[str, str]], skip: frozenset[str] = frozenset()) -> Any:
    """A session of that account that notes what it is asked."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)

    def before_call(model: Any, **_: Any) -> Any:
        service, operation = model.service_model.service_name, model.name
        asked.add((service, operation))
        return SimpleNamespace(status_code=200), {**answer_of(service, operation, skip), "ResponseMetadata": {}}

    session.events.register("before-call", before_call)
    return session


def calls_made(reading: plan.ReadScope, skip: Collection[str] = ()) -> Asked:
    """The calls that were sent while that was read in the account."""
    asked: set[tuple[str, str]] = set()
    session = session_of(asked, frozenset(skip))
    read_live(session, REGION, types=reading.types, series=reading.series, max_rps=1e6, now=NOW)
    return frozenset(asked) - {(plan.IDENTITY.service, plan.IDENTITY.operation)}


def actions_of(calls: Asked) -> set[str]:
    known = {(op.service, op.operation): op.action for op in operations()}
    return {known[call] for call in calls}


def operations(reading: plan.ReadScope = plan.ReadScope()) -> list[plan.Operation]:  # noqa: B008, it is frozen
    return [need.operation for need in plan.needs(reading, {})]


def allowed(document: Any) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_the_policy_for_everything_allows_exactly_the_calls_that_are_made() -> None:
    made = calls_made(plan.ReadScope()) | calls_made(plan.ReadScope(), _SHORTCUTS)
    assert made == {(op.service, op.operation) for op in operations()}
    assert actions_of(made) == allowed(plan.policy(operations()))


@pytest.mark.parametrize("rule", sorted(READS)[::4])
def test_the_policy_for_a_rule_allows_exactly_the_calls_that_are_made(rule: str) -> None:
    made = calls_made(READS[rule]) | calls_made(READS[rule], _SHORTCUTS)
    wanted = operations(READS[rule])
    assert made <= {(op.service, op.operation) for op in wanted}
    assert actions_of(made) <= allowed(plan.policy(wanted) or {"Statement": []})
    never_made = [op for op in wanted if (op.service, op.operation) not in made]
    assert set(never_made) <= NAMED, "a permission that nothing uses"


def test_all_rules_together_need_what_each_of_them_needs() -> None:
    assert set(operations(ALL)) == {op for types in READS.values() for op in operations(types)}


def test_what_finds_accounts_and_regions_is_allowed_too() -> None:
    asked: set[tuple[str, str]] = set()
    session = session_of(asked)
    organization.members(session, REGION, include=["ou-sample"])
    assert asked == {(op.service, op.operation) for op in plan.ORGANIZATION} - {("sts", "AssumeRole")}
    asked.clear()
    organization.enabled_regions(session, REGION)
    assert asked == {(op.service, op.operation) for op in plan.ENABLED_REGIONS}


# --- what the policy says ---------------------------------------------------------------------------

EVERY = [*operations(), *plan.ORGANIZATION, *plan.ENABLED_REGIONS]


@pytest.mark.parametrize("operation", EVERY, ids=lambda op: f"{op.service}:{op.operation}")
def test_every_action_is_one_that_aws_knows(operation: plan.Operation) -> None:
    assert scopes(operation.action.lower()), f"there is no action {operation.action}"
    assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", operation.action)


def test_a_statement_has_a_sid_of_its_own_and_no_action_twice() -> None:
    document = plan.policy(EVERY)
    assert document["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert sids == sorted(set(sids))
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == sorted(set(statement["Action"]))
        assert statement["Resource"] == "*" or all(arn.startswith("arn:*:") for arn in statement["Resource"])
    assert sum(len(statement["Action"]) for statement in document["Statement"]) == len(allowed(document))


def test_what_is_granted_on_all_resources_or_none_stands_apart() -> None:
    statements = {s["Sid"]: s for s in plan.policy(EVERY)["Statement"]}
    assert not any(any(scopes(action.lower())) for action in statements["ListAll"]["Action"])
    assert all(any(scopes(action.lower())) for action in statements["ReadEach"]["Action"])
    assert statements["ListAll"]["Resource"] == statements["ReadEach"]["Resource"] == "*"


def test_no_policy_lets_anybody_change_anything() -> None:
    verbs = {action.partition(":")[2] for action in allowed(plan.policy(EVERY))}
    assert all(re.match(r"Describe|Get|GET|List|View|BatchGet|AssumeRole", verb) for verb in verbs)


def covers(arn: str, uri: str) -> bool:
    pattern = re.escape(arn.rpartition("::")[2]).replace(r"\*", ".*")
    return re.fullmatch(pattern, uri) is not None


def test_the_resources_of_api_gateway_are_those_of_its_calls() -> None:
    on: list[str] = next((s["Resource"] for s in plan.policy(EVERY)["Statement"] if s["Sid"] == "ReadApis"), [])
    calls = [op for op in operations() if op.service.startswith("apigateway")]
    for call in calls:
        uri = model(call.service).operation_model(call.operation).http["requestUri"].split("?")[0]
        assert any(covers(arn, uri.removeprefix("/v2")) for arn in on), call
    assert not any(covers(arn, "/apikeys") or covers(arn, "/apikeys/s") for arn in on)


def test_a_policy_that_needs_nothing_is_none() -> None:
    assert plan.policy([plan.IDENTITY]) is None
    assert plan.policy(operations(plan.ReadScope({"AWS::No::Such"}))) is None


@given(st.lists(st.sampled_from(EVERY), min_size=1), st.integers(1, 40))
def test_a_policy_that_is_split_allows_the_same_and_fits(calls: list[plan.Operation], copies: int) -> None:
    grown = [plan.Operation(c.service, c.operation, f"{c.action}{n or ''}") for c in calls for n in range(copies)]
    whole = plan.policy(grown)
    parts = plan.split(whole)
    assert all(plan.size(part) <= plan.LARGEST_POLICY for part in parts)
    assert sorted(a for part in parts for s in part["Statement"] for a in s["Action"]) == sorted(
        a for s in whole["Statement"] for a in s["Action"]
    )
    resources = {s["Sid"]: s["Resource"] for s in whole["Statement"]}
    assert all(s["Resource"] == resources[s["Sid"]] for part in parts for s in part["Statement"])
    assert (len(parts) == 1) == (plan.size(whole) <= plan.LARGEST_POLICY)


# --- what the plan says -----------------------------------------------------------------------------


def test_each_call_names_the_types_it_tells_of_and_the_rules_that_ask() -> None:
    for need in plan.needs(plan.ReadScope(), READS):
        assert need.types
        assert all(need.operation in plan.calls_for(type_) for type_ in need.types)
        assert set(need.asked_by) == {rule for rule, read in READS.items() if need.operation in operations(read)}


def test_what_no_rule_reads_is_not_called() -> None:
    assert all(need.asked_by for need in plan.needs(ALL, READS))


# --- the commands -----------------------------------------------------------------------------------


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, and nobody who could be called."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a call was made")

    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)


def test_iam_policy_prints_the_policy_of_the_rules_that_are_chosen(wa_lint: WaLint, nobody: None) -> None:
    del nobody
    run = wa_lint("iam-policy")
    assert run.code == 0
    assert says_size(run)
    assert json.loads(run.out) == plan.policy([*operations(ALL), plan.TAGS])
    rule = min(READS)
    assert allowed(json.loads(wa_lint("iam-policy", "--select", rule).out)) == allowed(
        plan.policy([*operations(READS[rule]), plan.TAGS])
    )


def says_size(run: Any) -> bool:
    """Whether there is one line about the size of the policy where IAM would refuse it, and else none."""
    size = plan.size(plan.policy([*operations(ALL), plan.TAGS]))
    lines = run.err.splitlines()
    return len(lines) == (size > plan.LARGEST_POLICY) and all(f"{size} characters" in line for line in lines)


def test_iam_policy_may_be_for_types(wa_lint: WaLint) -> None:
    assert json.loads(wa_lint("iam-policy", "--type", "AWS::*").out) == plan.policy([*operations(), plan.TAGS])
    type_ = all_collectors()[0].type
    assert json.loads(wa_lint("iam-policy", "--type", type_).out) == plan.policy(
        [*operations(plan.ReadScope({type_})), plan.TAGS]
    )
    run = wa_lint("iam-policy", "--type", type_ + "x")
    assert (run.code, run.out) == (2, "")
    assert f"did you mean '{type_}'" in run.err


def test_iam_policy_adds_what_finds_accounts_and_regions(wa_lint: WaLint) -> None:
    bare = json.loads(wa_lint("iam-policy").out)
    more = json.loads(wa_lint("iam-policy", "--organization", "--role-name", "audit", "--all-regions").out)
    added = allowed(more) - allowed(bare)
    assert added == {op.action for op in (*plan.ORGANIZATION, *plan.ENABLED_REGIONS)} - allowed(bare)
    enter = next(s for s in more["Statement"] if s["Sid"] == "EnterAccounts")
    assert (enter["Action"], enter["Resource"]) == (["sts:AssumeRole"], ["arn:*:iam::*:role/audit"])


def test_iam_policy_that_is_split_is_a_list(wa_lint: WaLint) -> None:
    parts = json.loads(wa_lint("iam-policy", "--type", "AWS::*", "--split").out)
    assert {action for part in parts for action in allowed(part)} == allowed(plan.policy([*operations(), plan.TAGS]))


def test_a_policy_that_iam_would_refuse_for_its_size_says_so(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LARGEST_POLICY", 300)
    run = wa_lint("iam-policy")
    assert run.code == 0
    assert "IAM takes 300" in run.err
    assert "--split" in run.err
    assert wa_lint("iam-policy", "--split").err == ""


def test_a_plan_names_every_call_and_makes_none(wa_lint: WaLint, nobody: None) -> None:
    del nobody
    run = wa_lint("scan", "--plan")
    assert run.code == 0
    assert says_size(run)
    assert all(f"\n{op.service}:{op.operation}\n" in run.out for op in operations(ALL))
    assert "\nsts:GetCallerIdentity\n" in run.out
    assert json.loads(run.out[run.out.index("\n{") :]) == plan.policy([*operations(ALL), plan.TAGS])
    assert max(map(len, run.out.splitlines())) <= 80


def test_a_plan_is_of_the_rules_that_are_chosen(wa_lint: WaLint, nobody: None) -> None:
    del nobody
    rule = max(READS)
    run = wa_lint(
        "scan", "--plan", "--select", rule, "--region", "all", "--role-arn", "arn:aws:iam::123456789012:role/r"
    )
    document = json.loads(run.out[run.out.index("\n{") :])
    extra = {"sts:AssumeRole", "ec2:DescribeRegions", plan.TAGS.action}
    assert allowed(document) == {op.action for op in operations(READS[rule])} | extra
    assert rule in run.out
    assert "arn:aws:iam::123456789012:role/r" in run.out


def test_the_plan_of_a_snapshot_is_of_everything(wa_lint: WaLint, nobody: None) -> None:
    del nobody
    run = wa_lint("snapshot", "--plan", "-o", "account.jsonl")
    assert run.code == 0
    assert json.loads(run.out[run.out.index("\n{") :]) == plan.policy([*operations(), plan.TAGS])


# --- how much that is -------------------------------------------------------------------------------


def empty_session(asked: list[tuple[str, str]]) -> Any:
    """A session of an account in which there is nothing, that notes each request."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)

    def before_call(model: Any, **_: Any) -> Any:
        asked.append((model.service_model.service_name, model.name))
        answer = answer_of(model.service_model.service_name, model.name, frozenset({"LastEvaluatedTableName"}))
        lists: dict[str, list[Any]] = {name: [] for name, value in answer.items() if isinstance(value, list)}
        return SimpleNamespace(status_code=200), {**answer, **lists, "ResponseMetadata": {}}

    session.events.register("before-call", before_call)
    return session


def test_where_there_is_nothing_as_many_requests_are_made_as_the_plan_says() -> None:
    asked: list[tuple[str, str]] = []
    read_live(empty_session(asked), REGION, types=ALL.types, series=ALL.series, max_rps=1e6, now=NOW)
    asked.remove((plan.IDENTITY.service, plan.IDENTITY.operation))
    assert sorted(asked) == sorted((call.service, call.operation) for call in plan.requests(ALL, 0))


def test_a_plan_counts_what_each_resource_takes() -> None:
    functions = plan.ReadScope({"AWS::Lambda::Function", "AWS::Lambda::Url"})
    counted = [call.operation for call in plan.requests(functions, 100)]
    assert {name: counted.count(name) for name in counted} == {"ListFunctions": 1, "ListFunctionUrlConfigs": 100}


def test_the_plan_says_requests_time_and_money(wa_lint: WaLint) -> None:
    text = " ".join(wa_lint("scan", "--plan", "--select", "endpoint-idle").out.split())
    assert re.search(r"takes \d requests where there is nothing\. With 100 resources of each type it takes \d+", text)
    assert re.search(r"and about \d+ seconds: the longest for sagemaker", text)
    assert re.search(r"USD 0\.0\d+ for 100 of them", text)
    slowly = " ".join(wa_lint("scan", "--plan", "--max-rps", "1", "--select", "endpoint-idle").out.split())
    assert re.search(r"and about \d minutes", slowly)
