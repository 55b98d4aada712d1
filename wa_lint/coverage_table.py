"""What the Lens and other tools check, and which rule does it here, or why none does: `data/coverage.yaml`, read.

Nothing that judges reads it: only ``wa-lint rules --map``, the pages of docs/, and the tests that hold the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint import controls, lens
from wa_lint.document import read_document
from wa_lint.rule import Rule

OPEN: Final = "open"
"""The reason of a row that waits for its rule."""

CLASSES: Final = ("full", "partial", "proxy", "none")
"""How much of a practice our rules decide, the most first."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a practice asks of a workload, and that could be seen from outside."""

    what: str
    rules: tuple[str, ...] = ()
    reason: str = ""
    """Why no rule decides it: a key of the table's `reasons`, or a sentence."""
    awaits: tuple[str, ...] = ()
    """Of an open row: rules that are to decide it. Those that exist and name the practice do, the others not yet."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What other tools check, or users ask for, by the id that a rule of ours has or would have."""

    what: str
    rules: tuple[str, ...] = ()
    reason: str = ""
    ids: tuple[str, ...] = ()
    """Controls that check it; those that a rule names itself may be left out."""


class Unmatched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Controls that no rule of ours matches, and that are no topic either."""

    what: str
    ids: tuple[str, ...]
    reason: str


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that AWS publishes about these services, so that nothing is left out."""

    source: str
    date: str
    ids: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    date: str
    reasons: Mapping[str, str]
    practices: Mapping[str, tuple[Check, ...]]
    topics: Mapping[str, Topic]
    controls: tuple[Unmatched, ...]
    published: tuple[Published, ...]

    def said(self, reason: str) -> str:
        """Return a reason in words."""
        return self.reasons.get(reason, reason)


class Mapped(msgspec.Struct, frozen=True):
    """A control, and what we have for it."""

    control: str
    """As its publisher writes it."""
    what: str
    """What it checks; where rules match it, their titles."""
    rules: tuple[str, ...] = ()
    reason: str = ""
    """Why no rule matches it; empty where one does."""
    differs: str = ""
    """Where a rule that names it judges otherwise."""


@cache
def table() -> Table:
    """Return the table, read once."""
    text = files("wa_lint").joinpath("data/coverage.yaml").read_text("utf-8")
    return msgspec.convert(read_document(text, "coverage.yaml").value, Table)


def rules_of(topic: str, entry: Topic, known: Iterable[str]) -> tuple[str, ...]:
    """Return the rules that do what a topic asks: those that it names, or the one that bears its id."""
    return entry.rules or ((topic,) if topic in known else ())


def checks_of(practice: str, rules: Iterable[Rule]) -> list[Check]:
    """Return the checks of a practice, each with the rules of the book that decide it, or with its reason."""
    naming = {rule.info.id for rule in rules if practice in rule.info.practices}
    return [_settled(check, naming) for check in table().practices.get(practice, ())]


def _settled(check: Check, naming: Collection[str]) -> Check:
    arrived = tuple(rule for rule in check.awaits if rule in naming)
    return Check(check.what, arrived) if arrived else check


def class_of(practice: str, rules: Iterable[Rule]) -> str:
    """Return how much of a practice our rules decide: one of `CLASSES`.

    ``full`` needs a rule for each of its checks; no practice is more than the Lens catalogue says it can be.
    """
    checks = checks_of(practice, rules)
    decided = sum(bool(check.rules) for check in checks)
    if not decided:
        return "none"
    ours = "full" if decided == len(checks) else "partial"
    return max(ours, lens.practice(practice).coverage, key=CLASSES.index)


def mapped(standard: str, rules: Sequence[Rule]) -> list[Mapped]:
    """Return every control of a standard that is known here: by number, with our rules, or why there is none."""
    ours = _by_control(standard, rules)
    theirs = {id_: (what, reason) for id_, what, reason in _unruled(rules) if controls.standard_of(id_) == standard}
    return [
        _matched(control, ours[control]) if control in ours else _unmatched(control, *theirs[control])
        for control in controls.in_order({*ours, *theirs})
    ]


def _matched(control: str, rules: Sequence[Rule]) -> Mapped:
    texts = [_difference(rule, control) for rule in rules]
    if len(rules) > 1:
        texts = [f"{rule.info.id}: {text}" if text else "" for rule, text in zip(rules, texts, strict=True)]
    return Mapped(
        control=controls.bare(control),
        what="; ".join(rule.info.title for rule in rules),
        rules=tuple(rule.info.id for rule in rules),
        differs=" ".join(text for text in texts if text),
    )


def _unmatched(control: str, what: str, reason: str) -> Mapped:
    return Mapped(control=controls.bare(control), what=what, reason=table().said(reason))


def _by_control(standard: str, rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    named: dict[str, list[Rule]] = {}
    for rule in rules:
        for control in rule.controls:
            if controls.standard_of(control) == standard:
                named.setdefault(control, []).append(rule)
    return named


def _unruled(rules: Iterable[Rule]) -> Iterator[tuple[str, str, str]]:
    """Yield (control, what it checks, why there is no rule) for each one of the table."""
    known = {rule.info.id for rule in rules}
    for id_, topic in table().topics.items():
        done = rules_of(id_, topic, known)
        reason = f"{', '.join(done)} judges this in another way" if done else topic.reason
        yield from ((control, topic.what, reason) for control in topic.ids)
    for row in table().controls:
        yield from ((control, row.what, row.reason) for control in row.ids)


def _difference(rule: Rule, control: str) -> str:
    """Return in words where `rule` does not judge as `control` does; empty where it does."""
    return " ".join(rule.differs[key].strip() for key in (control, controls.EVERY) if key in rule.differs)


def still_open(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Yield (practice, topic or control, what it checks) for each row that waits for its rule."""
    book = tuple(rules)
    known = {rule.info.id for rule in book}
    named = {control for rule in book for control in rule.controls}
    for practice in table().practices:
        yield from ((practice, check.what) for check in checks_of(practice, book) if check.reason == OPEN)
    for id_, topic in table().topics.items():
        if topic.reason == OPEN and not rules_of(id_, topic, known):
            yield id_, topic.what
    for row in table().controls:
        if row.reason == OPEN and (left := [control for control in row.ids if control not in named]):
            yield left[0], row.what
