"""Writes for terminals and logs: colours, lines that fit, and no text that could steer its reader."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.reporters import RenderOptions, visible

_ANSI: Final = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "bold": "1",
    "faint": "2",
    "caret": "1;31",
    "good": "32",
}

_COMMAND: Final = re.compile(r"(?m)^([ \t]*)(::|##\[)")
"""What makes a line a command to GitHub's runner, which reads the log of every step."""

INDENT: Final = "  "

_NARROWEST: Final = 40


class Ink(msgspec.Struct, frozen=True):
    """Writes a text so that a terminal shows it and does nothing else, in a colour if there are any."""

    colour: bool

    def __call__(self, text: str, style: str = "") -> str:
        shown = visible(text)
        return f"\x1b[{_ANSI[style]}m{shown}\x1b[0m" if self.colour and style else shown


def without_commands(text: str) -> str:
    """Return `text` without a line that the runner of a workflow obeys."""
    return _COMMAND.sub(lambda found: f"{found[1]}\\u{ord(found[2][0]):04x}{found[2][1:]}", text)


def prose(text: str, options: RenderOptions, ink: Ink, *, label: str = "", hang: int = 12) -> Iterator[str]:
    """Yield a text in lines that fit, further ones below the end of its label, `hang` columns at most."""
    text = INDENT + ink(label) + ink(" ".join(text.split()))
    lines = list(wrapped(text, options, INDENT + " " * min(len(label), hang)))
    if len(lines) > 1 and lines[0].strip() == label.strip():  # a path that no line holds: the label is not left alone
        lines[:2] = [f"{INDENT}{ink(label)}{lines[1].lstrip()}"]
    for line in lines:
        head = INDENT + label
        yield head[: len(INDENT)] + ink(label, "faint") + line[len(head) :] if label and line.startswith(head) else line


def paragraph(text: str, options: RenderOptions, ink: Ink) -> Sequence[str]:
    """Return a text in lines that fit, further ones indented below the first."""
    return wrapped(INDENT + ink(" ".join(text.split())), options, INDENT * 2)


def wrapped(text: str, options: RenderOptions, indent: str = "") -> Sequence[str]:
    """Return a text that has no colours in lines that fit, further ones behind `indent`. No word is broken."""
    width = max(options.width, _NARROWEST)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def count(number: int, noun: str) -> str:
    """Return ``1 rule`` or ``2 rules``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
