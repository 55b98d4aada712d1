"""Live findings at the line of the template that made the resource, where its tags say which resource that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Finding, Location, Report
from wa_lint.model import Path as Steps


def anchored(report: Report, templates: Sequence[Path]) -> Report:
    """Return `report` with an anchor for each live finding whose resource one of `templates` makes.

    Two templates with a resource of that id and type leave it open which one is meant: then there is no anchor. Raise
    `ConfigError` where a template cannot be read.
    """
    documents = [_document(file) for file in templates]
    return msgspec.structs.replace(report, findings=tuple(_anchored(finding, documents) for finding in report.findings))


def _anchored(finding: Finding, documents: Sequence[Document]) -> Finding:
    made_by = finding.resource.made_by
    if made_by is None or finding.location.line:
        return finding
    id_ = made_by.rpartition("/")[2]
    found = list(_places(finding, id_, documents))
    return msgspec.structs.replace(finding, anchor=found[0]) if len(found) == 1 else finding


def _places(finding: Finding, id_: str, documents: Sequence[Document]) -> Iterator[Location]:
    for document in documents:
        resources = document.value.get("Resources") if isinstance(document.value, dict) else None
        body = resources.get(id_) if isinstance(resources, dict) else None
        if isinstance(body, dict) and body.get("Type") == finding.resource.type:
            head: Steps = ("Resources", id_)
            path = (*head, "Properties", *_steps(finding.path))
            below = document.depth_of(path) > len(head) + 1
            yield document.locate(path) if below else document.locate_key(head)


def _steps(path: str) -> Steps:
    """Return ``("ProductionVariants", 1, "ModelName")`` for the text of a path."""
    return tuple(int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path))


def _document(file: Path) -> Document:
    uri = file.as_posix()
    try:
        return read_document(file.read_bytes(), uri)
    except OSError as error:
        raise ConfigError("--template", f"{uri} cannot be read: {error.strerror}") from error
    except SourceError as error:
        raise ConfigError("--template", str(error)) from error
