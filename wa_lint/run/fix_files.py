"""``--fix``: edits for the findings of a run, judged again in memory before a file is written. Nothing else writes.

An edit that does not remove its finding, or that makes another one, is taken back.
"""

from __future__ import annotations

import codecs
import contextlib
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.fixing import NotMechanical, Patch, edits_of, obstacle, patch_of
from wa_lint.model import Finding, Outcome
from wa_lint.reporters.replacement import Replacement, Replacements
from wa_lint.rule import Rule
from wa_lint.run.check_files import CheckRun, JudgedFiles
from wa_lint.run.fix_trials import EditableFile, FixedFile, Key, Settle, Trials, home, key
from wa_lint.run.inputs import File, content_of
from wa_lint.sources.template import looks_like_template
from wa_lint.writing import atomic, demand_writable


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

    judged: JudgedFiles
    changes: tuple[FixedFile, ...] = ()
    attempts: tuple[Attempt, ...] = ()


def fix_files(
    run: CheckRun, judged: JudgedFiles, settle: Settle, *, is_unsafe: bool, only: Container[Key] | None = None
) -> Fixes:
    """Return the fixes for what fails, or for those of it that are named. No file is written: see `write_changes`."""
    failing = [
        finding
        for finding in judged.report.findings
        if finding.outcome is Outcome.FAIL and finding.is_open and (only is None or key(finding) in only)
    ]
    sheets, refused = _sheets(run.files, failing)
    rules = {rule.info.id: rule for rule in run.rules}
    plans = [_planned(finding, rules, sheets, refused) for finding in failing]
    chosen = {number: plan.patch for number, plan in enumerate(plans) if plan.patch and (plan.is_safe or is_unsafe)}
    done = Trials(run, judged, settle, sheets).tried(chosen)
    after = {key(finding) for finding in done.judged.report.findings}
    attempts = [_attempt(plan, after, done.reasons.get(number)) for number, plan in enumerate(plans)]
    return Fixes(done.judged, done.changes, tuple(attempts))


def planned_fix(run: CheckRun, finding: Finding) -> Attempt:
    """Return what would be tried for one finding: an attempt without a patch where there is nothing to try."""
    sheets, refused = _sheets(run.files, [finding])
    return _planned(finding, {rule.info.id: rule for rule in run.rules}, sheets, refused)


def _planned(
    finding: Finding, rules: Mapping[str, Rule], sheets: Mapping[str, EditableFile], refused: Mapping[str, str]
) -> Attempt:
    """Return an attempt at a finding before it is made."""
    uri, rule = home(finding), rules.get(finding.rule.id)
    if rule is None or uri not in sheets:
        return Attempt(finding, reason=refused.get(uri, _NOT_GIVEN))
    document = sheets[uri].document
    try:
        patch = patch_of(finding, rule, document)
    except NotMechanical as why:
        return Attempt(finding, reason=str(why))
    return Attempt(finding, reason=obstacle(document, patch), patch=patch, document=document)


def _attempt(plan: Attempt, after: set[Key], reason: str | None) -> Attempt:
    if key(plan.finding) not in after:
        return msgspec.structs.replace(plan, outcome="fixed")
    if plan.patch is not None and not reason and not plan.reason:
        return msgspec.structs.replace(plan, outcome="unsafe", reason="; ".join(plan.patch.effects))
    return msgspec.structs.replace(plan, reason=reason or plan.reason)


def safe_replacements(run: CheckRun, judged: JudgedFiles, settle: Settle) -> Replacements:
    """Return what gives the text that `fix_files` would write for a finding, if only safe edits are made."""
    found: dict[Key, tuple[Replacement, ...]] = {}
    fixes = fix_files(run, judged, settle, is_unsafe=False)
    for one in fixes.attempts:
        if one.outcome == "fixed" and one.is_safe and one.patch and one.document:
            with contextlib.suppress(NotMechanical):
                found[key(one.finding)] = tuple(_placed(one.document, one.patch))
    return lambda finding: found.get(key(finding), ())


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


# --- which files may be edited ----------------------------------------------------------------------


def _sheets(files: Sequence[File], failing: Sequence[Finding]) -> tuple[Mapping[str, EditableFile], dict[str, str]]:
    """Return the files that may be edited, by their uris, and of others with findings why not."""
    wanted = {home(finding) for finding in failing if finding.rule.edits}
    sheets: dict[str, EditableFile] = {}
    reasons = {home(finding): _NOT_A_TEMPLATE for finding in failing}
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


def _sheet(file: File) -> EditableFile:
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
    return EditableFile(file, document, mark)


def _demand_writable(path: Path) -> None:
    """Raise `ConfigError` where a file must not be written. Renaming over one would not ask whether it may."""
    demand_writable(path)
    if not os.access(path, os.W_OK) or not path.stat().st_mode & 0o222:
        raise ConfigError(str(path), "the file is read-only")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(str(path), "its folder is read-only")
