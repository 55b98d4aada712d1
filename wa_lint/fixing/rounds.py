"""Applies patches to one text, in rounds: those that touch no other one together, the others to what came out.

After each round the text is read again, and is what it was but for what was assigned; else a patch is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.fixing.assignments import assignments_for
from wa_lint.fixing.document_style import DocumentStyle, style_of
from wa_lint.fixing.edit_text import inserted, replaced
from wa_lint.fixing.patch import Patch
from wa_lint.fixing.structure import Assignment, is_same, with_assignments
from wa_lint.fixing.text_edit import NotMechanical, TextEdit, edited, touch
from wa_lint.model import Path, Raw

_CHANGES_MORE: Final = "it would change more than this: an anchor or a comment is in the way"


class Rewritten(msgspec.Struct, frozen=True):
    """A text after its patches."""

    text: str
    refused: Mapping[int, str] = {}
    """Why a patch could not be applied, by its number."""


class _Step(msgspec.Struct, frozen=True):
    """What one patch changes in the text of a round."""

    number: int
    edits: tuple[TextEdit, ...]
    assigned: tuple[Assignment, ...]
    is_whole: bool
    """Whether nothing of the patch is left for another round."""


class _Refused(Exception):  # noqa: N818, it carries what is to be left out
    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__()
        self.reasons = reasons


def rewritten(document: Document, patches: Sequence[Patch]) -> Rewritten:
    """Return the text with the patches that can be applied, each of them whole."""
    refused: dict[int, str] = {}
    while True:
        wanted = {number: patch for number, patch in enumerate(patches) if number not in refused}
        try:
            return Rewritten(_after_all(document, wanted), refused)
        except _Refused as found:
            refused |= found.reasons


def edits_of(document: Document, patch: Patch) -> Sequence[TextEdit]:
    """Return what one patch alone changes. Raise `NotMechanical` where one look at the text does not tell."""
    step = _edits(document, style_of(document), 0, patch)
    if not step.is_whole or _checked(document, [step]) is None:
        raise NotMechanical(_CHANGES_MORE)
    return step.edits


def obstacle(document: Document, patch: Patch) -> str:
    """Return why a patch cannot be applied, as far as one look at the text tells; empty where nothing is in the way."""
    try:
        _edits(document, style_of(document), 0, patch)
    except NotMechanical as why:
        return str(why)
    return ""


def _after_all(document: Document, patches: Mapping[int, Patch]) -> str:
    """Return the text after all patches. Raise `_Refused` with those that cannot be applied."""
    waiting = patches
    while waiting:
        steps = _steps(document, waiting)
        chosen = _apart([step for step in steps if step.edits])
        if not chosen:
            break
        document = _after(document, chosen)
        done = {step.number for step in steps if not step.edits or (step in chosen and step.is_whole)}
        waiting = {number: patch for number, patch in waiting.items() if number not in done}
    return document.text


def _steps(document: Document, patches: Mapping[int, Patch]) -> Sequence[_Step]:
    style = style_of(document)
    steps: list[_Step] = []
    refused: dict[int, str] = {}
    for number, patch in patches.items():
        try:
            steps.append(_edits(document, style, number, patch))
        except NotMechanical as why:
            refused[number] = str(why)
    if refused:
        raise _Refused(refused)
    return steps


def _edits(document: Document, style: DocumentStyle, number: int, patch: Patch) -> _Step:
    """Return what a patch changes. Of edits that touch each other only the first: the others are for the next round."""
    edits: list[TextEdit] = []
    assigned: list[Assignment] = []
    is_whole = True
    for wanted in patch.wanted:
        for path, value in assignments_for(document.value, wanted.path, wanted.value):
            found, spelled = _edits_of_one(document, style, path, value)
            is_new = path not in {one.path for one in assigned}
            joined = _with_lines(edits, found) if is_new else None
            if joined is None and touch(found, edits):
                is_whole = False
            else:
                edits = [*edits, *found] if joined is None else joined
                assigned.append(Assignment(path, spelled))
    return _Step(number, tuple(edits), tuple(assigned), is_whole)


def _with_lines(edits: Sequence[TextEdit], found: Sequence[TextEdit]) -> list[TextEdit] | None:
    """Return the edits with whole lines added to those that one of them inserts at the same place; None elsewhere."""
    if len(found) != 1 or not found[0].inserts_lines:
        return None
    at = next((i for i, edit in enumerate(edits) if edit.inserts_lines and edit.start == found[0].start), None)
    if at is None:
        return None
    both = TextEdit(found[0].start, found[0].end, edits[at].text + found[0].text)
    return [*edits[:at], both, *edits[at + 1 :]]


def _edits_of_one(document: Document, style: DocumentStyle, path: Path, value: Raw) -> tuple[Sequence[TextEdit], Raw]:
    if _exists(document.value, path):
        edit, spelled = replaced(document, path, value, style)
        return [edit], spelled
    return inserted(document, path, value, style), value


def _exists(value: Raw, path: Path) -> bool:
    for step in path:
        is_there = isinstance(value, list) or step in value
        value = value[step] if is_there else None
    return value is not None


def _apart(steps: Sequence[_Step]) -> list[_Step]:
    """Return the steps that touch none before them."""
    chosen: list[_Step] = []
    for step in steps:
        if not any(touch(step.edits, other.edits) for other in chosen):
            chosen.append(step)
    return chosen


def _after(document: Document, steps: Sequence[_Step]) -> Document:
    """Return the document after the steps. Raise `_Refused` with those that change more than they say."""
    together = _checked(document, steps)
    if together is not None:
        return together
    faulty = [step.number for step in steps if _checked(document, [step]) is None]
    raise _Refused(dict.fromkeys(faulty or [step.number for step in steps], _CHANGES_MORE))


def _checked(document: Document, steps: Sequence[_Step]) -> Document | None:
    """Return the document after the steps; None where it is not what it was but for what they assign."""
    text = edited(document.text, [edit for step in steps for edit in step.edits])
    expected = with_assignments(document.value, [one for step in steps for one in step.assigned])
    try:
        found = read_document(text, document.uri)
    except SourceError:
        return None
    is_alike = len(found.problems) == len(document.problems) and bool(found.continues_at) == bool(document.continues_at)
    return found if is_alike and is_same(found.value, expected) else None
