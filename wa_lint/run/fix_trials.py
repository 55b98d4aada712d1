"""Patches tried on the files of a run, judged in memory, until none makes anything worse. It writes no file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Document
from wa_lint.fixing import Patch, rewritten
from wa_lint.model import OPEN, Finding, Report
from wa_lint.run.check_files import CheckRun, JudgedFiles, judged_run
from wa_lint.run.inputs import File

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


class EditableFile(msgspec.Struct, frozen=True, eq=False):
    """A file that may be edited."""

    file: File
    document: Document
    mark: bytes


def home(finding: Finding) -> str:
    """Return the uri of the file that its resource is in."""
    return finding.resource.origin.locate(()).uri


def key(finding: Finding) -> Key:
    """Return what a finding is before and after an edit."""
    return (finding.rule.id, home(finding), finding.resource.id, finding.path, finding.outcome.value)


_TANGLED: Final = "it was not tried: the edits of this run make too many other findings"


class TrialResult(msgspec.Struct, frozen=True):
    """The files with those patches that hold, and the report on them."""

    judged: JudgedFiles
    changes: tuple[FixedFile, ...] = ()
    reasons: Mapping[int, str] = {}
    """Why the other patches do not hold."""


class _Fault(msgspec.Struct, frozen=True):
    """Something that patches made worse."""

    why: str
    patches: tuple[int, ...] = ()
    """Those that did it, where that is known."""
    files: tuple[str, ...] = ()
    """The files of which one patch or another did it."""


class Trials:
    """Applies patches and judges the result, until none has to be taken back.

    Where it is not clear which patch of a file makes another finding, the file gets one more patch in each trial.
    """

    def __init__(self, run: CheckRun, judged: JudgedFiles, settle: Settle, sheets: Mapping[str, EditableFile]) -> None:
        self.run = run
        self.judged = judged
        self.settle = settle
        self.sheets = sheets
        self.before = {key(finding) for finding in judged.report.findings}
        self.contents: Mapping[str, bytes] = {}
        """What the changed files held when they were judged last."""
        self.reasons: dict[int, str] = {}
        """Why a patch was taken back."""
        self.waiting: dict[str, list[int]] = {}
        """The patches of a file that are still to be tried, one by one."""
        self.newest: dict[str, int] = {}
        """The patch of such a file that the current trial adds."""

    def tried(self, patches: Mapping[int, Patch]) -> TrialResult:
        """Return the result with those of the patches that hold, and why the others do not."""
        for _ in range(_MOST_TRIALS):
            chosen = self._chosen(patches)
            changes, refused = self._applied(chosen)
            self.reasons |= refused
            chosen = {number: patch for number, patch in chosen.items() if number not in refused}
            judged = self._judged(changes)
            faults = list(self._faults(judged.report, chosen))
            if not faults and not any(self.waiting.values()):
                return TrialResult(judged, tuple(changes), self.reasons)
            self._learn(faults, chosen)
        return TrialResult(self.judged, (), self.reasons | dict.fromkeys(self._chosen(patches), _TANGLED))

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
                    own = [number for number, patch in chosen.items() if home(patch.finding) == uri]
                    self.waiting[uri] = [number for number in own if number not in self.reasons]
        self.newest = {uri: numbers.pop(0) for uri, numbers in self.waiting.items() if numbers}

    def _applied(self, patches: Mapping[int, Patch]) -> tuple[Sequence[FixedFile], Mapping[int, str]]:
        """Return the changed files, and why patches could not be applied."""
        by_file: dict[str, list[int]] = defaultdict(list)
        for number, patch in patches.items():
            by_file[home(patch.finding)].append(number)
        changes: list[FixedFile] = []
        refused: dict[int, str] = {}
        for uri, numbers in by_file.items():
            sheet = self.sheets[uri]
            result = rewritten(sheet.document, [patches[number] for number in numbers])
            refused |= {numbers[index]: why for index, why in result.refused.items()}
            if result.text != sheet.document.text:
                changes.append(FixedFile(sheet.file, sheet.document.text, result.text, sheet.mark))
        return changes, refused

    def _judged(self, changes: Sequence[FixedFile]) -> JudgedFiles:
        contents = {change.file.uri: change.content for change in changes}
        if not contents:
            return self.judged
        files = [
            msgspec.structs.replace(file, content=contents[file.uri]) if file.uri in contents else file
            for file in self.run.files
        ]
        by_path = {os.path.realpath(change.file.path): change.content for change in changes}
        self._forget({uri for uri, _ in contents.items() ^ self.contents.items()})
        self.contents = contents
        task = msgspec.structs.replace(self.run.task, changed=by_path, demands_declared=False)
        found, lines = judged_run(msgspec.structs.replace(self.run, files=files, task=task), None)
        return JudgedFiles(found, self.settle(found), lines)

    def _forget(self, uris: Collection[str]) -> None:
        """Have files judged again, and those that nest them."""
        memory = self.run.memory if self.run.memory is not None else {}
        for uri, judged in list(memory.items()):
            if uri in uris or any(nested in uris for nested in judged.nested.values()):
                del memory[uri]

    def _faults(self, report: Report, patches: Mapping[int, Patch]) -> Iterator[_Fault]:
        """Yield what is worse: a finding of a patch that is still there, a file that cannot be read, a new finding."""
        after = {key(finding) for finding in report.findings}
        for number, patch in patches.items():
            if key(patch.finding) in after:
                yield _Fault("the finding would remain", (number,))
        unread_before = {entry.uri for entry in self.judged.report.inputs if entry.status == "error"}
        homes = {home(patch.finding) for patch in patches.values()}
        for uri in {entry.uri for entry in report.inputs if entry.status == "error"} - unread_before:
            yield _Fault("the file could not be judged after it", files=tuple(homes & {uri}))
        for finding in report.findings:
            is_new = finding.outcome in OPEN and finding.is_open and key(finding) not in self.before
            if is_new and home(finding) not in unread_before:
                why = f"it would cause {finding.rule.id} at {finding.resource.id}"
                causes = _causes(finding, patches)
                files = {home(finding)} & homes or homes
                yield _Fault(why, causes) if causes else _Fault(why, files=tuple(sorted(files)))


def _causes(finding: Finding, patches: Mapping[int, Patch]) -> tuple[int, ...]:
    """Return the patches that made a new finding, where it is about a property that they set."""
    member = finding.path.partition(".")[0].partition("[")[0]
    return tuple(
        number
        for number, patch in patches.items()
        if patch.finding.resource.id == finding.resource.id
        and home(patch.finding) == home(finding)
        and any(member in one.path or member in _keys(one.value) for one in patch.wanted)
    )


def _keys(value: object) -> Sequence[str]:
    return list(value) if isinstance(value, dict) else ()
