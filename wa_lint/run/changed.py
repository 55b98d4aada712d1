"""``--diff REF``: which resources of a template are not what they were in git. It runs no git, no hook, no filter.

The objects are read by a library, for a repository that is judged may be hostile: its configuration could make git
itself start programs (core.fsmonitor, a textconv, a promisor remote).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Finding, Location, Raw, Report, Suppression

_OPTION: Final = "--diff"

_LOCAL: Final = ("Resources", "Outputs", "Metadata", "Description", "AWSTemplateFormatVersion")
"""The sections whose entries speak for themselves. What any other one says may change every resource."""

_PARENTS: Final = re.compile(r"(?P<name>.+?)(?P<steps>(?:~\d*|\^)*)$")


class History:
    """A repository as it was at the commit where the present one left the line of `ref`."""

    def __init__(self, start: Path, ref: str) -> None:
        """Raise `ConfigError` where there is no repository or no such commit."""
        from dulwich.errors import NotGitRepository  # noqa: PLC0415, only this option needs git's objects
        from dulwich.repo import Repo  # noqa: PLC0415, the same

        try:
            self._repository = Repo.discover(str(start))
        except NotGitRepository as error:
            raise ConfigError(_OPTION, "there is no git repository here") from error
        self._root = Path(self._repository.path).resolve()
        self._tree = self._commit(ref).tree

    def before(self, file: Path) -> bytes | None:
        """Return what `file` held; None if it was not there, or is not of this repository."""
        from dulwich.object_store import tree_lookup_path  # noqa: PLC0415, as above

        try:
            path = file.resolve().relative_to(self._root).as_posix().encode()
            _, id_ = tree_lookup_path(self._repository.get_object, self._tree, path)
            content = self._repository[id_].as_raw_string()
        except (ValueError, KeyError, OSError):
            return None
        return content

    def _commit(self, ref: str) -> Raw:
        from dulwich.errors import MissingCommitError  # noqa: PLC0415, as above
        from dulwich.graph import find_merge_base  # noqa: PLC0415, as above

        try:
            then, now = self._named(ref), self._named("HEAD")
        except (KeyError, IndexError, ValueError) as error:
            raise ConfigError(_OPTION, f"there is no commit {ref!r} in this clone; fetch it first") from error
        try:
            common = find_merge_base(self._repository, [then.id, now.id])
        except (KeyError, MissingCommitError):  # a shallow clone knows no more
            common = []
        return self._repository[common[0]] if common else then

    def _named(self, ref: str) -> Raw:
        from dulwich.objectspec import parse_commit  # noqa: PLC0415, as above

        found = _PARENTS.fullmatch(ref)
        if found is None:
            raise KeyError(ref)
        commit: Raw = parse_commit(self._repository, found["name"].encode())
        for step in re.findall(r"~\d*|\^", found["steps"]):
            for _ in range(int(step[1:] or 1) if step[0] == "~" else 1):
                commit = self._repository[commit.parents[0]]
        return commit


def only_changed(report: Report, start: Path, ref: str) -> Report:
    """Return `report` with every finding about what did not change marked so. Raise `ConfigError` as `History`."""
    history = History(start, ref)

    @cache
    def spans(uri: str) -> Sequence[Location] | None:
        return _changed(history, uri)

    def is_new(finding: Finding) -> bool:
        places = [finding.location, finding.resource.origin.locate(()), *(e.location for e in finding.evidence)]
        return any(_touches(place, spans(place.uri)) for place in places)

    why = Suppression("unchanged", f"it is as it was at {ref}")
    findings = (f if f.suppressed or is_new(f) else msgspec.structs.replace(f, suppressed=why) for f in report.findings)
    return msgspec.structs.replace(report, findings=tuple(findings))


def _touches(place: Location, spans: Sequence[Location] | None) -> bool:
    if spans is None:
        return True
    at = (place.line, place.column)
    return any((span.line, span.column) <= at < (span.end_line, span.end_column) for span in spans)


def _changed(history: History, uri: str) -> Sequence[Location] | None:
    """Return the spans that changed in a file; None where all of it may have."""
    file = Path(os.path.normpath(uri))
    try:
        content = file.read_bytes()
        before = history.before(file)
        if before is None:
            return None
        if before == content:
            return ()
        new, old = read_document(content, uri), read_document(before, uri)
    except (OSError, SourceError):
        return None
    if not _is_template(new) or not _is_template(old) or _differs_beyond(new, old):
        return None
    return tuple(_differing(new, old))


def _is_template(document: Document) -> bool:
    return isinstance(document.value, dict) and isinstance(document.value.get("Resources"), dict)


def _differs_beyond(new: Document, old: Document) -> bool:
    names: Iterable[str] = {*new.value, *old.value}.difference(_LOCAL)
    return any(new.value.get(name) != old.value.get(name) for name in names)


def _differing(new: Document, old: Document) -> Iterator[Location]:
    children = (new.places.children or {})["Resources"].children or {}
    for id_, body in new.value["Resources"].items():
        if id_ in children and old.value["Resources"].get(id_) != body:
            yield new.location(children[id_].start, children[id_].end)
