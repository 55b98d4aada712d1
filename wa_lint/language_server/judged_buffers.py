"""What an editor shows, judged: as a whole, or after a keystroke in a large template only what may have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import config, rule
from wa_lint.budget import limited
from wa_lint.document import Document
from wa_lint.engine import lint
from wa_lint.errors import WaLintError
from wa_lint.language_server.changed_resources import Outline, moved, moved_origin, outline_of, touched
from wa_lint.model import Finding, Input, Location, Report
from wa_lint.redact import mask
from wa_lint.reporters import visible
from wa_lint.run.check_files import CheckRun, JudgedFiles
from wa_lint.run.contents import JudgedContent, JudgingOptions, judge_content, settle
from wa_lint.run.inputs import File, NotOurs, neighbours, read, uri_of
from wa_lint.run.joined_templates import TemplateInput
from wa_lint.run.judge import lightened
from wa_lint.sources.jobs import with_jobs
from wa_lint.writing import root_of

_SMALL: Final = 100
"""Top-level resources of a template that is judged as a whole after each keystroke."""

LONGEST: Final = 2_000_000
"""Characters of a text that is judged: CloudFormation takes a template of 1 MB."""


class Buffer(msgspec.Struct, frozen=True, eq=False):
    """One text of an editor."""

    path: Path
    text: str
    is_file: bool = True
    """Whether it has a place on the disk, so that what it names is looked for beside it."""

    @property
    def file(self) -> File:
        uri = uri_of(self.path, Path.cwd())
        content = self.text.encode("utf-8", "replace")
        return File(uri, str(self.path), str(self.path.parent) if self.is_file else None, content=content)


class EditorDesk(msgspec.Struct, frozen=True):
    """What a server was started with."""

    how: JudgingOptions
    find_package: config.FindPackage
    """As of `wa_lint.config.load`."""


class FileFault(msgspec.Struct, frozen=True):
    """Why a text cannot be read as what it is."""

    message: str
    line: int = 1
    column: int = 1


class JudgedBuffer(msgspec.Struct, frozen=True, eq=False):
    """What is known of a buffer. `content` is of the last text that could be read."""

    buffer: Buffer
    content: JudgedContent | None = None
    outline: Outline | None = None
    faults: tuple[FileFault, ...] = ()
    is_partial: bool = False
    """Whether some verdicts are those of the text before the last keystroke."""

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings with a place in the buffer, as settled."""
        if self.content is None:
            return ()
        uri = self.buffer.file.uri
        return [f for f in self.content.judged.report.findings if f.location.uri == uri]


def judged(
    buffer: Buffer, desk: EditorDesk, before: JudgedBuffer | None, changed: Mapping[str, bytes], *, is_typing: bool
) -> JudgedBuffer:
    """Return what is found in a buffer. `changed`: the other texts of the editor, by their real paths.

    `is_typing`: a quick answer is wanted, not a whole one.
    """
    kind, how = kind_of(buffer), desk.how
    if kind != "template":
        return JudgedBuffer(buffer, faults=tuple(_other_faults(buffer, kind, desk)))
    if len(buffer.text) > LONGEST:
        return JudgedBuffer(buffer, faults=(FileFault(f"more than {LONGEST:,} characters are not judged here"),))
    if is_typing and before and before.outline and before.content and len(before.outline.keys) > _SMALL:
        quick = _after_keystroke(buffer, how, before, changed)
        if quick is not None:
            return quick
    return _whole(buffer, how, before, changed)


def _whole(
    buffer: Buffer, how: JudgingOptions, before: JudgedBuffer | None, changed: Mapping[str, bytes]
) -> JudgedBuffer:
    content = judge_content(buffer.file, how, changed)
    faults = tuple(_fault(entry) for entry in content.judged.report.inputs if entry.status == "error")
    if faults and before is not None:
        return msgspec.structs.replace(before, buffer=buffer, faults=faults)
    return JudgedBuffer(buffer, content, _outline(buffer.file), faults)


def _outline(file: File) -> Outline | None:
    try:
        document = read(file)
    except WaLintError:
        return None
    return outline_of(document) if isinstance(document, Document) else None


def _after_keystroke(
    buffer: Buffer, how: JudgingOptions, before: JudgedBuffer, changed: Mapping[str, bytes]
) -> JudgedBuffer | None:
    """Return what is found when only what may have changed is judged; None where all of it has to be."""
    file, old, known = buffer.file, before.outline, before.content
    if old is None or known is None or len(known.run.task.stages) > 1 or how.choice.workload is not None:
        return None
    try:
        with limited(how.budget, file.uri, len(buffer.text)):
            document = read(file)
            new = outline_of(document, old) if isinstance(document, Document) else None
            near = touched(old, new) if new else None
            if new is None or near is None:
                return None
            report = _partly(new, near, file, known.run, changed)
    except NotOurs:
        return None
    except WaLintError as error:
        fault = _fault(Input(file.uri, "template", "error", str(error)))
        return msgspec.structs.replace(before, buffer=buffer, faults=(fault,))
    kept = _kept(known.judged.found.findings, old, new, near)
    found = msgspec.structs.replace(
        report, findings=(*kept, *report.findings), inputs=known.judged.found.inputs, rules=known.judged.found.rules
    )
    judged_files = JudgedFiles(found, settle(found, how), known.judged.lines)
    run = msgspec.structs.replace(known.run, files=[file])
    return JudgedBuffer(buffer, JudgedContent(run, judged_files), new, is_partial=True)


def _partly(new: Outline, near: frozenset[str], file: File, run: CheckRun, changed: Mapping[str, bytes]) -> Report:
    """Return the report on those resources of a template that begin inside `near`."""
    task = run.task
    pins = dict(task.stages[0].pins) if task.stages else {}
    snapshot = TemplateInput(new.document, neighbours(file, changed)).snapshot(pins)
    judged_ones = {
        (resource.type, resource.id)
        for resource in with_jobs(snapshot).resources
        if new.key_at(resource.origin.locate(())) in near
    }
    return lightened(lint(snapshot, run.rules, task.now or task.today, judged=judged_ones, lists_all=False))


def _kept(findings: Sequence[Finding], old: Outline, new: Outline, near: frozenset[str]) -> Sequence[Finding]:
    """Return the findings of resources that are not judged anew, where they are now."""
    after = new.lines
    kept = []
    for finding in findings:
        place = finding.resource.origin.locate(())
        key = old.key_at(place)
        if key is None:
            kept.append(finding)
        elif key in after and key not in near:
            origin = moved_origin(place, _shift(place, old, new))
            resource = msgspec.structs.replace(finding.resource, origin=origin)
            where = moved(finding.location, _shift(finding.location, old, new))
            kept.append(msgspec.structs.replace(finding, resource=resource, location=where))
    return kept


def _shift(place: Location, old: Outline, new: Outline) -> int:
    """Return by how many lines a place moved, with the resource that it is in: what is said in Globals is in none."""
    key = old.key_at(place)
    return new.lines[key] - old.lines[key] if key in new.lines and key is not None else 0


def _fault(entry: Input) -> FileFault:
    """Return why a file was not judged; ``URI:3:5: reason`` or ``3:5: reason`` says where."""
    said = (entry.reason or "it could not be judged").removeprefix(entry.uri).removeprefix(":")
    line, _, rest = said.partition(":")
    column, _, reason = rest.partition(": ")
    if line.isdecimal() and column.isdecimal():
        return FileFault(visible(mask(reason)), int(line), int(column))
    return FileFault(visible(mask(said.removeprefix(" "))))


# --- configurations and rules -----------------------------------------------------------------------


def kind_of(buffer: Buffer) -> str:
    """Return ``configuration``, ``rule`` or ``template``, which stands for everything that may be one."""
    if buffer.path.name in {"wa-lint.yaml", ".wa-lint.yaml"}:
        return "configuration"
    is_yaml = buffer.path.suffix in {".yaml", ".yml"}
    begins = buffer.text[:4000].splitlines()
    if is_yaml and f"id: {buffer.path.stem}" in begins and any(line.startswith("severity:") for line in begins):
        return "rule"
    return "template"


def _other_faults(buffer: Buffer, kind: str, desk: EditorDesk) -> Sequence[FileFault]:
    try:
        if kind == "rule":
            rule.load_text(buffer.text, buffer.file.uri, stem=buffer.path.stem)
        elif buffer.path.is_file():  # one that was never saved has no folder yet to speak for
            _load_configuration(buffer, desk.find_package)
    except WaLintError as error:
        return [_fault(Input(buffer.file.uri, kind, "error", f"{error.where}: {error.problem}"))]
    return []


def _load_configuration(buffer: Buffer, find_package: config.FindPackage) -> None:
    """Read a configuration as one that lies in the tree. Raise `ConfigError` where it says what is wrong."""

    def open_file(path: Path) -> bytes:
        return buffer.text.encode("utf-8", "replace") if path == buffer.path else path.read_bytes()

    ground = config.Ground(root_of(buffer.path.parent.resolve()))
    config.load(buffer.path, ground, buffer.file.uri, open_file, find_package)
