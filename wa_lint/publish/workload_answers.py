"""The answers of a workload in the Well-Architected Tool, as they are there. It calls nothing and decides nothing.

Shapes: botocore's model of the service (API of 2020-03-31): `GetAnswer`, `ListLenses`, `ListLensReviews`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.errors import SourceError
from wa_lint.model import Raw

SELECTED, UNSELECTED, NOT_APPLICABLE = "SELECTED", "UNSELECTED", "NOT_APPLICABLE"
"""The statuses that the tool has for a choice."""

NOTE_LIMIT: Final = 250
"""Characters of the notes of a choice."""
NOTES_LIMIT: Final = 2084
"""Characters of the notes of a question."""

_NO_REASON: Final = "NONE"
_DIGITS: Final = 12


class ChoiceState(msgspec.Struct, frozen=True):
    """One choice of a question, and what the workload says of it."""

    id: str
    title: str = ""
    pages: tuple[str, ...] = ()
    """The addresses of its helpful resource and improvement plan; only custom lenses have them."""
    status: str = UNSELECTED
    reason: str = _NO_REASON
    notes: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody said anything of it: it is not selected, not set aside, and has no note."""
        return self.status == UNSELECTED and self.reason in {"", _NO_REASON} and not self.notes.strip()

    @property
    def is_none_of_these(self) -> bool:
        """Whether it says that no other choice of the question holds."""
        return self.id.endswith("_no") or self.title.strip().casefold() == "none of these"


class WorkloadAnswer(msgspec.Struct, frozen=True):
    """One question of a lens, and the answer of a workload to it."""

    question: str
    title: str
    choices: tuple[ChoiceState, ...]
    is_applicable: bool = True
    reason: str = _NO_REASON
    notes: str = ""

    def digest(self, *, is_exact: bool = True) -> str:
        """Return what changes when anybody edits the answer; not exact: blanks and line breaks do not count."""
        spelled = str if is_exact else _flat
        edited = [self.is_applicable, self.reason or _NO_REASON, spelled(self.notes)]
        for choice in sorted(self.choices, key=lambda choice: choice.id):
            edited += [choice.id, choice.status, choice.reason or _NO_REASON, spelled(choice.notes)]
        return hashlib.sha256(msgspec.json.encode(edited)).hexdigest()


class ToolLens(msgspec.Struct, frozen=True):
    """A lens as the tool lists it, and whether a workload has it."""

    alias: str
    arn: str
    name: str
    version: str = ""
    kind: str = ""
    """AWS_OFFICIAL | CUSTOM_SHARED | CUSTOM_SELF"""
    is_associated: bool = False

    @property
    def is_published(self) -> bool:
        """Whether it can be added to a workload: a draft has no version."""
        return self.version not in {"", "DRAFT"}


class ReviewedWorkload(msgspec.Struct, frozen=True):
    """A workload of the tool, and where it was read."""

    id: str
    name: str
    owner: str
    """The account that it belongs to; another one than `account` where it is shared."""
    account: str
    region: str


def digest_of(*parts: str) -> str:
    """Return a short digest of texts; blanks and line breaks in them do not count."""
    joined = "\x1f".join(map(_flat, parts))
    return hashlib.sha256(joined.encode()).hexdigest()[:_DIGITS]


def _flat(text: str) -> str:
    return " ".join(text.split())


def answer_of(raw: Raw) -> WorkloadAnswer:
    """Return the answer that an ``Answer`` of the API is. Raise SourceError where it is not a whole one.

    What is not there is never read as "nobody answered".
    """
    if not isinstance(raw, dict) or not raw.get("QuestionId") or not isinstance(raw.get("Choices"), list):
        raise SourceError("wellarchitected", "the response to GetAnswer has no question with choices")
    told = [*raw["Choices"], *(raw.get("ChoiceAnswers") or ())]
    if not all(isinstance(one, dict) and one.get("ChoiceId") for one in told):
        raise SourceError("wellarchitected", f"the response has a choice without an id in {raw['QuestionId']}")
    if "SelectedChoices" not in raw and "ChoiceAnswers" not in raw and raw.get("Risk") != "UNANSWERED":
        raise SourceError("wellarchitected", f"the response does not say what is selected in {raw['QuestionId']}")
    return WorkloadAnswer(
        question=str(raw["QuestionId"]),
        title=str(raw.get("QuestionTitle") or ""),
        choices=tuple(_choices(raw)),
        is_applicable=raw.get("IsApplicable", True) is not False,
        reason=str(raw.get("Reason") or _NO_REASON),
        notes=str(raw.get("Notes") or ""),
    )


def _choices(raw: Raw) -> Iterator[ChoiceState]:
    """Yield the choices of the question, and then what is answered of choices that its lens no longer has."""
    selected = set(raw.get("SelectedChoices") or ())
    answered: dict[str, Mapping[str, Raw]] = {one["ChoiceId"]: one for one in raw.get("ChoiceAnswers") or ()}
    listed: dict[str, Mapping[str, Raw]] = {one["ChoiceId"]: one for one in raw["Choices"]}
    for id_ in dict.fromkeys((*listed, *sorted({*answered, *selected}))):
        answer, choice = answered.get(id_, {}), listed.get(id_, {})
        yield ChoiceState(
            id=id_,
            title=str(choice.get("Title") or ""),
            pages=tuple(_pages(choice)),
            status=SELECTED if id_ in selected else str(answer.get("Status") or UNSELECTED),
            reason=str(answer.get("Reason") or _NO_REASON),
            notes=str(answer.get("Notes") or ""),
        )


def _pages(choice: Mapping[str, Raw]) -> Iterator[str]:
    for member in ("HelpfulResource", "ImprovementPlan"):
        if address := (choice.get(member) or {}).get("Url"):
            yield str(address)
