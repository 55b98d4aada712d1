"""What one document of an export holds. Nouns only."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from wa_lint.model import Raw, Resource, Scope


class Found(msgspec.Struct, frozen=True):
    """The resources of one document. Where they stand in the file, the reader says: each on the line of its id."""

    resources: tuple[Resource, ...] = ()
    complete: frozenset[Scope] = frozenset()
    problems: tuple[str, ...] = ()
    is_request: bool = False
    """Whether it says what will be asked of AWS, all of it, as a template does: what it leaves out AWS decides by its
    defaults, and nothing has run yet. An answer that leaves something out does not say."""


class Format(msgspec.Struct, frozen=True):
    """One thing that people have saved: how it is known, and what reads it."""

    noun: str
    recognises: Callable[[Raw], bool]
    read: Callable[[Raw], Found]
    """May raise SourceError, with an empty place: the reader knows the file."""
    marks: tuple[bytes, ...] = ()
    """Texts that all stand in a file of this format: one that has them and cannot be read is an error, not a skip."""
