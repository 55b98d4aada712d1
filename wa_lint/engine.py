"""Rules meet resources. No input, no output, no clock: the same in, the same out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from wa_lint import budget, type_names
from wa_lint.cel.quick import Bail, places, seen
from wa_lint.facts import FACTS
from wa_lint.facts.bill import bill
from wa_lint.facts.serving import is_used
from wa_lint.findings import added_up, assigned_in, gravest, join, sort_key
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import (
    NO_COUNTS,
    OPEN,
    Assigned,
    Census,
    Counts,
    Finding,
    Outcome,
    Report,
    Resource,
    RunningCost,
    Snapshot,
    Unjudged,
    Unknown,
)
from wa_lint.profile_entries import AssignedRules
from wa_lint.references.follow import graph_of
from wa_lint.rule import QuickPrograms, Rule
from wa_lint.scenario import Assumptions, Fork, explore
from wa_lint.sources.jobs import with_jobs
from wa_lint.tracing import Inquiry, Key, cases_by_item, key_of, most_scenarios, traced
from wa_lint.truth import Truth

T = TypeVar("T")

_MOST_KEPT = 1_000
"""Resources after which what was looked up is let go of: it would hold a large snapshot in memory twice."""


def lint(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    today: str = "",
    *,
    judged: Container[tuple[str, str]] | None = None,
    lists_all: bool = True,
    assigned: AssignedRules | None = None,
) -> Report:
    """Ask every rule about every resource of `snapshot`. `today` is an ISO date, for the rules that ask.

    `judged`: only the resources of these (type, id) are asked about; the others are there to be looked at.
    `assigned`: which of `rules` are asked of which resource, where entries of ``profiles`` say so; None: all of them.
    `lists_all`: also what passes or does not apply has a finding, with evidence; else it is only counted.
    """
    snapshot = with_jobs(snapshot)
    graph = graph_of(snapshot, FACTS)
    subjects = [r for r in snapshot.resources if (judged is None or (r.type, r.id) in judged) and _may_exist(r, graph)]
    found = _Found()
    for number, (resource, asking) in enumerate(_subjects(rules, graph, judged)):
        if number % _MOST_KEPT == _MOST_KEPT - 1:
            graph.forget()
        found.places.add((resource.account, resource.region))
        if assigned is not None:
            asking = assigned.asked_of(graph, resource, asking, found.assigned)  # noqa: PLW2901, fewer of the same
        use = is_used(graph, resource)
        for rule in asking:
            asked = Inquiry(rule, graph, resource, today)
            found.add(resource, rule, *_of_what_is_used(asked, use, lists_all=lists_all))
    costs = tuple(sorted(bill(graph, subjects, most_scenarios())))
    graph.close()
    return _report(snapshot, rules, subjects, found, costs, today)


def _report(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    subjects: Sequence[Resource],
    found: _Found,
    costs: tuple[RunningCost, ...],
    today: str,
) -> Report:
    told = {finding.rule.id for finding in found.listed} | found.counts.keys()
    return Report(
        rules=tuple(rule.info for rule in rules),
        findings=tuple(sorted(found.listed, key=sort_key)),
        gaps=snapshot.gaps,
        problems=snapshot.problems,
        notes=snapshot.notes,
        judged_at=today if any(rule.programs.asks_the_date for rule in rules if rule.info.id in told) else None,
        counted=found.counts,
        passed_types=frozenset(found.passed),
        places=frozenset(found.places),
        complete=snapshot.complete,
        unjudged=added_up([*snapshot.unjudged, *_without_rule(subjects, rules)]),
        not_followed=tuple(sorted(set(snapshot.not_followed))),
        census=_census(subjects),
        assigned=assigned_in([[msgspec.structs.replace(one, count=n) for one, n in found.assigned.items()]]),
        costs=costs,
    )


NOT_IN_USE = Counts(not_applicable=1)
"""Of what nothing in the account serves: it costs nothing and fails nobody, so only rules of security judge it."""


class _Found:
    """What was found so far."""

    def __init__(self) -> None:
        self.listed: list[Finding] = []
        self.counts: dict[str, Counts] = {}
        self.passed: set[str] = set()
        """The types of resources that passed and are only counted."""
        self.assigned: Counter[Assigned] = Counter()
        self.places: set[tuple[str | None, str | None]] = set()
        """Accounts and regions."""

    def add(self, resource: Resource, rule: Rule, findings: Sequence[Finding], counted: Counts) -> None:
        self.listed.extend(findings)
        if counted is not NO_COUNTS:
            self.counts[rule.info.id] = self.counts.get(rule.info.id, NO_COUNTS).plus(counted)
            self.passed.update([resource.type] if counted.passed else [])


# --- what gets no verdict ---------------------------------------------------------------------------


NO_RULE = "no rule yet"


def _may_exist(resource: Resource, graph: Graph) -> bool:
    """Whether a resource is there in any scenario: what its condition always leaves out needs no verdict."""
    if resource.exists is True:
        return True
    found = explore(lambda scenario: World(graph, scenario).exists(resource) is not False, {}, most_scenarios())
    return any(exists is not False for _, exists in found)


def _without_rule(resources: Iterable[Resource], rules: Iterable[Rule]) -> Iterator[Unjudged]:
    """Yield the types that no rule asks about and that belong to machine learning, are unrecognised, or are opaque."""
    asked = {type_ for rule in rules for type_ in rule.info.applies_to}
    counted = Counter(resource.type for resource in resources if resource.type not in asked)
    for type_, count in counted.items():
        is_ml = type_names.is_ml(type_)
        if type_names.is_opaque(type_):
            yield Unjudged(type_, count, "only its own code decides what it creates", is_ml, "opaque")
        elif not type_names.is_recognised(type_):
            yield Unjudged(type_, count, "AWS is not known to have this type", is_ml, "unrecognised")
        elif is_ml:
            yield Unjudged(type_, count, NO_RULE, is_ml, "no-rule")


def _census(resources: Sequence[Resource]) -> Census:
    counted = Counter(resource.type for resource in resources)
    return Census(
        resources=counted.total(),
        ml=sum(count for type_, count in counted.items() if type_names.is_ml(type_)),
        recognised=sum(
            count
            for type_, count in counted.items()
            if type_names.is_recognised(type_) and not type_names.is_opaque(type_)
        ),
    )


def _subjects(
    rules: Sequence[Rule], graph: Graph, judged: Container[tuple[str, str]] | None
) -> Iterator[tuple[Resource, Sequence[Rule]]]:
    """Yield each resource that rules ask about, with those. A rule for a type that is not there costs nothing."""
    asking: dict[str, list[Rule]] = {}
    for rule in rules:
        for type_ in rule.info.applies_to:
            asking.setdefault(type_, []).append(rule)
    for type_, of_type in asking.items():
        for resource in graph.of_type(type_):
            if judged is None or (type_, resource.id) in judged:
                yield resource, of_type


# --- one rule, one resource -------------------------------------------------------------------------


def _outcomes(asked: Inquiry, *, lists_all: bool) -> tuple[Sequence[Finding], Counts]:
    """Return the findings that are to be listed, and how many outcomes are only counted."""
    budget.tick()
    quick = asked.rule.programs.quick
    try:
        if quick is not None:
            return _quickly(asked, quick, lists_all=lists_all)
    except (Bail, Fork, RecursionError):
        pass  # more than the first pass can follow, or a message that hangs on what it did not look at
    listed: list[Finding] = []
    counted = NO_COUNTS
    for cases, absent in cases_by_item(asked):
        outcome = gravest(case.verdict.outcome for case in cases)
        if lists_all or outcome in OPEN:
            others = [case.assumptions for case in cases if case.verdict.outcome is not outcome]
            chosen = [case for case in cases if case.verdict.outcome is outcome]
            listed.append(join(asked.rule, asked.resource, chosen, [*absent, *others]))
        else:
            counted = counted.plus(_COUNT_OF[outcome])
    return listed, counted


def _of_what_is_used(asked: Inquiry, use: Truth, *, lists_all: bool) -> tuple[Sequence[Finding], Counts]:
    """Return the outcomes of a rule; most are only about what something in the account serves."""
    if use is True or asked.rule.judges_unused:
        return _outcomes(asked, lists_all=lists_all)
    return _if_in_use(asked, use.reason, lists_all=lists_all) if isinstance(use, Unknown) else ((), NOT_IN_USE)


def _if_in_use(asked: Inquiry, doubt: str, *, lists_all: bool) -> tuple[Sequence[Finding], Counts]:
    """Return the outcomes of a rule about what is in use, where that is not known: what it applies to is unknown."""
    findings, counted = _outcomes(asked, lists_all=True)
    told = f"Cannot tell: {doubt}"
    applies = [f for f in findings if f.outcome is not Outcome.NOT_APPLICABLE]
    unknown = [msgspec.structs.replace(f, outcome=Outcome.UNKNOWN, message=told, waste=None) for f in applies]
    rest = [f for f in findings if f.outcome is Outcome.NOT_APPLICABLE]
    if lists_all:
        return [*unknown, *rest], counted
    for _ in rest:
        counted = counted.plus(_COUNT_OF[Outcome.NOT_APPLICABLE])
    return unknown, counted


_COUNT_OF: Mapping[Outcome, Counts] = {Outcome.PASS: Counts(passed=1), Outcome.NOT_APPLICABLE: Counts(not_applicable=1)}


_NOTHING_ASSUMED: Assumptions = {}


class _Leaf(msgspec.Struct, frozen=True):
    """What the first pass says of one item in one scenario."""

    assumptions: Assumptions
    outcome: Outcome
    number: int
    """Which item of the list."""
    place: Cell
    is_closed: bool = False
    """Whether the template has to be taken for all there is to say so."""


def _quickly(asked: Inquiry, quick: QuickPrograms, *, lists_all: bool) -> tuple[Sequence[Finding], Counts]:
    """Return the outcomes by the first pass; the second one traces what is listed, in its scenarios only.

    The scenarios are those of `tracing.cases_by_item`, in the same order. Raise `Bail` where that has to judge.
    """
    pass_ = _Pass(asked, quick)
    settled = pass_.settled()
    if settled is not None and not lists_all and (counts := _counted(settled)) is not None:
        return (), counts
    if settled and Outcome.UNKNOWN not in [answer for _, answer in settled]:
        leaves = [_Leaf(_NOTHING_ASSUMED, answer, number, at) for number, (at, answer) in enumerate(settled)]
        return _told(asked, _by_item(leaves), (), lists_all=lists_all)
    most = most_scenarios()
    lists = _scenarios(pass_.items, {}, most)
    by_item = _by_item(
        leaf
        for start, items in lists
        for number, item in enumerate(items or ())
        for leaf in pass_.leaves(start, number, item, max(1, most // len(lists)))
    )
    if not by_item:
        return _without_items([items for _, items in lists], lists_all=lists_all)
    return _told(asked, by_item, lists, lists_all=lists_all)


_Lists: TypeAlias = Sequence[tuple[Assumptions, Sequence[tuple[Cell, object]] | None]]
"""The items of a rule in each scenario; None where the resource does not exist."""


def _by_item(leaves: Iterable[_Leaf]) -> Mapping[Key, Sequence[_Leaf]]:
    found: dict[Key, list[_Leaf]] = {}
    for leaf in leaves:
        found.setdefault(key_of(leaf.place), []).append(leaf)
    return found


def _told(
    asked: Inquiry, by_item: Mapping[Key, Sequence[_Leaf]], lists: _Lists, *, lists_all: bool
) -> tuple[Sequence[Finding], Counts]:
    """Return the findings for what is to be listed, and the counts of the rest."""
    listed: list[Finding] = []
    counted = NO_COUNTS
    for key, leaves in by_item.items():
        outcome = leaves[0].outcome if len(leaves) == 1 else gravest(leaf.outcome for leaf in leaves)
        if lists_all or outcome in OPEN:
            absent = [start for start, items in lists if key not in [key_of(place) for place, _ in items or ()]]
            listed.append(_traced(asked, outcome, leaves, absent))
        else:
            counted = _COUNT_OF[outcome] if counted is NO_COUNTS else counted.plus(_COUNT_OF[outcome])
    return listed, counted


def _counted(settled: Sequence[tuple[Cell, Outcome]]) -> Counts | None:
    """Return how many items pass or are not applicable; None where there is more to say of one."""
    if len(settled) == 1:
        return _COUNT_OF.get(settled[0][1])
    if not settled:
        return _COUNT_OF[Outcome.NOT_APPLICABLE]
    outcomes = {key_of(place): outcome for place, outcome in settled}
    if len(outcomes) < len(settled) or not all(outcome in _COUNT_OF for outcome in outcomes.values()):
        return None
    passed = sum(outcome is Outcome.PASS for outcome in outcomes.values())
    return Counts(passed=passed, not_applicable=len(outcomes) - passed)


def _without_items(lists: Sequence[object | None], *, lists_all: bool) -> tuple[Sequence[Finding], Counts]:
    """Return what is to be said of a resource that has no items; nothing if it never exists."""
    if all(items is None for items in lists):
        return (), NO_COUNTS
    if lists_all:
        raise Bail
    return (), _COUNT_OF[Outcome.NOT_APPLICABLE]


def _traced(asked: Inquiry, outcome: Outcome, leaves: Sequence[_Leaf], absent: Sequence[Assumptions]) -> Finding:
    """Return the finding for an item. Raise `Bail` if the second pass does not agree: then it has to judge alone."""
    chosen = [
        traced(asked, leaf.assumptions, leaf.number, leaf.place, is_closed=leaf.is_closed)
        for leaf in leaves
        if leaf.outcome is outcome
    ]
    if any(case.verdict.outcome is not outcome for case in chosen):
        raise Bail
    others = [leaf.assumptions for leaf in leaves if leaf.outcome is not outcome]
    return join(asked.rule, asked.resource, chosen, [*absent, *others])


class _Pass:
    """The first pass over one rule and resource: outcomes, and nothing of why."""

    __slots__ = ("_asked", "_frame", "_quick", "_seen")

    def __init__(self, asked: Inquiry, quick: QuickPrograms) -> None:
        self._asked = asked
        self._quick = quick
        self._frame: list[object] = [None] * quick.size
        self._frame[0] = asked.steps.left
        self._frame[3] = asked.today
        self._frame[4] = asked.rule.thresholds
        self._seen: tuple[Assumptions | None, bool, World | None] = (None, False, None)

    def settled(self) -> Sequence[tuple[Cell, Outcome]] | None:
        """Return the place of each item with its outcome; None where a parameter decides something of them."""
        try:
            items = self.items(_NOTHING_ASSUMED)
            return None if items is None else [(at, self._answer(_NOTHING_ASSUMED, item)) for at, item in items]
        except Fork:
            return None

    def items(self, assumptions: Assumptions, *, is_closed: bool = False) -> Sequence[tuple[Cell, object]] | None:
        """Return what the rule is about, each with its place; None where the resource does not exist."""
        asked = self._asked
        world = self._world(assumptions, is_closed=is_closed)
        exists = world.exists(asked.resource)
        if exists is not True:
            if exists is False:
                return None
            raise Bail
        if self._quick.for_each is None:
            return [(world.cell(asked.resource), None)]
        self._frame[1] = _view(world, asked.resource)
        return places(self._quick.for_each(self._frame))  # type: ignore[return-value] # cells of this graph

    def leaves(self, start: Assumptions, number: int, item: tuple[Cell, object], most: int) -> Sequence[_Leaf]:
        """Return the outcome for one item in each scenario, within the one that its list was found in."""

        def ask(assumptions: Assumptions) -> _Leaf:
            here = item if assumptions == start else self._item(assumptions, number)
            answer = self._answer(assumptions, here[1])
            if answer is not Outcome.UNKNOWN or not self._asked.rule.absent_partner_fails:
                return _Leaf(assumptions, answer, number, here[0])
            # as `tracing.ask`: once more, with the template taken for all there is
            place, inner = self._item(assumptions, number, is_closed=True)
            second = self._answer(assumptions, inner, is_closed=True)
            if second is Outcome.PASS:
                return _Leaf(assumptions, answer, number, here[0])
            return _Leaf(assumptions, second, number, place, is_closed=True)

        return [leaf for _, leaf in _scenarios(ask, start, most)]

    def _item(self, assumptions: Assumptions, number: int, *, is_closed: bool = False) -> tuple[Cell, object]:
        items = self.items(assumptions, is_closed=is_closed) or ()
        if number >= len(items):
            raise Bail
        return items[number]

    def _answer(self, assumptions: Assumptions, item: object, *, is_closed: bool = False) -> Outcome:
        frame, quick = self._frame, self._quick
        frame[1], frame[2] = _view(self._world(assumptions, is_closed=is_closed), self._asked.resource), item
        if quick.where is not None:
            applies = quick.where(frame)
            if applies is not True:
                return Outcome.NOT_APPLICABLE if applies is False else Outcome.UNKNOWN
        answers = [requirement(frame) for requirement in quick.require]
        if any(answer is False for answer in answers):
            return Outcome.FAIL
        return Outcome.PASS if all(answer is True for answer in answers) else Outcome.UNKNOWN

    def _world(self, assumptions: Assumptions, *, is_closed: bool) -> World:
        """Return the world of a scenario; most calls ask for the last one."""
        last, was_closed, world = self._seen
        if world is None or last is not assumptions or was_closed is not is_closed:
            world = self._asked.graph.world(assumptions, self._asked.rule.defaults, is_closed=is_closed)
            self._seen = (assumptions, is_closed, world)
        return world


def _view(world: World, resource: Resource) -> object:
    view = world.views.get(resource)
    if view is None:
        view = world.views[resource] = seen(world.cell(resource))
    return view


def _scenarios(evaluate: Callable[[Assumptions], T], start: Assumptions, limit: int) -> list[tuple[Assumptions, T]]:
    """As `explore`, but past the limit it raises `Bail`."""
    waiting: list[Assumptions] = [start]
    done: list[tuple[Assumptions, T]] = []
    while waiting:
        assumptions = waiting.pop()
        limit -= 1
        if limit < 0 or (done and not budget.fork()):
            raise Bail
        try:
            done.append((assumptions, evaluate(assumptions)))
        except Fork as fork:
            waiting.extend({**assumptions, **branch} for branch in reversed(fork.branches))
    return done
