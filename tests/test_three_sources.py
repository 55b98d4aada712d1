"""One rule, three sources: a workload says the same as a template, as an account, and as a saved snapshot of that."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from wa_lint import codec, engine, packs
from wa_lint.demo.deploy import Deployment, deploy, read_as_deployed
from wa_lint.demo.embedded_account import embedded_account
from wa_lint.demo.seed import sow
from wa_lint.demo.stub import REGION
from wa_lint.facts import FACTS, lookalikes, serving, throughput, traffic, utilisation
from wa_lint.facts.serving import is_used
from wa_lint.model import Finding, Outcome, Raw, Snapshot
from wa_lint.references.follow import graph_of
from wa_lint.rule import Rule
from wa_lint.sources.live.account_reader import read_live

ROOT = Path(__file__).parents[1]
WORKLOADS = {
    **{file.parent.name: file for file in sorted(ROOT.glob("fixtures/*/template.yaml"))},
    "demo": ROOT / "wa_lint" / "data" / "demo" / "template.yaml",
}
NOW = dt.datetime(2026, 10, 26, 6, tzinfo=dt.UTC)
TODAY = "2026-10-26"
BOOK = 40
COMPARED = 35

RULES = packs.load()

Outcomes = Mapping[tuple[str, str], Counter[Outcome]]


class Exempt(msgspec.Struct, frozen=True):
    """A place where moto, and nothing of ours, makes the account say something else."""

    type: str
    path: str
    fault: str
    is_still_so: Callable[[Raw], bool]
    """Asked with a session that meets moto as it is."""


EXEMPT: tuple[Exempt, ...] = ()


class Three(msgspec.Struct, frozen=True):
    """All workloads, three times."""

    templates: Mapping[str, Snapshot]
    deployed: Mapping[str, Deployment]
    live: Snapshot
    saved: Snapshot


@pytest.fixture(scope="module")
def three() -> Three:
    """Deploy every workload into one account; scan it; save and load it."""
    templates = {name: read_as_deployed(file.read_bytes(), f"{name}/template.yaml") for name, file in WORKLOADS.items()}
    with embedded_account() as session:
        deployed = {name: deploy(snapshot, session, name) for name, snapshot in templates.items()}
        for file in WORKLOADS.values():
            seed = file.with_name("seed.yaml")
            if seed.exists():
                sow(seed.read_bytes(), seed.name, session)
        live = read_live(session, REGION, now=NOW, max_rps=1e6)
    stream = io.BytesIO()
    codec.dump(live, stream)
    return Three(templates, deployed, live, codec.load(stream.getvalue(), live.uri))


@pytest.fixture(scope="module")
def on_live(three: Three) -> Outcomes:
    return outcomes(engine.lint(three.live, RULES, TODAY).findings)


@pytest.mark.parametrize("name", WORKLOADS)
def test_an_account_says_what_its_template_says_or_knows_more(name: str, three: Three, on_live: Outcomes) -> None:
    said = on_template(three, name)
    own = frozenset(three.deployed[name].ids.values())
    graph = graph_of(three.live, FACTS)
    idle = {resource.id for resource in three.live.resources if is_used(graph, resource) is False}
    different = [
        f"{rule} on {id_}: {shown(said[rule, id_])} in the template, {shown(on_live[rule, id_])} in the account"
        for rule, id_ in sorted(said.keys() | {key for key in on_live if key[1] in own})
        if not agrees(rule, said[rule, id_], on_live[rule, id_], gains=id_ in gaining(three.deployed[name]))
        and not (rule in OF_WHAT_IS_USED and id_ in idle and not on_live[rule, id_])
    ]
    assert not different, "\n".join(different)


def test_a_saved_account_says_exactly_what_the_account_says(three: Three) -> None:
    live, saved = (engine.lint(snapshot, RULES, TODAY) for snapshot in (three.live, three.saved))
    assert [told(finding) for finding in saved.findings] == [told(finding) for finding in live.findings]
    assert (saved.gaps, saved.problems, saved.judged_at) == (live.gaps, live.problems, live.judged_at)


def test_whatever_is_deployed_is_found(three: Three) -> None:
    found = {resource.id for resource in three.live.resources}
    assert {id_ for one in three.deployed.values() for id_ in one.ids.values()} <= found
    assert not three.live.gaps


def test_nothing_of_a_workload_stays_behind_but_what_no_account_is_asked_for(three: Three) -> None:
    missed = [missed for one in three.deployed.values() for missed in one.missed if missed.path]
    assert not missed


def test_almost_every_rule_has_a_fail_and_a_pass_in_both_sources(three: Three, on_live: Outcomes) -> None:
    compared: dict[str, set[Outcome]] = {rule.info.id: set() for rule in RULES}
    for name in WORKLOADS:
        said = on_template(three, name)
        own = frozenset(three.deployed[name].ids.values())
        for rule, id_ in (key for key in on_live if key[1] in own):
            live = set(on_live[rule, id_])
            compared[rule] |= live if rule in LIVE_ONLY else live & set(said[rule, id_])
    lacking = {
        rule: sorted({"fail", "pass"} - {outcome.value for outcome in seen})
        for rule, seen in compared.items()
        if not {Outcome.FAIL, Outcome.PASS} <= seen
    }
    print("no fail, or no pass, to compare:", lacking)  # noqa: T201, what is next to write
    if len(RULES) >= BOOK:
        assert len(RULES) - len(lacking) >= COMPARED, lacking


@pytest.mark.parametrize("exempt", EXEMPT, ids=lambda exempt: f"{exempt.type} {exempt.path}")
def test_an_exemption_goes_when_moto_is_mended(exempt: Exempt) -> None:
    with embedded_account() as session:
        assert exempt.is_still_so(session), f"moto is mended ({exempt.fault}): take the entry out"


# --- what is compared -------------------------------------------------------------------------------


def live_only(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the rules that ask for what only an account can tell: how much an endpoint is used, whose an image is."""
    modules = (traffic, utilisation, throughput, serving, lookalikes)
    names = {fact.name for module in modules for fact in module.FACTS if fact.is_optional or module is lookalikes}
    pattern = re.compile(rf"\.\??(?:observed|placed_images|{'|'.join(sorted(names))})\b")
    return (rule.info.id for rule in rules if any(pattern.search(text) for text in rule.expressions.values()))


LIVE_ONLY = frozenset(live_only(RULES))
TEMPLATE_ONLY = frozenset(rule.info.id for rule in RULES if "!has(resource.observed)" in (rule.where or ""))
"""What a template asks for and no account shows."""

OF_WHAT_IS_USED = frozenset(rule.info.id for rule in RULES if not rule.judges_unused)
"""Rules that pass over what surely nothing in an account serves. A template does not say that."""

OF_THE_ACCOUNT = frozenset({"endpoint-deployable-by-people"})
"""What the other workloads in the account decide too."""

OF_NETWORKS = frozenset({"workload-without-vpc-endpoint"})
"""Rules about what runs in a network: the account has none, only the names of its subnets."""


def outcomes(findings: Iterable[Finding]) -> Outcomes:
    """Count the outcomes of each rule on each resource: one for each item that it looks at and that it applies to."""
    counted: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for finding in findings:
        count = int(finding.outcome is not Outcome.NOT_APPLICABLE)
        counted[finding.rule.id, finding.resource.id] += Counter({finding.outcome: count})
    return counted


def on_template(three: Three, name: str) -> Outcomes:
    """Count the outcomes on a template, by the ids that the account has for its resources.

    What a policy of its own says, an account says of the roles that took it up: a rule that asks once of a resource
    says the worst of both. What no account shows is left out.
    """
    deployed = three.deployed[name]
    once = {rule.info.id for rule in RULES if not rule.for_each}
    said: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for (rule, id_), counted in outcomes(engine.lint(three.templates[name], RULES, TODAY).findings).items():
        takers = [deployed.ids[id_]] if id_ in deployed.ids else deployed.absorbed.get(id_, ())
        for taker in takers:
            both = said[rule, taker] + counted
            said[rule, taker] = Counter([o for o in WORST_FIRST if both[o]][:1]) if rule in once else both
    return said


WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS)


def gaining(deployed: Deployment) -> frozenset[str]:
    """Return the roles that a managed policy names: in an account it is they that name the policy, one item more."""
    return frozenset(taker for id_, takers in deployed.absorbed.items() if id_ in deployed.ids for taker in takers)


def agrees(rule: str, template: Counter[Outcome], live: Counter[Outcome], *, gains: bool) -> bool:
    """Whether no outcome turned round: what was known is the same, what was unknown may be known."""
    if (rule in LIVE_ONLY and not template) or (rule in TEMPLATE_ONLY and not live):
        return True
    if rule in OF_THE_ACCOUNT | OF_NETWORKS:
        return True
    known: Counter[Outcome] = Counter({o: n for o, n in template.items() if o is not Outcome.UNKNOWN})
    if gains:
        return known <= live and all(live[outcome] == known[outcome] for outcome in live if outcome is not Outcome.PASS)
    return known == live if known == template else known <= live


def shown(counted: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{n} {outcome.value}" for outcome, n in sorted(counted.items(), key=str)) or "not applicable"


def told(finding: Finding) -> Sequence[object]:
    return (
        finding.rule.id,
        finding.outcome,
        finding.resource.id,
        finding.path,
        finding.message,
        finding.assumes,
        finding.fingerprint,
        [(one.resource, one.path, one.value, one.shown) for one in finding.evidence],
    )
