"""``Fn::ForEach``: loops are unrolled before anything else is read; none is dropped silently.

A list that scenarios decide is unrolled for all of them together; what only some of them make carries a `Guard` (a
resource) or is in an `ITEM` function (a member of a map), which ask the scenario again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

import msgspec

from wa_lint.budget import spent
from wa_lint.model import AnyScenario, Gap, Path, Problem, Raw, Scope, Unknown, Unresolved, Value
from wa_lint.scenario import explore
from wa_lint.sources.template.functions.partial_text import spell, text_of
from wa_lint.sources.template.functions.question import Asking, Template
from wa_lint.sources.template.sections import Guard, Sections

FOR_EACH: Final = "Fn::ForEach::"

ITEM: Final = "Fn::ForEach item"
"""The function around a member of a map that a loop makes in some scenarios only: list, item, value. No template
can call it so, for CloudFormation's names have no blanks."""

_LOOPING: Final = ("Conditions", "Resources", "Outputs")

_MOST_TURNS: Final = 1000
"""Turns of one loop and those in it; CloudFormation takes 500 resources (AWS: CloudFormation quotas, seen 2026-11)."""

_MOST_SCENARIOS: Final = 16


def unrolled(template: Template) -> Sections:
    """Return the sections of `template` without loops, but for those with an unknown list or too many turns."""
    sections = template.sections
    if FOR_EACH not in sections.document.text and not any(FOR_EACH in d.text for d in sections.snippets.values()):
        return sections
    return _Unrolling(template).done()


def item_of(ask: Asking, argument: Raw) -> Value:
    """Return the value of an `ITEM`: ABSENT where the list has not this item in the scenario."""
    match argument:
        case [collection, str(item), value]:
            there = has_item(ask, collection, item)
            return there if isinstance(there, Unknown) else ask.value(value if there else _NO_VALUE, whole=ask.whole)
    return Unknown(f"{ITEM} is not a CloudFormation function")


def has_item(ask: Asking, collection: Raw, item: str) -> bool | Unknown:
    """Whether a loop over `collection` has a turn for `item` in the scenario."""
    items, assumes = ask.recall(
        f"{FOR_EACH} {spell(collection)}", lambda scenario: _answer(ask.template, collection, scenario)
    )
    ask.assumes.update(dict.fromkeys(assumes))
    return items if isinstance(items, Unknown) else item in items


_NO_VALUE: Final = {"Ref": "AWS::NoValue"}

_NOWHERE: Final[Path] = ("a list",)


class _List(msgspec.Struct, frozen=True):
    """What a loop goes over."""

    items: tuple[str, ...] = ()
    is_certain: bool = True
    """Whether it has just these items in every scenario, whatever is assumed."""
    unknown: str | None = None
    """Why it may have others."""


class _TooMuch(Exception):  # noqa: N818, it is not an error: the loop is left as it is
    """The loop turns too often, or writes too much."""


class _Unrolling:
    """One pass over a template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.sections = template.sections
        self.moved: dict[Path, Path] = {}
        self.guards: dict[str, tuple[Guard, ...]] = {}
        self.problems: list[Problem] = []
        self.gaps: list[Gap] = []
        self.is_allowed = "AWS::LanguageExtensions" in str(self.sections.value.get("Transform"))
        self.made = 0
        """Resources that the loops made."""
        self.turns = 0

    def done(self) -> Sections:
        value = dict(self.sections.value)
        for name in _LOOPING:
            if isinstance(value.get(name), dict):
                value[name] = self._map(value[name], (name,), (name,), {}, ())
        sections = self.sections.changed(value, self.moved, self.problems, self.gaps)
        is_open = bool(self.gaps) or any(key.startswith(FOR_EACH) for key in value.get("Resources") or {})
        return msgspec.structs.replace(sections, guards=self.guards, is_open=sections.is_open or is_open)

    def _value(self, raw: Raw, at: Path, source: Path, bound: Mapping[str, str]) -> Raw:
        """Return `raw` without loops; `at` is where it comes to stand, `source` where it stood."""
        if bound:
            _demand(self.template.meter.visit())
        if isinstance(raw, dict):
            if len(raw) == 1 and isinstance(raw.get("Ref"), str) and raw["Ref"] in bound:
                return bound[raw["Ref"]]
            return self._map(raw, at, source, bound, ())
        if isinstance(raw, list):
            return [self._value(inner, (*at, i), (*source, i), bound) for i, inner in enumerate(raw)]
        return self._filled(raw, bound) if bound and isinstance(raw, str) else raw

    def _map(
        self, raw: Mapping[str, Raw], at: Path, source: Path, bound: Mapping[str, str], guards: tuple[Guard, ...]
    ) -> dict[str, Raw]:
        found: dict[str, Raw] = {}
        for key, inner in raw.items():
            if key.startswith(FOR_EACH):
                self._loop(found, key, inner, _Place(at, (*source, key)), bound, guards)
                continue
            name = self._filled(key, bound) if bound else key
            if (*at, name) != (*source, key):
                self.moved[(*at, name)] = (*source, key)
            found[name] = self._guarded(self._value(inner, (*at, name), (*source, key), bound), at, name, guards)
        return found

    def _guarded(self, value: Raw, at: Path, name: str, guards: tuple[Guard, ...]) -> Raw:
        if not guards or at[:1] != ("Resources",):
            return value
        if len(at) == 1:
            self.guards[name] = guards
            return value
        for guard in reversed(guards):
            value = {ITEM: [guard.collection, guard.item, value]}
        return value

    def _loop(
        self,
        found: dict[str, Raw],
        key: str,
        body: Raw,
        place: _Place,
        bound: Mapping[str, str],
        guards: tuple[Guard, ...],
    ) -> None:
        """Add to `found` what the loop makes. An outermost loop that turns too often makes nothing."""
        problem = _malformed(body)
        if not (bound or self.is_allowed):
            said = f"{key} needs the transform AWS::LanguageExtensions; without it CloudFormation refuses the template"
            self.problems.append(Problem(self.sections.locate_key(place.source), said))
        if problem is not None:
            self._leave(found, key, body, place, problem)
            return
        if bound:
            self._turn(found, key, body, place, bound, guards)
            return
        self.turns, already = 0, self.made
        made: dict[str, Raw] = {}
        before = [len(noted) for noted in self._noted]
        try:
            self._turn(made, key, body, place, bound, guards)
        except _TooMuch as why:
            self._forget(before)
            self.made = already
            self._leave(found, key, body, place, str(why))
            return
        found.update(made)

    @property
    def _noted(self) -> tuple[dict[Path, Path] | dict[str, tuple[Guard, ...]] | list[Problem] | list[Gap], ...]:
        return self.moved, self.guards, self.problems, self.gaps

    def _forget(self, before: Sequence[int]) -> None:
        """Drop what was noted since there was only so much of each."""
        for noted, length in zip(self._noted, before, strict=True):
            while len(noted) > length:
                noted.popitem() if isinstance(noted, dict) else noted.pop()

    def _turn(
        self,
        found: dict[str, Raw],
        key: str,
        body: Sequence[Raw],
        place: _Place,
        bound: Mapping[str, str],
        guards: tuple[Guard, ...],
    ) -> None:
        name, said, fragment = body
        collection = self._value(said, _NOWHERE, _NOWHERE, bound)
        listed = self._list(collection)
        self._make(fragment, place, len(listed.items))
        for item in listed.items:
            self.turns += 1
            if self.turns > _MOST_TURNS:
                msg = f"with the loops in it, it runs more than {_MOST_TURNS} times"
                raise _TooMuch(msg)
            inner = guards if listed.is_certain else (*guards, Guard(collection, item))
            found.update(self._map(fragment, place.at, (*place.source, 2), {**bound, name: item}, inner))
        if listed.unknown is not None:
            self._leave(found, key, body, place, listed.unknown)

    def _make(self, fragment: Mapping[str, Raw], place: _Place, turns: int) -> None:
        """Count the resources that a loop makes itself."""
        if place.at == ("Resources",):
            self.made += turns * sum(not key.startswith(FOR_EACH) for key in fragment)
            if self.made > self.template.meter.budget.resources:
                raise _TooMuch(spent("resources", self.template.meter.budget))

    def _leave(self, found: dict[str, Raw], key: str, body: Raw, place: _Place, why: str) -> None:
        """Say why a loop is not unrolled, or not in full. In a map below a section it stays, which hides that map."""
        made = (
            "the resources that it creates were not checked" if place.at == ("Resources",) else "its content is unknown"
        )
        problem = Problem(self.sections.locate_key(place.source), f"{key} is not unrolled, so {made}: {why}")
        if problem not in self.problems:
            self.problems.append(problem)
        if len(place.at) > 1:
            found[key] = body
        if place.at == ("Resources",):
            self.gaps.extend(Gap(Scope(type_), f"{key}: {why}") for type_ in sorted(set(_types_in(body))))

    def _list(self, collection: Raw) -> _List:
        """Return the items that the list has in any scenario."""
        if isinstance(collection, list) and all(text_of(item) is not None for item in collection):
            return _List(tuple(dict.fromkeys(text for item in collection if (text := text_of(item)))))
        found: dict[str, None] = {}
        ask: Callable[[AnyScenario], _Answer] = partial(_answer, self.template, collection)
        answers = list(explore(ask, {}, _MOST_SCENARIOS))
        unknown = None
        for _, answer in answers:
            items, _ = answer or (Unknown(f"{spell(collection)} differs in more than {_MOST_SCENARIOS} scenarios"), ())
            if isinstance(items, Unknown):
                unknown = unknown or items.reason
            else:
                found.update(dict.fromkeys(items))
        is_certain = len(answers) == 1 and unknown is None and not (answers[0][1] or ((), ()))[1]
        return _List(tuple(found), is_certain, unknown)

    def _filled(self, text: str, bound: Mapping[str, str]) -> str:
        """Return a text with the names of loops replaced; in ``&{Name}`` only letters and digits of the item stay."""
        for name, item in bound.items():
            if f"{{{name}}}" not in text:
                continue
            _demand(self.template.meter.write(text.count(f"{{{name}}}") * len(item) + len(text)))
            text = text.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", re.sub("[^A-Za-z0-9]", "", item))
        return text


def _demand(refusal: Unknown | None) -> None:
    if refusal is not None:
        raise _TooMuch(refusal.reason)


class _Place(msgspec.Struct, frozen=True):
    """Where a loop is: `at` is the map that it fills, `source` the loop itself."""

    at: Path
    source: Path


_Answer: TypeAlias = tuple[tuple[str, ...] | Unknown, tuple[str, ...]]
"""The items of a list, and what was assumed to say so."""


def _answer(template: Template, collection: Raw, scenario: AnyScenario) -> _Answer:
    ask = Asking(template, scenario)
    return _items(ask, collection), tuple(ask.assumes)


def _items(ask: Asking, collection: Raw) -> tuple[str, ...] | Unknown:
    """Return the items in the scenario. An empty one makes no turn (cfn-language-discussion#154: for most types)."""
    value = ask.value(collection, whole=True)
    if isinstance(value, Unresolved):
        return Unknown(f"its list is not known: {value.reason}")
    if not isinstance(value, list):
        return value if isinstance(value, Unknown) else Unknown(f"{spell(collection)} is not a list")
    texts: dict[str, None] = {}
    for raw in value:
        item = ask.value(raw)
        text = text_of(item)
        if text is None:
            why = item.reason if isinstance(item, Unknown | Unresolved) else "it is not a string"
            return Unknown(f"an item of its list is not known: {why}")
        texts[text] = None
    return tuple(text for text in texts if text)


def _malformed(body: Raw) -> str | None:
    match body:
        case [str(name), _, dict(fragment)] if name and fragment:
            return None
    return "it takes a name, a list, and a map of what each turn makes"


def _types_in(raw: Raw) -> Iterator[str]:
    if isinstance(raw, dict):
        type_ = raw.get("Type")
        if isinstance(type_, str) and "::" in type_:
            yield type_
        for inner in raw.values():
            yield from _types_in(inner)
    elif isinstance(raw, list):
        for inner in raw:
            yield from _types_in(inner)
