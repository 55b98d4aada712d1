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
from wa_lint.fixing import NotMechanical, Patch, edits_of, obstacle, patch_of, rewritten
from wa_lint.model import OPEN, Finding, Outcome, Report
from wa_lint.reporters.replacement import Replacement, Replacements
from wa_lint.rule import Rule
from wa_lint.run.check_files import CheckRun, Lines, judged_run
from wa_lint.run.inputs import File, content_of
from wa_lint.sources.template import looks_like_template
from wa_lint.writing import atomic, demand_writable

_MOST_TRIALS: Final = 60
"""How often the changed files are judged until no edit has to be taken back."""

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
    outcome: str = "none"
    """fixed | unsafe: it has an edit that is not safe | none"""
    reason: str = ""
    """Why it was not fixed; of an unsafe edit, what else it does."""
    patch: Patch | None = None
    document: Document | None = None
    """That the patch is for, as it was."""

    @property
    def is_safe(self) -> bool:
        return self.patch is not None and self.patch.is_safe


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
    sheets, refused = _sheets(run.files, failing)
    rules = {rule.info.id: rule for rule in run.rules}
    plans = [_planned(finding, rules, sheets, refused) for finding in failing]
    chosen = {number: plan.patch for number, plan in enumerate(plans) if plan.patch and (plan.is_safe or is_unsafe)}
    done = _Trials(run, report, lines, settle, sheets).tried(chosen)
    after = {_key(finding) for finding in done.report.findings}
    attempts = [_attempt(plan, after, done.reasons.get(number)) for number, plan in enumerate(plans)]
    return Fixes(done.report, done.lines, done.changes, tuple(attempts))


def _planned(
    finding: Finding, rules: Mapping[str, Rule], sheets: Mapping[str, _Sheet], refused: Mapping[str, str]
) -> Attempt:
    """Return an attempt at a finding before it is made."""
    uri, rule = _home(finding), rules.get(finding.rule.id)
    if rule is None or uri not in sheets:
        return Attempt(finding, reason=refused.get(uri, _NOT_GIVEN))
    document = sheets[uri].document
    try:
        patch = patch_of(finding, rule, document)
    except NotMechanical as why:
        return Attempt(finding, reason=str(why))
    return Attempt(finding, reason=obstacle(document, patch), patch=patch, document=document)


def _attempt(plan: Attempt, after: set[Key], reason: str | None) -> Attempt:
    if _key(plan.finding) not in after:
        return msgspec.structs.replace(plan, outcome="fixed")
    if plan.patch is not None and not reason and not plan.reason:
        return msgspec.structs.replace(plan, outcome="unsafe", reason="; ".join(plan.patch.effects))
    return msgspec.structs.replace(plan, reason=reason or plan.reason)


def safe_replacements(run: CheckRun, report: Report, lines: Lines, settle: Settle) -> Replacements:
    """Return what gives the text that `fix_files` would write for a finding, if only safe edits are made."""
    found: dict[Key, tuple[Replacement, ...]] = {}
    fixes = fix_files(run, report, lines, settle, is_unsafe=False)
    for one in fixes.attempts:
        if one.outcome == "fixed" and one.is_safe and one.patch and one.document:
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


_TANGLED: Final = "it was not tried: the edits of this run make too many other findings"

# --- trying -----------------------------------------------------------------------------------------


class _Done(msgspec.Struct, frozen=True):
    report: Report
    lines: Lines
    changes: tuple[FixedFile, ...] = ()
    reasons: Mapping[int, str] = {}


class _Fault(msgspec.Struct, frozen=True):
    """Something that patches made worse."""

    why: str
    patches: tuple[int, ...] = ()
    """Those that did it, where that is known."""
    files: tuple[str, ...] = ()
    """The files of which one patch or another did it."""


class _Trials:
    """Applies patches and judges the result, until none has to be taken back.

    Where it is not clear which patch of a file makes another finding, the file gets one more patch in each trial.
    """

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
        self.reasons: dict[int, str] = {}
        """Why a patch was taken back."""
        self.waiting: dict[str, list[int]] = {}
        """The patches of a file that are still to be tried, one by one."""
        self.newest: dict[str, int] = {}
        """The patch of such a file that the current trial adds."""

    def tried(self, patches: Mapping[int, Patch]) -> _Done:
        """Return the result with those of the patches that hold, and why the others do not."""
        for _ in range(_MOST_TRIALS):
            chosen = self._chosen(patches)
            changes, refused = self._applied(chosen)
            self.reasons |= refused
            chosen = {number: patch for number, patch in chosen.items() if number not in refused}
            report, lines = self._judged(changes)
            faults = list(self._faults(report, chosen))
            if not faults and not any(self.waiting.values()):
                return _Done(report, lines, tuple(changes), self.reasons)
            self._learn(faults, chosen)
        return _Done(self.report, self.lines, (), self.reasons | dict.fromkeys(self._chosen(patches), _TANGLED))

    def _chosen(self, patches: Mapping[int, Patch]) -> Mapping[int, Patch]:
        out = {*self.reasons, *(number for numbers in self.waiting.values() for number in numbers)}
        return {number: patch for number, patch in patches.items() if number not in out}

    def _learn(self, faults: Sequence[_Fault], chosen: Mapping[int, Patch]) -> None:
        """Take back what is at fault, and choose what the next trial adds."""
        self.reasons |= {number: fault.why for fault in faults for number in fault.patches}
        for fault in faults:
            for uri in fault.files:
                if uri in self.newest:
                    self.reasons.setdefault(self.newest[uri], fault.why)
                elif uri not in self.waiting:
                    own = [number for number, patch in chosen.items() if _home(patch.finding) == uri]
                    self.waiting[uri] = [number for number in own if number not in self.reasons]
        self.newest = {uri: numbers.pop(0) for uri, numbers in self.waiting.items() if numbers}

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
        if not contents:
            return self.report, self.lines
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

    def _faults(self, report: Report, patches: Mapping[int, Patch]) -> Iterator[_Fault]:
        """Yield what is worse: a finding of a patch that is still there, a file that cannot be read, a new finding."""
        after = {_key(finding) for finding in report.findings}
        for number, patch in patches.items():
            if _key(patch.finding) in after:
                yield _Fault("the finding would remain", (number,))
        unread_before = {entry.uri for entry in self.report.inputs if entry.status == "error"}
        homes = {_home(patch.finding) for patch in patches.values()}
        for uri in {entry.uri for entry in report.inputs if entry.status == "error"} - unread_before:
            yield _Fault("the file could not be judged after it", files=tuple(homes & {uri}))
        for finding in report.findings:
            is_new = finding.outcome in OPEN and finding.is_open and _key(finding) not in self.before
            if is_new and _home(finding) not in unread_before:
                why = f"it would cause {finding.rule.id} at {finding.resource.id}"
                causes = _causes(finding, patches)
                files = {_home(finding)} & homes or homes
                yield _Fault(why, causes) if causes else _Fault(why, files=tuple(sorted(files)))


def _causes(finding: Finding, patches: Mapping[int, Patch]) -> tuple[int, ...]:
    """Return the patches that made a new finding, where it is about a property that they set."""
    member = finding.path.partition(".")[0].partition("[")[0]
    return tuple(
        number
        for number, patch in patches.items()
        if patch.finding.resource.id == finding.resource.id
        and _home(patch.finding) == _home(finding)
        and any(member in one.path or member in _keys(one.value) for one in patch.wanted)
    )


def _keys(value: object) -> Sequence[str]:
    return list(value) if isinstance(value, dict) else ()
