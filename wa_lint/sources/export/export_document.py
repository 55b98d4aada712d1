"""What one document of an export holds. Nouns only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from wa_lint import type_names
from wa_lint.model import Gap, GivenParameter, Raw, Resource, Scope, Unjudged


class Found(msgspec.Struct, frozen=True):
    """The resources of one document. Where they are in the file, the reader says: each on the line of its id."""

    resources: tuple[Resource, ...] = ()
    complete: frozenset[Scope] = frozenset()
    problems: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    """What is in it and is not read."""
    parameters: tuple[GivenParameter, ...] = ()
    """The values that were given for it: variables of a plan, parameters of a change set."""
    is_request: bool = False
    """Whether it says what will be asked of AWS, all of it, as a template does: what it leaves out AWS decides by its
    defaults, and nothing has run yet. An answer that leaves something out does not say."""


def without_schema(types: Iterable[str]) -> tuple[Unjudged, ...]:
    """Return what is said of resources, one for each of `types`, that are not read for want of a schema."""
    return tuple(_unread(type_, count) for type_, count in sorted(Counter(types).items()))


def _unread(type_: str, count: int) -> Unjudged:
    is_ml = type_names.is_ml(type_)
    if not type_names.is_recognised(type_) and not type_names.is_opaque(type_):
        return Unjudged(type_, count, "AWS is not known to have this type", is_ml, "unrecognised")
    return Unjudged(type_, count, "wa-lint has no schema of this type", is_ml, "unread" if is_ml else "other")


class Format(msgspec.Struct, frozen=True):
    """One thing that people have saved: how it is known, and what reads it."""

    noun: str
    recognises: Callable[[Raw], bool]
    read: Callable[[Raw], Found]
    """May raise SourceError, with an empty place: the reader knows the file."""
    marks: tuple[bytes, ...] = ()
    """Texts that all are in a file of this format: one that has them and cannot be read is an error, not a skip."""
