"""``--fix``: edits for the findings of a run, judged again in memory before a file is written. Nothing else writes.

An edit that does not remove its finding, or that makes another one, is taken back.
"""

from __future__ import annotations

import codecs
import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.fixing import NotMechanical, Patch, edits_of, patch_of, rewritten
from wa_lint.model import OPEN, Finding, Outcome, Report
from wa_lint.reporters.replacement import Replacement, Replacements
from wa_lint.run.check_files import CheckRun, Lines, judged_run
from wa_lint.run.inputs import File, content_of
from wa_lint.sources.template import looks_like_template
from wa_lint.writing import atomic, demand_writable

_MOST_TRIES: Final = 8
"""How often the files are judged until no edit has to be taken back."""

Settle: TypeAlias = Callable[[Report], Report]
"""Applies suppressions and the baseline to a report."""

Key: TypeAlias = tuple[str, str, str, str, str]
"""Rule, file, resource, path, outcome: what a finding is before and after an edit."""


class FixedFile(msgspec.Struct, frozen=True):
    """One file before and after."""

    file: File
    before: str
    after: str
    mark: bytes = b""
    """The byte order mark that it begins with."""

    @property
    def content(self) -> bytes:
        return self.mark + self.after.encode()


class Attempt(msgspec.Struct, frozen=True):
    """What became of one finding that fails."""

    finding: Finding
    outcome: str
    """fixed | unsafe: it has an edit that is not safe | none"""
    reason: str = ""
    """Why it was not fixed; of an unsafe edit, what else it does."""
    patch: Patch | None = None
    document: Document | None = None
    """That the patch is for, as it was."""


class Fixes(msgspec.Struct, frozen=True):
    """What was fixed, and the report on the files as they are then."""

    report: Report
    lines: Lines
    changes: tuple[FixedFile, ...] = ()
    attempts: tuple[Attempt, ...] = ()


class _Sheet(msgspec.Struct, frozen=True, eq=False):
    """A file that may be edited."""

    file: File
    document: Document
    mark: bytes


def fix_files(run: CheckRun, report: Report, lines: Lines, settle: Settle, *, is_unsafe: bool) -> Fixes:
    """Return the fixes for what fails in `report`. No file is written: `write_changes` does that."""
    failing = [finding for finding in report.findings if finding.outcome is Outcome.FAIL and finding.is_open]
    sheets, reasons = _sheets(run.files, failing)
    rules = {rule.info.id: rule for rule in run.rules}
    patches: dict[int, Patch] = {}
    for number, finding in enumerate(failing):
        uri, rule = _home(finding), rules.get(finding.rule.id)
        if rule is None or uri not in sheets:
            reasons[str(number)] = reasons.get(uri, _NOT_GIVEN)
            continue
        try:
            patches[number] = patch_of(finding, rule, sheets[uri].document)
        except NotMechanical as why:
            reasons[str(number)] = str(why)
    chosen = {number: patch for number, patch in patches.items() if patch.is_safe or is_unsafe}
    done = _Rounds(run, report, lines, settle, sheets).tried(chosen)
    after = {_key(finding) for finding in done.report.findings}
    attempts = [
        msgspec.structs.replace(
            _attempt(finding, patches.get(number), after, done.reasons.get(number) or reasons.get(str(number), "")),
            patch=patches.get(number),
            document=sheets[_home(finding)].document if _home(finding) in sheets else None,
        )
        for number, finding in enumerate(failing)
    ]
    return Fixes(done.report, done.lines, done.changes, tuple(attempts))


def safe_replacements(run: CheckRun, report: Report, lines: Lines, settle: Settle) -> Replacements:
    """Return what gives the text that `fix_files` would write for a finding, if only safe edits are made."""
    found: dict[Key, tuple[Replacement, ...]] = {}
    fixes = fix_files(run, report, lines, settle, is_unsafe=False)
    for one in fixes.attempts:
        if one.outcome == "fixed" and one.patch and one.patch.is_safe and one.document:
            with contextlib.suppress(NotMechanical):
                found[_key(one.finding)] = tuple(_placed(one.document, one.patch))
    return lambda finding: found.get(_key(finding), ())


def _placed(document: Document, patch: Patch) -> Iterator[Replacement]:
    for edit in edits_of(document, patch):
        yield Replacement(document.location(edit.start, edit.end), edit.text)


def write_changes(changes: Iterable[FixedFile]) -> None:
    """Write the files. Raise `ConfigError` where one cannot be written, or is not what was judged any more."""
    for change in changes:
        path = Path(change.file.path)
        try:
            current = path.read_bytes()
        except OSError as error:
            raise ConfigError(change.file.uri, f"cannot be read: {error.strerror}") from error
        if current != change.mark + change.before.encode():
            raise ConfigError(change.file.uri, "changed while it was judged, so it was not written; run --fix again")
        with atomic(path) as stream:
            stream.write(change.content)


_NOT_GIVEN: Final = "its template is not among the files that were given"


def _attempt(finding: Finding, patch: Patch | None, after: set[Key], reason: str) -> Attempt:
    if _key(finding) not in after:
        return Attempt(finding, "fixed")
    if patch is not None and not reason:
        return Attempt(finding, "unsafe", "; ".join(patch.effects))
    return Attempt(finding, "none", reason)


def _home(finding: Finding) -> str:
    """Return the uri of the file that its resource is in."""
    return finding.resource.origin.locate(()).uri


def _key(finding: Finding) -> Key:
    return (finding.rule.id, _home(finding), finding.resource.id, finding.path, finding.outcome.value)


# --- which files may be edited ----------------------------------------------------------------------


def _sheets(files: Sequence[File], failing: Sequence[Finding]) -> tuple[Mapping[str, _Sheet], dict[str, str]]:
    """Return the files that may be edited, by their uris, and of others with findings why not."""
    wanted = {_home(finding) for finding in failing if finding.rule.edits}
    sheets: dict[str, _Sheet] = {}
    reasons = {_home(finding): _NOT_A_TEMPLATE for finding in failing}
    for file in files:
        if file.uri in wanted and not file.odd:
            try:
                sheets[file.uri] = _sheet(file)
            except (SourceError, ConfigError) as error:
                reasons[file.uri] = error.problem
            except NotMechanical as why:
                reasons[file.uri] = str(why)
    reasons |= dict.fromkeys(wanted - {file.uri for file in files}, _NOT_GIVEN)
    return sheets, reasons


_NOT_A_TEMPLATE: Final = "--fix changes CloudFormation templates only"


def _sheet(file: File) -> _Sheet:
    if file.said is not None:
        raise NotMechanical(_NOT_A_TEMPLATE)
    if file.constructs:
        raise NotMechanical("the AWS CDK writes this file; change the construct")
    if file.content is None:
        _demand_writable(Path(file.path))
    content = content_of(file)
    document = read_document(content, file.uri)
    if not looks_like_template(document.value) or "Resources" not in document.value:
        raise NotMechanical(_NOT_A_TEMPLATE)
    mark = next((mark for mark in (b"", codecs.BOM_UTF8) if mark + document.text.encode() == content), None)
    if mark is None:
        raise NotMechanical("it is not written in UTF-8")
    return _Sheet(file, document, mark)


def _demand_writable(path: Path) -> None:
    """Raise `ConfigError` where a file must not be written. Renaming over one would not ask whether it may."""
    demand_writable(path)
    if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o222:
        raise ConfigError(str(path), "the file is read-only")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(str(path), "its folder is read-only")


_TANGLED: Final = "edits of this file make other findings"

# --- trying -----------------------------------------------------------------------------------------


class _Done(msgspec.Struct, frozen=True):
    report: Report
    lines: Lines
    changes: tuple[FixedFile, ...] = ()
    reasons: Mapping[int, str] = {}


class _Rounds:
    """Applies patches and judges the result, until none has to be taken back."""

    def __init__(
        self, run: CheckRun, report: Report, lines: Lines, settle: Settle, sheets: Mapping[str, _Sheet]
    ) -> None:
        self.run = run
        self.report = report
        self.lines = lines
        self.settle = settle
        self.sheets = sheets
        self.before = {_key(finding) for finding in report.findings}
        self.contents: Mapping[str, bytes] = {}
        """What the changed files held when they were judged last."""

    def tried(self, patches: Mapping[int, Patch]) -> _Done:
        """Return the result with those of the patches that hold, and why the others do not."""
        reasons: dict[int, str] = {}
        for number in range(_MOST_TRIES):
            chosen = {n: patch for n, patch in patches.items() if n not in reasons}
            changes, refused = self._applied(chosen)
            reasons |= refused
            chosen = {n: patch for n, patch in chosen.items() if n not in refused}
            if not changes:
                break
            report, lines = self._judged(changes)
            faults = dict(self._faults(report, chosen))
            if not faults:
                return _Done(report, lines, tuple(changes), reasons)
            reasons |= faults if number < _MOST_TRIES // 2 else self._of_same_files(faults, patches)
        else:
            reasons |= dict.fromkeys(patches, _TANGLED)
        return _Done(self.report, self.lines, (), reasons)

    def _of_same_files(self, faults: Mapping[int, str], patches: Mapping[int, Patch]) -> Mapping[int, str]:
        """Return all patches of the files that have faults: which of them is the cause is not found one by one."""
        files = {_home(patches[number].finding) for number in faults}
        return {n: faults.get(n, _TANGLED) for n, patch in patches.items() if _home(patch.finding) in files}

    def _applied(self, patches: Mapping[int, Patch]) -> tuple[Sequence[FixedFile], Mapping[int, str]]:
        """Return the changed files, and why patches could not be applied."""
        by_file: dict[str, list[int]] = defaultdict(list)
        for number, patch in patches.items():
            by_file[_home(patch.finding)].append(number)
        changes: list[FixedFile] = []
        refused: dict[int, str] = {}
        for uri, numbers in by_file.items():
            sheet = self.sheets[uri]
            result = rewritten(sheet.document, [patches[number] for number in numbers])
            refused |= {numbers[index]: why for index, why in result.refused.items()}
            if result.text != sheet.document.text:
                changes.append(FixedFile(sheet.file, sheet.document.text, result.text, sheet.mark))
        return changes, refused

    def _judged(self, changes: Sequence[FixedFile]) -> tuple[Report, Lines]:
        contents = {change.file.uri: change.content for change in changes}
        files = [
            msgspec.structs.replace(file, content=contents[file.uri]) if file.uri in contents else file
            for file in self.run.files
        ]
        by_path = {os.path.realpath(change.file.path): change.content for change in changes}
        self._forget({uri for uri, _ in contents.items() ^ self.contents.items()})
        self.contents = contents
        task = msgspec.structs.replace(self.run.task, changed=by_path, demands_declared=False)
        report, lines = judged_run(msgspec.structs.replace(self.run, files=files, task=task), None)
        return self.settle(report), lines

    def _forget(self, uris: Collection[str]) -> None:
        """Have files judged again, and those that nest them."""
        memory = self.run.memory if self.run.memory is not None else {}
        for uri, judged in list(memory.items()):
            if uri in uris or any(nested in uris for nested in judged.nested.values()):
                del memory[uri]

    def _faults(self, report: Report, patches: Mapping[int, Patch]) -> Iterator[tuple[int, str]]:
        """Yield the patches to be taken back: their finding is still there, or another one is new."""
        after = {_key(finding) for finding in report.findings}
        for number, patch in patches.items():
            if _key(patch.finding) in after:
                yield number, "the finding would remain"
        unread_before = {entry.uri for entry in self.report.inputs if entry.status == "error"}
        broken = {entry.uri for entry in report.inputs if entry.status == "error"} - unread_before
        yield from (
            (n, "the file could not be read after it") for n, p in patches.items() if _home(p.finding) in broken
        )
        for finding in report.findings:
            is_new = finding.outcome in OPEN and finding.is_open and _key(finding) not in self.before
            if is_new and _home(finding) not in unread_before:
                why = f"it would cause {finding.rule.id} at {finding.resource.id}"
                yield from ((number, why) for number in _causes(finding, patches))


def _causes(finding: Finding, patches: Mapping[int, Patch]) -> Sequence[int]:
    """Return the patches that may have made a finding: those of its property, else of its resource, its file, all."""
    same_file = {n: p for n, p in patches.items() if _home(p.finding) == _home(finding)}
    same = {n: p for n, p in same_file.items() if p.finding.resource.id == finding.resource.id}
    member = finding.path.partition(".")[0].partition("[")[0]
    exact = [n for n, p in same.items() if any(member in one.path or member in _keys(one.value) for one in p.wanted)]
    return exact or list(same) or list(same_file) or list(patches)


def _keys(value: object) -> Sequence[str]:
    return list(value) if isinstance(value, dict) else ()
