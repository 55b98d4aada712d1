"""A piece of text in place of another one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class NotMechanical(Exception):  # noqa: N818, it says what the place is like; nothing went wrong
    """A change that is offered as text only. `str` says why, to follow a semicolon."""


class TextEdit(NamedTuple):
    """Characters `start` to `end` of a text become `text`; equal where something is inserted."""

    start: int
    end: int
    text: str

    @property
    def inserts_lines(self) -> bool:
        return self.start == self.end and self.text.endswith(("\n", "\r"))


def edited(text: str, edits: Iterable[TextEdit]) -> str:
    """Return the text with edits that do not touch each other."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def touch(some: Iterable[TextEdit], others: Iterable[TextEdit]) -> bool:
    """Whether one of `some` and one of `others` are about the same character or the same gap."""
    return any(one.start <= other.end and other.start <= one.end for other in others for one in some)
