"""Each API call in turn is refused: what was known stays or becomes unknown, and no rule fails to notice."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from wa_lint import engine, packs
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Select, walk
from wa_lint.demo.deploy import deploy, read_as_deployed
from wa_lint.demo.embedded_account import embedded_account, new_session
from wa_lint.demo.seed import sow
from wa_lint.demo.stub import REGION
from wa_lint.facts import ml_uses, traffic
from wa_lint.facts.ml_uses import ROLE_READS
from wa_lint.model import Gap, Outcome, Raw, Snapshot, Unknown
from wa_lint.rule import Rule
from wa_lint.rule_names import types_read
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collector import ApiCall
from wa_lint.sources.live.collectors import by_type

ROOT = Path(__file__).parents[1]
SPECIMENS = Path(__file__).with_name("refusals.yaml")
NOW = dt.datetime(2026, 10, 26, 6, tzinfo=dt.UTC)
RULES = packs.load()
CALLS = plan.operations(None)
REFUSALS = {"AccessDenied": ("AccessDeniedException", 403), "Throttling": ("ThrottlingException", 400)}

Asked = tuple[str, str, str]
"""Service, operation, request."""

Outcomes = Mapping[tuple[str, str], Counter[Outcome]]
"""(Rule, resource) -> how many of its items have which outcome."""


class Tape:
    """A session that plays an account's answers again, and refuses one call."""

    def __init__(self) -> None:
        self.refused: tuple[str, str] = ("", "")
        self.code, self.status = "", 0
        self.answers: dict[Asked, tuple[int, dict[str, Raw]]] = {}
        self._series: dict[str, Raw] = {}
        self._clients: dict[str, Raw] = {}
        self._boto = new_session()
        self._session = self._boto._session  # where boto3's sessions keep botocore's
        self._boto.events.register("before-parameter-build", _keep)
        self._boto.events.register("before-call", lambda model, context, **_: self._play(model, context))
        self._boto.events.register("after-call", self._fill)

    @property
    def asked(self) -> frozenset[tuple[str, str]]:
        """The calls that reading the account makes."""
        return frozenset((service, operation) for service, operation, _ in self.answers)

    @property
    def region_name(self) -> str:
        return REGION

    def get_partition_for_region(self, region: str) -> str:
        return str(self._boto.get_partition_for_region(region))

    def client(self, service: str, **named: Raw) -> Raw:
        """Return the one client of a service: making it takes longer than reading the whole account from tape."""
        if service not in self._clients:
            self._clients[service] = self._boto.client(service, **named)
        return self._clients[service]

    def record(self, session: Raw) -> None:
        session.events.register("before-parameter-build", _keep)
        session.events.register("after-call", self._note)

    def _note(self, http_response: Raw, parsed: dict[str, Raw], model: Raw, context: dict[str, Raw], **_: Raw) -> None:
        self.answers[_asked(model, context)] = http_response.status_code, copy.deepcopy(parsed)
        by_id = {query["Id"]: query for query in context["queries"]}
        for series in parsed.get("MetricDataResults", ()):
            self._series[_metric(by_id[series["Id"]])] = series

    def _answer(self, asked: Asked, context: dict[str, Raw]) -> tuple[int, dict[str, Raw]]:
        """Return what was told; of fewer metrics than were asked for at once, those."""
        if asked in self.answers or not context["queries"]:
            return self.answers[asked]
        queries = [(query, self._series.get(_metric(query))) for query in context["queries"]]
        return 200, {"MetricDataResults": [series | {"Id": query["Id"]} for query, series in queries if series]}

    def _play(self, model: Raw, context: dict[str, Raw]) -> tuple[Raw, dict[str, Raw]]:
        asked = _asked(model, context)
        if asked[:2] == self.refused:
            error = {"Code": self.code, "Message": "not today"}
            return _http(self.status), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": self.status}}
        return _http(self._answer(asked, context)[0]), {}

    def _fill(self, parsed: dict[str, Raw], model: Raw, context: dict[str, Raw], **_: Raw) -> None:
        """Give the answer after botocore's own handlers: what is on the tape went through them once."""
        asked = _asked(model, context)
        if asked[:2] != self.refused:
            parsed.update(self._answer(asked, context)[1])  # no copy: the reader makes its own


def _keep(params: dict[str, Raw], context: dict[str, Raw], **_: Raw) -> None:
    context["tape"] = repr(sorted(params.items()))
    context["queries"] = params.get("MetricDataQueries", ())


def _metric(query: dict[str, Raw]) -> str:
    return repr(sorted((name, value) for name, value in query.items() if name != "Id"))


def _asked(model: Raw, context: dict[str, Raw]) -> Asked:
    return model.service_model.service_name, model.name, context["tape"]


def _http(status: int) -> Raw:
    return AWSResponse("", status, {}, None)


class Account(msgspec.Struct, frozen=True):
    tape: Tape
    outcomes: Outcomes
    types: Mapping[str, str]
    """Of each resource, by its id."""
    gaps: frozenset[Gap]
    """What cannot be read of it anyway, for neither moto nor the stub has it."""


Refused = Mapping[tuple[str, str, str], tuple[Snapshot, Outcomes]]
"""(Service, operation, how it was refused) -> what was read, and what the rules said of it."""


@pytest.fixture(scope="module")
def account() -> Account:
    """Put all fixtures, and the specimens that they lack, into one account, read it once, and keep what it answered."""
    tape = Tape()
    with embedded_account() as session:
        for file in sorted(ROOT.glob("fixtures/*/template.yaml")):
            deploy(read_as_deployed(file.read_bytes(), file.name), session, file.parent.name)
            seed = file.with_name("seed.yaml")
            if seed.exists():
                sow(seed.read_bytes(), seed.name, session)
        deploy(read_as_deployed(SPECIMENS.read_bytes(), SPECIMENS.name), session, SPECIMENS.stem)
        session.events.register("after-call", _grow_old)
        tape.record(session)
        live = read_live(session, REGION, now=NOW, max_rps=1e6)
    return Account(tape, outcomes(live), {r.id: r.type for r in live.resources}, frozenset(live.gaps))


def _grow_old(parsed: dict[str, Raw], model: Raw, **_: Raw) -> None:
    """Of what is younger than 90 days nobody can say that it was idle for so long."""
    if model.name in ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeInferenceComponent", "DescribeModel"):
        parsed["CreationTime"] = NOW - dt.timedelta(days=120)
    for item in parsed.get({"ListEndpointConfigs": "EndpointConfigs", "ListModels": "Models"}.get(model.name, ""), ()):
        item["CreationTime"] = NOW - dt.timedelta(days=120)


@pytest.fixture(scope="module")
def refused(account: Account) -> Refused:
    """Read the account once for each call and each way to refuse it."""
    found = {}
    for service, operation in sorted(account.tape.asked.intersection(CALLS)):
        for word, (code, status) in REFUSALS.items():
            tape = account.tape
            tape.refused, tape.code, tape.status = (service, operation), code, status
            snapshot = read_live(tape, REGION, now=NOW, max_rps=1e6)
            found[service, operation, word] = snapshot, outcomes(snapshot)
    return found


def test_the_tape_plays_what_the_account_said(account: Account) -> None:
    account.tape.refused = ("", "")
    assert outcomes(read_live(account.tape, REGION, now=NOW, max_rps=1e6)) == account.outcomes


@pytest.mark.parametrize("word", REFUSALS)
@pytest.mark.parametrize("call", CALLS, ids=":".join)
def test_a_refused_call_never_turns_an_outcome_round(
    call: tuple[str, str], word: str, account: Account, refused: Refused
) -> None:
    if call not in account.tape.asked:
        pytest.skip("the account has nothing to ask this of")
    snapshot, after = refused[*call, word]
    assert set(snapshot.gaps) - account.gaps
    turned = [
        f"{rule} on {id_}: {shown(account.outcomes[rule, id_])} before, {shown(after[rule, id_])} after"
        for rule, id_ in sorted(account.outcomes.keys() | after.keys())
        if not is_honest(account.outcomes[rule, id_], after[rule, id_], is_hidden=id_ in hidden(account, snapshot))
    ]
    assert not turned, "\n".join(turned)


@pytest.mark.parametrize("word", REFUSALS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.id)
def test_a_rule_notices_every_refused_call_that_it_reads(
    rule: Rule, word: str, account: Account, refused: Refused
) -> None:
    if not of_rule(rule, account.outcomes):
        pytest.skip("it applies to nothing in the account")
    calls = sorted(set(calls_of(rule, account)) & account.tape.asked)
    unnoticed = [
        f"{service}:{operation}"
        for service, operation in calls
        if of_rule(rule, refused[service, operation, word][1]) == of_rule(rule, account.outcomes)
    ]
    assert calls
    assert not unnoticed


def lists_of_ml_users() -> Iterator[tuple[str, str]]:
    """Yield (service, operation) of what lists those that may use a bucket for machine learning."""
    collectors = {id(by_type()[type_]): by_type()[type_] for type_ in ml_uses.READS if type_ in by_type()}
    for collector in plan.listed([one for one in collectors.values() if one.type != "AWS::S3::BucketPolicy"]):
        assert collector.listing
        yield collector.service, collector.listing.operation


@pytest.mark.parametrize("word", REFUSALS)
@pytest.mark.parametrize(("service", "operation"), sorted(set(lists_of_ml_users())))
def test_a_bucket_has_no_ml_use_only_where_all_that_could_use_it_were_listed(
    service: str, operation: str, word: str, account: Account, refused: Refused
) -> None:
    if (service, operation) not in account.tape.asked:
        pytest.skip("the account has none of what it lists the parts of")
    invoices = "data-bucket-default-key", "arn:aws:s3:::imaging-invoices-123456789012"
    assert not account.outcomes[invoices]
    assert refused[service, operation, word][1][invoices] == Counter({Outcome.UNKNOWN: 1})


@pytest.mark.parametrize("word", REFUSALS)
@pytest.mark.parametrize("operation", ["ListStudioLifecycleConfigs", "DescribeStudioLifecycleConfig"])
def test_a_script_that_is_named_by_its_arn_and_not_in_sight_may_stop_what_is_idle(
    operation: str, word: str, account: Account, refused: Refused
) -> None:
    rule = next(rule for rule in RULES if rule.info.id == "domain-without-idle-shutdown")
    before, after = of_rule(rule, account.outcomes), of_rule(rule, refused["sagemaker", operation, word][1])
    moved = [(before[key], after[key]) for key in before if before[key] != after[key]]
    assert moved == [(Counter({Outcome.PASS: 1}), Counter({Outcome.UNKNOWN: 1}))]


# --- what a rule reads ------------------------------------------------------------------------------


SELDOM = frozenset({"AWS::SageMaker::Endpoint"})
"""Looked at by the rules of inference entries only behind a role for all of SageMaker, which no function here has."""


_SCALED = frozenset(f"AWS::SageMaker::{word}" for word in ("Endpoint", "EndpointConfig", "InferenceComponent"))
_COMPONENTS = frozenset({"AWS::SageMaker::InferenceComponent"})

IDLE: Mapping[str, frozenset[str]] = {
    # policies and targets of an account say in the same text what they scale: a template's references lead there
    "scaling-in-disabled": _SCALED,
    "scaling-target-without-policy": _SCALED,
    "endpoint-single-instance": _COMPONENTS,
    "endpoint-without-autoscaling": _COMPONENTS,
    # no variant of the account that scales runs components
    "endpoint-not-scaled-in": _COMPONENTS,
    # the only rollback alarm names its endpoint
    "rollback-alarm-of-another-endpoint": _COMPONENTS,
    # the role of a notebook may update every endpoint, whoever works in Studio
    "endpoint-deployable-by-people": frozenset({"AWS::SageMaker::Domain", "AWS::SageMaker::UserProfile"}),
    # moto has no utilisation of a week, and no subnets of the id that a fixture names
    "endpoint-could-be-shared": frozenset({"AWS::SageMaker::Endpoint", "AWS::SageMaker::Model"}),
    "endpoint-in-one-zone": frozenset({"AWS::EC2::Subnet", "AWS::SageMaker::EndpointConfig"}),
    # no bucket of the account is opened by a list
    "bucket-accepts-acls": frozenset({"AWS::S3::AccountPublicAccessBlock"}),
    # what is told of keys by another rule where the role is one of ML is told of no role of the account
    "role-read-wildcard": frozenset(ROLE_READS),
    "role-resource-wildcard": frozenset(ROLE_READS),
}
"""Rule -> types that it looks at, and that decide nothing in this account."""


def calls_of(rule: Rule, account: Account) -> Iterator[tuple[str, str]]:
    """Yield (service, operation) of the calls whose answers the rule looks at, for what the account has to be judged.

    The ways behind an entry lead over many types. Of those that no resource of the account has, nothing can be missed.
    """
    words = frozenset(words_of(rule))
    subjects = {account.types[id_] for _, id_ in of_rule(rule, account.outcomes) if id_ in account.types}
    applies_to = [type_ for type_ in rule.info.applies_to if type_ in subjects]
    each = [text for name, text in rule.expressions.items() if name.startswith("for_each")]
    types = frozenset(
        type_ for text in judging(rule) for type_ in types_read(applies_to or rule.info.applies_to, [*each, text])
    )
    if words & {"invokes_model", "serves_model"}:
        types &= frozenset(account.types.values()) - SELDOM
    types -= IDLE.get(rule.info.id, frozenset())
    wanted = [collector for collector in plan.wanted(types) if not types.intersection(collector.holds)]
    for collector in plan.listed(wanted):
        if collector.listing:
            yield collector.service, collector.listing.operation
    for collector in wanted:
        yield from ((collector.service, call.operation) for call in collector.describe if fills(call, words))
    if words & {fact.name for fact in traffic.FACTS}:
        yield "cloudwatch", plan.METRIC_CALL.operation


def judging(rule: Rule) -> list[str]:
    """Return the expressions that an outcome hangs on: not the cost of a fault, and not its message."""
    return [text for name, text in rule.expressions.items() if not name.startswith(("waste", "message"))]


def words_of(rule: Rule) -> Iterator[str]:
    """Yield every member that the rule's expressions name."""
    for text in judging(rule):
        yield from (node.field for node in walk(parse(text)) if isinstance(node, Select))


def fills(call: ApiCall, words: frozenset[str]) -> bool:
    return not call.fills or not words.isdisjoint(call.fills)


# --- what is compared -------------------------------------------------------------------------------


def outcomes(snapshot: Snapshot) -> Outcomes:
    """Count the outcomes of each rule on each resource, without what does not apply."""
    counted: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for finding in engine.lint(snapshot, RULES, NOW.date().isoformat()).findings:
        if finding.outcome is not Outcome.NOT_APPLICABLE:
            counted[finding.rule.id, finding.resource.id][finding.outcome] += 1
    return counted


def of_rule(rule: Rule, counted: Outcomes) -> Outcomes:
    return {key: count for key, count in counted.items() if key[0] == rule.info.id and count}


def hidden(account: Account, snapshot: Snapshot) -> frozenset[str]:
    """Return the ids of resources that were not listed, and of whose type the snapshot says so.

    And those of the jobs in a definition that was not read.
    """
    types = {gap.scope.type for gap in snapshot.gaps}
    listed = {resource.id: resource for resource in snapshot.resources}
    unseen = {id_ for id_, type_ in account.types.items() if type_ in types and id_ not in listed}
    unread = unseen | {id_ for id_, resource in listed.items() if isinstance(resource.properties, Unknown)}
    inside = {id_ for _, id_ in account.outcomes if id_ not in account.types and id_.rpartition("/")[0] in unread}
    return frozenset(unseen | inside)


def is_honest(before: Counter[Outcome], after: Counter[Outcome], *, is_hidden: bool) -> bool:
    """Whether outcomes only moved to unknown; a resource that could not even be listed has none."""
    lost = any(after[outcome] < before[outcome] for outcome in (Outcome.FAIL, Outcome.PASS))
    turned = any(after[outcome] > before[outcome] for outcome in (Outcome.FAIL, Outcome.PASS))
    return not turned and (not lost or after[Outcome.UNKNOWN] > 0 or (is_hidden and not after))


def shown(counted: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{n} {outcome.value}" for outcome, n in sorted(counted.items(), key=str)) or "nothing"
