"""The protocol: stdin and stdout by pygls. Positions, and what an editor is told, are put into its words here."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from wa_lint.errors import MissingExtra
from wa_lint.language_server.judged_buffers import Buffer, EditorDesk, FileFault, JudgedBuffer, judged
from wa_lint.language_server.known_words import Spot, meaning_of, words_at
from wa_lint.language_server.offers import FIX, Offer, TextChange, change_for, offers_for
from wa_lint.model import OPEN, Finding, Outcome, Severity
from wa_lint.reporters import visible
from wa_lint.run.fix_trials import key
from wa_lint.version import VERSION

try:
    from lsprotocol import types
    from pygls import uris
    from pygls.lsp.server import LanguageServer
except ImportError as error:
    raise MissingExtra("lsp", "the language server needs pygls: pip install 'wa-lint[lsp]'") from error

_PAUSE: Final = 0.15
"""Seconds without a keystroke after which a text is judged."""

_MOST_SHOWN: Final = 1_000
"""Diagnostics of one text."""

_SEVERITIES: Final[Mapping[Severity, types.DiagnosticSeverity]] = {
    Severity.CRITICAL: types.DiagnosticSeverity.Error,
    Severity.HIGH: types.DiagnosticSeverity.Error,
    Severity.MEDIUM: types.DiagnosticSeverity.Warning,
    Severity.LOW: types.DiagnosticSeverity.Information,
}


def serve(desk: EditorDesk) -> None:
    """Answer until the editor ends the session. stdout carries the protocol; what is printed goes to stderr."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _Session(desk).server.start_io(sys.stdin.buffer, wire)


class _Session:
    """The texts of one editor, and what was found in them."""

    def __init__(self, desk: EditorDesk) -> None:
        self.desk = desk
        self.server = LanguageServer("wa-lint", VERSION, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.found: dict[str, JudgedBuffer] = {}
        """By URI."""
        self.one_at_a_time = asyncio.Lock()
        self._register()

    def _register(self) -> None:
        words = types.CompletionOptions(trigger_characters=[":", "-", " "])
        kinds = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix], resolve_provider=True)
        handlers: Sequence[tuple[str, Callable[..., Any], Any]] = (
            (types.TEXT_DOCUMENT_DID_OPEN, self.opened, None),
            (types.TEXT_DOCUMENT_DID_CHANGE, self.changed, None),
            (types.TEXT_DOCUMENT_DID_SAVE, self.saved, None),
            (types.TEXT_DOCUMENT_DID_CLOSE, self.closed, None),
            (types.TEXT_DOCUMENT_HOVER, self.hover, None),
            (types.TEXT_DOCUMENT_COMPLETION, self.complete, words),
            (types.TEXT_DOCUMENT_CODE_ACTION, self.actions, kinds),
            (types.CODE_ACTION_RESOLVE, self.resolve, None),
        )
        for name, handler, options in handlers:
            self.server.feature(name, options)(
                partial(handler)
            )  # pygls marks what it registers; a method takes no mark

    # --- texts ------------------------------------------------------------------------------------------

    async def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        await self._judge(params.text_document.uri, is_typing=False)

    async def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        await self._judge(params.text_document.uri, is_typing=False)

    async def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        await asyncio.sleep(_PAUSE)
        if self._version(uri) == version:
            await self._judge(uri, is_typing=True)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self.found.pop(uri, None)
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    async def _judge(self, uri: str, *, is_typing: bool) -> None:
        async with self.one_at_a_time:
            version = self._version(uri)
            if version is None:
                return
            buffer = self._buffer(uri)
            others = self._others(uri)
            found = await asyncio.to_thread(judged, buffer, self.desk, self.found.get(uri), others, is_typing=is_typing)
            if self._version(uri) is None:
                return
            self.found[uri] = found
        if self._version(uri) == version:
            shown = list(self._diagnostics(found))
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def _others(self, uri: str) -> Mapping[str, bytes]:
        """Return what the other texts hold, by their real paths: a template may name them."""
        others = [self._buffer(other) for other in self.found if other != uri and other.startswith("file:")]
        return {os.path.realpath(one.path): one.text.encode("utf-8", "replace") for one in others}

    def _version(self, uri: str) -> int | None:
        """Return the version of an open text; None of one that is closed."""
        document = self.server.workspace.text_documents.get(uri)
        return None if document is None else document.version or 0

    def _buffer(self, uri: str) -> Buffer:
        text = self.server.workspace.get_text_document(uri).source
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        return Buffer(Path(path), text) if path else Buffer(Path("untitled.yaml"), text, is_file=False)

    # --- what is shown ----------------------------------------------------------------------------------

    def _diagnostics(self, found: JudgedBuffer) -> Iterator[types.Diagnostic]:
        lines = _lines(found.buffer.text)
        for fault in found.faults:
            yield self._of_fault(fault, lines)
        shown = [finding for finding in found.findings if finding.outcome in OPEN and finding.is_open]
        yield from (self._of_finding(finding, lines) for finding in shown[:_MOST_SHOWN])

    def _of_fault(self, fault: FileFault, lines: Sequence[str]) -> types.Diagnostic:
        start = self._position(fault.line - 1, fault.column - 1, lines)
        end = self._position(fault.line - 1, len(lines[min(fault.line, len(lines)) - 1]), lines)
        return types.Diagnostic(
            types.Range(start, end), fault.message, severity=types.DiagnosticSeverity.Error, source="wa-lint"
        )

    def _of_finding(self, finding: Finding, lines: Sequence[str]) -> types.Diagnostic:
        is_failing = finding.outcome is Outcome.FAIL
        severity = _SEVERITIES[finding.rule.severity] if is_failing else types.DiagnosticSeverity.Information
        when = f" (when {finding.when})" if finding.when else ""
        source = next((url for url in finding.rule.references if url.startswith("https://")), None)
        return types.Diagnostic(
            self._range(finding, lines),
            visible(f"{finding.message}{when}"),
            severity=severity,
            code=finding.rule.id,
            code_description=types.CodeDescription(source) if source else None,
            source="wa-lint",
        )

    def _range(self, finding: Finding, lines: Sequence[str]) -> types.Range:
        place = finding.location
        start = self._position(place.line - 1, place.column - 1, lines)
        end = self._position((place.end_line or place.line) - 1, (place.end_column or place.column + 1) - 1, lines)
        return types.Range(start, end)

    def _position(self, line: int, column: int, lines: Sequence[str]) -> types.Position:
        """Return a position in the units of the client for a line and a character, both from 0."""
        line = min(max(line, 0), len(lines) - 1)
        units = self.server.workspace.position_codec.client_num_units
        return types.Position(line, units(lines[line][: max(column, 0)]))

    def _column(self, position: types.Position, lines: Sequence[str]) -> int:
        """Return which character of its line, from 0, a position is at."""
        units, used = self.server.workspace.position_codec.client_num_units, 0
        for column, character in enumerate(_line(lines, position.line)):
            if used >= position.character:
                return column
            used += units(character)
        return len(_line(lines, position.line))

    # --- hover and completion ---------------------------------------------------------------------------

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        uri, position = params.text_document.uri, params.position
        found = self.found.get(uri)
        if found is None:
            return None
        lines = _lines(found.buffer.text)
        near = self._findings_in(found, types.Range(position, position), lines)[:10]
        word = _word_at(_line(lines, position.line), self._column(position, lines))
        is_said = any(one.rule.id == word for one in near)
        meaning = "" if is_said or not word else meaning_of(found.buffer, word, self.desk.how.choice)
        text = "\n\n---\n\n".join(filter(None, [meaning, *map(_told, near)]))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    def complete(self, params: types.CompletionParams) -> types.CompletionList:
        buffer, position = self._buffer(params.text_document.uri), params.position
        lines = _lines(buffer.text)
        column = self._column(position, lines)
        spot = Spot(_line(lines, position.line)[:column], lines[: position.line])
        begin = self._position(position.line, column - len(spot.word), lines)
        place = types.Range(begin, position)
        return types.CompletionList(
            is_incomplete=False,
            items=[
                types.CompletionItem(
                    one.word,
                    documentation=one.meaning or None,
                    kind=types.CompletionItemKind.Keyword,
                    text_edit=types.TextEdit(place, one.word),
                )
                for one in words_at(buffer, spot, self.desk.how.choice)
            ],
        )

    # --- code actions -----------------------------------------------------------------------------------

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        found = self.found.get(uri)
        if found is None or found.buffer.text != self._buffer(uri).text:
            return []
        lines = _lines(found.buffer.text)
        near = self._findings_in(found, params.range, lines)
        offered = [self._action(uri, offer, lines) for one in near[:_MOST_OFFERED] for offer in offers_for(found, one)]
        return offered if self._resolves() else [await self.resolve(action) for action in offered]

    def _action(self, uri: str, offer: Offer, lines: Sequence[str]) -> types.CodeAction:
        return types.CodeAction(
            visible(offer.title),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self._of_finding(offer.finding, lines)],
            is_preferred=offer.kind == FIX and offer.is_safe,
            data={"uri": uri, "kind": offer.kind, "key": list(key(offer.finding))},
        )

    def _resolves(self) -> bool:
        """Whether the client asks for the edit of an action when it is chosen."""
        document = self.server.client_capabilities.text_document
        support = document.code_action.resolve_support if document and document.code_action else None
        return bool(support and "edit" in support.properties)

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        data: Any = action.data or {}
        uri = str(data.get("uri"))
        found = self.found.get(uri)
        if found is None or found.content is None or self._version(uri) is None:
            return action
        wanted = tuple(data.get("key") or ())
        finding = next((one for one in found.findings if key(one) == wanted), None)
        if finding is None or found.buffer.text != self._buffer(uri).text:
            return action
        offer = next((one for one in offers_for(found, finding) if one.kind == data.get("kind")), None)
        if offer is None:
            return action
        async with self.one_at_a_time:
            change = await asyncio.to_thread(change_for, found.buffer, found.content, offer, self.desk.how)
        if isinstance(change, str):
            said = f"wa-lint: {finding.rule.id} not changed: {visible(change)}"
            self.server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, said))
        else:
            action.edit = types.WorkspaceEdit(changes={uri: [self._edit(change, found.buffer.text)]})
        return action

    def _edit(self, change: TextChange, text: str) -> types.TextEdit:
        lines = _lines(text)
        start, end = (self._position(*_place_of(text, at), lines) for at in (change.start, change.end))
        return types.TextEdit(types.Range(start, end), change.text)

    def _findings_in(self, found: JudgedBuffer, wanted: types.Range, lines: Sequence[str]) -> Sequence[Finding]:
        """Return the findings that touch a range, the smallest first."""
        open_ = [finding for finding in found.findings if finding.outcome in OPEN and finding.is_open]
        placed = [(self._range(finding, lines), finding) for finding in open_]
        near = [(place, one) for place, one in placed if place.start <= wanted.end and wanted.start <= place.end]
        return [one for _, one in sorted(near, key=lambda pair: pair[0].end.line - pair[0].start.line)]


_MOST_OFFERED: Final = 20
"""Findings of one range that changes are offered for."""


def _lines(text: str) -> Sequence[str]:
    """Return the lines as the protocol counts them, without their ends."""
    return re.split(r"\r\n|\r|\n", text)


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _place_of(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 0, of a character."""
    before = _lines(text[:offset])
    return len(before) - 1, len(before[-1])


def _word_at(line: str, column: int) -> str:
    """Return the word that a column is in or behind."""
    return next((one[0] for one in re.finditer(r"[A-Za-z][\w-]*", line) if one.start() <= column <= one.end()), "")


def _told(finding: Finding) -> str:
    """Return what is said of a finding, in Markdown. What a template may have written is no markup."""
    info = finding.rule
    state = info.severity.value if finding.outcome is Outcome.FAIL else "unknown"
    values = [f"- {_plain(one.path or one.resource)}: {_plain(one.shown)}" for one in finding.evidence[:5]]
    parts = [
        f"**{info.id}** ({state}): {_plain(finding.message)}",
        "\n".join(values),
        _plain(" ".join(info.why.split())),
        f"Fix: {_plain(' '.join(info.fix.split()))}",
        f"```yaml\n{info.snippet.strip()}\n```" if info.snippet and "```" not in info.snippet else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|&~$])", r"\\\1", visible(text))
