"""What `diff` compares: a report as it was written, or files that are judged first. It compares nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from wa_lint.changes import Side
from wa_lint.changes.reported import looks_like_report, read_report
from wa_lint.document import Document
from wa_lint.errors import SourceError
from wa_lint.model import Raw, Report, Snapshot, SourceKind
from wa_lint.run.check_files import Reading, judged_files
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.inputs import File, find, is_index_file, neighbours, read, uri_of
from wa_lint.run.joined_templates import TemplateInput
from wa_lint.run.layers import Layers
from wa_lint.run.nested_files import judged_within
from wa_lint.run.settle import settled, today
from wa_lint.run.snapshot_folder import read_index, read_parts
from wa_lint.sources.live.collectors import all_collectors
from wa_lint.suppress.apply import Settling


class Judging(msgspec.Struct, frozen=True):
    """How either side is judged."""

    choice: Choice
    settling: Settling
    layers: Layers
    say: Callable[[str], None]
    now: dt.datetime | None = None


def side_of(path: Path, judging: Judging) -> Side:
    """Return what is at `path`: judged, or as a report has it, of the rules that are chosen.

    Raise `ConfigError` where there is nothing, `SourceError` where it is a report that cannot be read.
    """
    files = find([path], Path.cwd())
    written = None if path.is_dir() else _report_in(files[0])
    if written is None:
        return _judged(path, files, judging)
    report = read_report(written, files[0].uri)
    return Side(report if _is_default(judging.choice) else _chosen(report, judging.choice))


def _is_default(choice: Choice) -> bool:
    """Whether nobody chose among the rules; what is enforced takes none away."""
    return msgspec.structs.replace(choice, always=frozenset()) == Choice()


def _report_in(file: File) -> Raw:
    """Return the JSON of a report, or None where the file is anything else."""
    content = _content(file)
    if b'"wa-lint"' not in content[:1000]:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if looks_like_report(value) else None


def _content(file: File) -> bytes:
    try:
        return Path(file.path).read_bytes()
    except OSError as error:
        raise SourceError(file.uri, f"cannot be read: {error.strerror}") from error


def _chosen(report: Report, choice: Choice) -> Report:
    ids = {rule.info.id for rule in chosen_rules(choice)}
    return msgspec.structs.replace(
        report,
        rules=tuple(rule for rule in report.rules if rule.id in ids),
        findings=tuple(finding for finding in report.findings if finding.rule.id in ids),
    )


# --- files that are judged --------------------------------------------------------------------------


def _judged(path: Path, files: Sequence[File], judging: Judging) -> Side:
    found, _ = judged_files(Reading((path,)), judging.choice, judging.now, judging.say)
    report = settled(found, judging.settling, judging.choice, judging.layers, today(judging.now), judging.say)
    read_well = {entry.uri for entry in report.inputs if entry.status == "judged"}
    snapshots = tuple(_each_once(found for file in files for found in _snapshots(file, read_well)))
    root = uri_of(path, Path.cwd()) if path.is_dir() else files[0].uri
    return Side(report, snapshots, root, _passing(snapshots))


def _snapshots(file: File, read_well: Collection[str]) -> Iterator[Snapshot]:
    """Yield what a file was judged as; of the index of a folder, all that is in it."""
    if is_index_file(file):
        index = read_index(Path(file.path), file.uri)
        yield from (snapshot for _, snapshot in read_parts(Path(file.path).parent, file.uri, index.parts))
    elif file.uri in read_well:
        found = read(file)
        yield _of_template(file, found) if isinstance(found, Document) else found


def _of_template(file: File, found: Document) -> Snapshot:
    return TemplateInput(found, neighbours(file), file.constructs).snapshot({})


def _each_once(snapshots: Iterable[Snapshot]) -> Iterator[Snapshot]:
    """Yield the snapshots without those of templates that are nested in another one, which has their resources."""
    found = list(snapshots)
    within = judged_within({s.uri: s.nested for s in found if s.kind is SourceKind.TEMPLATE})
    return (snapshot for snapshot in found if snapshot.uri not in within)


def _passing(snapshots: Iterable[Snapshot]) -> frozenset[str]:
    if all(snapshot.kind is not SourceKind.LIVE for snapshot in snapshots):
        return frozenset()
    return frozenset(collector.type for collector in all_collectors() if collector.window_days)
