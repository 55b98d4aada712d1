"""One rule, three sources: a workload says the same as a template, as a live account, and as a saved snapshot of that account."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from wa_lint import codec, engine, packs
from wa_lint.demo.account import embedded_account
from wa_lint.demo.deploy import Deployment, deploy, read_as_deployed
from wa_lint.demo.seed import sow
from wa_lint.demo.stub import REGION
from wa_lint.facts import FACTS
from wa_lint.model import Finding, Outcome, Raw, Snapshot
from wa_lint.rule import Rule
from wa_lint.sources.live.reader import read_live

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
        live = read_live(session, REGION, now=NOW)
    stream = io.BytesIO()
    codec.dump(live, stream)
    return Three(templates, deployed, live, codec.load(stream.getvalue(), live.uri))


@pytest.fixture(scope="module")
def on_live(three: Three) -> Outcomes:
    return outcomes(engine.lint(three.live, RULES, TODAY).findings)


@pytest.mark.parametrize("name", WORKLOADS)
def test_an_account_says_what_its_template_says_or_knows_more(name: str, three: Three, on_live: Outcomes) -> None:
    ids = three.deployed[name].ids
    said = outcomes(engine.lint(three.templates[name], RULES, TODAY).findings)
    different = [
        f"{rule} on {id_}: {shown(counted)} in the template, {shown(on_live[rule, ids[id_]])} in the account"
        for (rule, id_), counted in said.items()
        if id_ in ids and not agrees(rule, counted, on_live[rule, ids[id_]])
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
    for name, snapshot in three.templates.items():
        ids = three.deployed[name].ids
        for (rule, id_), counted in outcomes(engine.lint(snapshot, RULES, TODAY).findings).items():
            if id_ in ids:
                live = on_live[rule, ids[id_]]
                compared[rule] |= set(live) if rule in LIVE_ONLY else set(live) & set(counted)
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
    """Yield the rules that ask for what only an account can tell: facts that a template does not have."""
    names = {fact.name for fact in FACTS if fact.is_optional}
    pattern = re.compile(rf"\.(?:observed|{'|'.join(sorted(names))})\b")
    return (rule.info.id for rule in rules if any(pattern.search(text) for text in rule.expressions.values()))


LIVE_ONLY = frozenset(live_only(RULES))


def outcomes(findings: Iterable[Finding]) -> Outcomes:
    """Count the outcomes of each rule on each resource: one for each item that it looks at."""
    counted: dict[tuple[str, str], Counter[Outcome]] = {}
    for finding in findings:
        counted.setdefault((finding.rule.id, finding.resource.id), Counter())[finding.outcome] += 1
    return Defaulting(counted)


class Defaulting(dict[tuple[str, str], Counter[Outcome]]):
    def __missing__(self, key: tuple[str, str]) -> Counter[Outcome]:
        return Counter()


def agrees(rule: str, template: Counter[Outcome], live: Counter[Outcome]) -> bool:
    """Whether no outcome turned round: what was known is the same, what was unknown may be known."""
    if rule in LIVE_ONLY and set(template) <= {Outcome.NOT_APPLICABLE}:
        return True
    known = Counter({outcome: n for outcome, n in template.items() if outcome is not Outcome.UNKNOWN})
    return known == live if known == template else known <= live


def shown(counted: Mapping[Outcome, int]) -> str:
    return ", ".join(f"{n} {outcome.value}" for outcome, n in sorted(counted.items(), key=str)) or "nothing"


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
