"""Which entries of ``profiles`` in a configuration are for a resource. What is not known is never guessed.

It reads the names, tags and parameters of resources and judges nothing.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.config import ProfileEntry
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import ABSENT, Assigned, GivenParameter, Hole, Partial, Resource, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES
from wa_lint.rule import Rule
from wa_lint.scenario import explore
from wa_lint.truth import Truth, every

_MOST: Final = 16
"""Scenarios in which a tag or a name is looked at; past it, it is not known."""

_ANYTHING: Final = "\U000f0000\U000f0001"
"""Stands for what a hole of a text may be; no pattern names it, so that only ``*`` can match it."""


class Match(msgspec.Struct, frozen=True):
    """Whether a condition holds of a resource, and what was assumed to say so."""

    truth: Truth
    assumes: tuple[str, ...] = ()


class AssignedRules:
    """The rules by the entries that are for a resource. Each combination of entries is worked out once."""

    def __init__(
        self, entries: Sequence[ProfileEntry], rules_of: Callable[[Sequence[ProfileEntry]], Sequence[Rule]]
    ) -> None:
        self._entries = tuple(entries)
        self._rules_of = rules_of
        self._known: dict[tuple[int, ...], Mapping[str, Rule]] = {}

    def every_rule(self) -> Sequence[Rule]:
        """Return the rules that are asked about some resource or other, by id."""
        singly = [(), *((number,) for number in range(len(self._entries)))]
        found: dict[str, Rule] = {}
        for numbers in singly:
            found = {**self._of(numbers), **found}
        return [found[id_] for id_ in sorted(found)]

    def asked_of(
        self, graph: Graph, resource: Resource, asking: Iterable[Rule], seen: Counter[Assigned]
    ) -> Sequence[Rule]:
        """Return those of `asking` that are asked about `resource`, with its settings. Note in `seen` what was said."""
        found = [matches(entry, graph, resource) for entry in self._entries]
        chosen = [number for number, match in enumerate(found) if match.truth is True]
        last = max((number for number in chosen if self._entries[number].profile), default=-1)
        for number, (entry, match) in enumerate(zip(self._entries, found, strict=True)):
            if isinstance(match.truth, Unknown):
                seen[Assigned(entry.where, match.truth.reason)] += 1
            elif match.truth:
                seen[Assigned(entry.where, "", match.assumes, bool(entry.profile) and number < last)] += 1
        rules = self._of(tuple(chosen))
        return [rules[rule.info.id] for rule in asking if rule.info.id in rules]

    def _of(self, numbers: tuple[int, ...]) -> Mapping[str, Rule]:
        if numbers not in self._known:
            rules = self._rules_of([self._entries[number] for number in numbers])
            self._known[numbers] = {rule.info.id: rule for rule in rules}
        return self._known[numbers]


def matches(entry: ProfileEntry, graph: Graph, resource: Resource) -> Match:
    """Return whether all conditions of `entry` hold of `resource`."""
    found = list(_conditions(entry, graph, resource))
    truth = every(match.truth for match in found)
    return Match(
        truth, tuple(dict.fromkeys(said for match in found for said in match.assumes)) if truth is True else ()
    )


def _conditions(entry: ProfileEntry, graph: Graph, resource: Resource) -> Iterator[Match]:
    if entry.paths:
        yield Match(_is_below(resource.origin.locate(()).uri, entry))
    for name, patterns in entry.parameters:
        yield _parameter(name, patterns, graph, resource)
    for key, patterns in entry.tags:
        yield _in_every_scenario(graph, partial(_tag, resource, key, patterns))
    if entry.names:
        yield _in_every_scenario(graph, partial(_name, resource, entry.names))


def _is_below(uri: str, entry: ProfileEntry) -> bool:
    from_there = Path(os.path.relpath(uri, entry.folder)).as_posix()
    return any(fnmatchcase(from_there, pattern) for pattern in entry.paths)


# --- parameters of templates ------------------------------------------------------------------------


def _parameter(name: str, patterns: Sequence[str], graph: Graph, resource: Resource) -> Match:
    """Return whether the template of a resource has such a value. One that does not declare it has none."""
    given = _given(name, graph, resource)
    if given is None:
        return Match(False)
    if given.value is None:
        return Match(Unknown(f"the parameter {name} has no value: pass --parameters {name}=VALUE"))
    assumes = (f"the default of {name}",) if given.is_default else ()
    return Match(any(fnmatchcase(given.value, pattern) for pattern in patterns), assumes)


def _given(name: str, graph: Graph, resource: Resource) -> GivenParameter | None:
    snapshot = graph.snapshot
    maker = snapshot.makers.get(resource.id)
    return next((p for p in snapshot.parameters if p.name == name and p.uri in {None, maker}), None)


# --- tags and names ---------------------------------------------------------------------------------


def _in_every_scenario(graph: Graph, ask: Callable[[World], Match]) -> Match:
    """Return what holds whatever the parameters are; where that differs, it is not known."""
    found = [match for _, match in explore(lambda scenario: ask(World(graph, scenario)), {}, _MOST)]
    first = found[0]
    if first is None or any(match is None or match.truth != first.truth for match in found):
        return Match(Unknown("what it is called or tagged depends on parameters: pass --parameters to settle it"))
    return first


def _tag(resource: Resource, key: str, patterns: Sequence[str], world: World) -> Match:
    tags = world.cell(resource).select("Tags")
    if isinstance(tags.value, dict):
        value = tags.select(key)
        return _fits(value, patterns, f"its tag {key}")
    if isinstance(tags.value, Unknown | Unresolved):
        return Match(Unknown(f"its tags are not known ({tags.value.reason})"))
    answers = [_one_tag(tag, key, patterns) for tag in tags.items()]
    if found := next((match for match in answers if match.truth is True), None):
        return found
    if doubt := next((match for match in answers if isinstance(match.truth, Unknown)), None):
        return doubt
    return Match(Unknown(f"its tags are not known ({tags.value.reason})") if isinstance(tags.value, Partial) else False)


def _one_tag(tag: Cell, key: str, patterns: Sequence[str]) -> Match:
    if isinstance(tag.value, Unknown | Unresolved):
        return Match(Unknown(f"one of its tags is not known ({tag.value.reason})"))
    if not isinstance(tag.value, dict):
        return Match(False)
    is_it = _fits(tag.select("Key"), [re.sub(r"([*?\[])", r"[\1]", key)], "the key of one of its tags")
    return is_it if is_it.truth is not True else _fits(tag.select("Value"), patterns, f"its tag {key}")


def _name(resource: Resource, patterns: Sequence[str], world: World) -> Match:
    """Return whether a resource is called so: by its name, its id in the template, or its ARN."""
    called = (resource.id, resource.name, resource.arn)
    if any(fnmatchcase(text, pattern) for text in called if text for pattern in patterns):
        return Match(True)
    identity = IDENTITIES.get(resource.type)
    if identity is None or resource.name:
        return Match(False)
    return _fits(world.cell(resource).select(identity.name), patterns, "its name")


def _fits(cell: Cell, patterns: Sequence[str], what: str) -> Match:
    """Return whether a text is like one of `patterns`; `what` is what a sentence calls it."""
    value = cell.value
    if value is ABSENT:
        return Match(False)
    if isinstance(value, Unknown):
        return Match(Unknown(f"{what} is not known ({value.reason})"))
    answers = [_is_like(value, pattern) for pattern in patterns]
    if any(answer is True for answer in answers):
        return Match(True, cell.assumes)
    if isinstance(value, Unresolved) and any(answer is None for answer in answers):
        return Match(Unknown(f"{what} is not known ({value.reason})"))
    return Match(False, cell.assumes)


def _is_like(value: Value, pattern: str) -> bool | None:
    """Return whether a text is like `pattern`; None where that hangs on what fills its holes."""
    if not isinstance(value, Unresolved):
        return fnmatchcase(str(value).lower() if isinstance(value, bool) else str(value), pattern)
    if not value.parts:
        return None
    filled = ["".join(fill if isinstance(part, Hole) else part for part in value.parts) for fill in ("", _ANYTHING)]
    if all(fnmatchcase(text, pattern) for text in filled):
        return True
    head, tail = re.match(r"[^*?\[]*", pattern), re.search(r"[^*?\]]*$", pattern)
    first, last = value.parts[0], value.parts[-1]
    differs = (isinstance(first, str) and head and _differ(first, head[0])) or (
        isinstance(last, str) and tail and "[" not in pattern and _differ(last[::-1], tail[0][::-1])
    )
    return False if differs else None


def _differ(text: str, start: str) -> bool:
    """Whether no text begins with both."""
    shorter = min(len(text), len(start))
    return text[:shorter] != start[:shorter]
