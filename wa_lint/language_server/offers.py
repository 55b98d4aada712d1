"""What an editor may offer for a finding: the fix of its rule, and a comment that allows it. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import WaLintError
from wa_lint.language_server.judged_buffers import Buffer, JudgedBuffer
from wa_lint.model import Finding, Outcome
from wa_lint.run.contents import JudgedContent, JudgingOptions, settle_within
from wa_lint.run.fix_files import Attempt, fix_files, planned_fix
from wa_lint.run.fix_trials import key

SECONDS: Final = 10.0
"""Of working out one fix, beyond the judgement that runs when they are over."""

FIX: Final = "fix"
ALLOW: Final = "allow"


class Offer(msgspec.Struct, frozen=True):
    """One change that somebody may choose."""

    kind: str
    """`FIX` or `ALLOW`"""
    title: str
    finding: Finding
    is_safe: bool = True


class TextChange(msgspec.Struct, frozen=True):
    """A text in place of what is between two characters, counted from the text's beginning."""

    start: int
    end: int
    text: str


def offers_for(judged: JudgedBuffer, finding: Finding) -> Iterator[Offer]:
    """Yield what may be offered for a finding. Whether a fix holds is worked out when it is chosen."""
    if not finding.is_open or judged.content is None or judged.faults:
        return
    if finding.outcome is Outcome.FAIL and finding.rule.edits:
        plan = planned_fix(judged.content.run, finding)
        if plan.patch is not None and not plan.reason:
            yield Offer(FIX, _title(plan), finding, is_safe=plan.is_safe)
    if _takes_comments(judged.buffer.text):
        yield Offer(ALLOW, f"Allow {finding.rule.id} here, with a reason", finding)


def _title(plan: Attempt) -> str:
    effects = "; ".join(plan.patch.effects) if plan.patch and not plan.is_safe else ""
    return f"Fix {plan.finding.rule.id}" + (f" ({effects})" if effects else "")


def change_for(buffer: Buffer, content: JudgedContent, offer: Offer, how: JudgingOptions) -> TextChange | str:
    """Return the change that an offer makes, or why it cannot be made."""
    if offer.kind == ALLOW:
        return _allowed(buffer, offer.finding)
    run = msgspec.structs.replace(content.run, memory={})
    try:
        fixes = fix_files(
            run, content.judged, settle_within(how, SECONDS), is_unsafe=not offer.is_safe, only={key(offer.finding)}
        )
    except WaLintError as error:
        return str(error)
    changes = [change for change in fixes.changes if change.file.uri == buffer.file.uri]
    if not changes:
        return next((one.reason for one in fixes.attempts if one.reason), "it makes no change here")
    return difference(changes[0].before, changes[0].after)


def difference(before: str, after: str) -> TextChange:
    """Return the one change between two texts."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    most = least - start
    same = next((n for n in range(most) if before[-1 - n] != after[-1 - n]), most)
    return TextChange(start, len(before) - same, after[start : len(after) - same])


def _takes_comments(text: str) -> bool:
    return not text.lstrip().startswith(("{", "["))


def _allowed(buffer: Buffer, finding: Finding) -> TextChange | str:
    """Return a comment on a line of its own: it speaks of what begins on the next line.

    Where a comment there would be part of a text, it stands above the resource.
    """
    text, uri = buffer.text, buffer.file.uri
    try:
        document = _read(text, uri)
        for place in (finding.location, finding.resource.origin.locate(())):
            change = _comment(document, place.line, finding.rule.id)
            if _read(text[: change.start] + change.text + text[change.end :], uri).value == document.value:
                return change
    except WaLintError as error:
        return str(error)
    return "there is no line here that a comment can stand on"


def _read(text: str, uri: str) -> Document:
    return read_document(text.encode("utf-8", "replace"), uri)


def _comment(document: Document, line: int, rule: str) -> TextChange:
    start = document.offset(line, 1)
    behind = document.text[start:].partition("\n")[0]
    indent = behind[: len(behind) - len(behind.lstrip(" "))]
    end = "\r\n" if "\r\n" in document.text else "\n"
    return TextChange(start, start, f"{indent}# wa-lint: allow {rule} TODO: say why{end}")
