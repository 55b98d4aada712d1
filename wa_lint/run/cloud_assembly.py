"""A CDK cloud assembly (``cdk.out``): which of its files are templates, by its manifest. It reads no template.

The manifest's form: aws-cdk, ``cloud-assembly-schema`` (artifacts of type ``aws:cloudformation:stack`` and
``cdk:cloud-assembly``; metadata by construct path), seen 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.model import Raw

MANIFEST: Final = "manifest.json"
_STACK: Final = "aws:cloudformation:stack"
_ASSEMBLY: Final = "cdk:cloud-assembly"
_LOGICAL_ID: Final = "aws:cdk:logicalId"

_MOST_BYTES: Final = 64 * 1024 * 1024
_DEEPEST: Final = 5
"""Stages within stages."""


class Stack(msgspec.Struct, frozen=True):
    """One template of an assembly."""

    template: Path
    constructs: Mapping[str, str]
    """The path of the construct by the logical id of the resource that it made."""


def stacks_of(folder: Path) -> list[Stack] | None:
    """Return the stacks of the assembly in `folder`, and those of its stages, each once; None if it is no assembly.

    The templates of nested stacks are not among them, for the templates that nest them name them. Nothing outside of
    the folder is returned, whatever the manifest says.
    """
    artifacts = _artifacts(folder)
    if artifacts is None:
        return None
    found = {stack.template.resolve(): stack for stack in _stacks(folder, artifacts, folder.resolve(), _DEEPEST)}
    return [found[path] for path in sorted(found)]


def _stacks(folder: Path, artifacts: Mapping[str, Raw], root: Path, depth: int) -> Iterator[Stack]:
    for artifact in artifacts.values():
        said = artifact if isinstance(artifact, dict) else {}
        properties = said.get("properties")
        if not isinstance(properties, dict):
            continue
        template = _inside(folder, properties.get("templateFile"), root)
        if said.get("type") == _STACK and template is not None and template.is_file():
            yield Stack(template, dict(_constructs(folder, said, root)))
        inner = _inside(folder, properties.get("directoryName"), root)
        if said.get("type") == _ASSEMBLY and inner is not None and depth:
            yield from _stacks(inner, _artifacts(inner) or {}, root, depth - 1)


def _artifacts(folder: Path) -> Mapping[str, Raw] | None:
    manifest = _read(folder / MANIFEST)
    artifacts = manifest.get("artifacts") if isinstance(manifest, dict) and "version" in manifest else None
    if not isinstance(artifacts, dict):
        return None
    types = [artifact.get("type") for artifact in artifacts.values() if isinstance(artifact, dict)]
    return (
        artifacts if any(isinstance(t, str) and t.startswith(("aws:cloudformation:", "cdk:")) for t in types) else None
    )


def _constructs(folder: Path, artifact: Mapping[str, Raw], root: Path) -> Iterator[tuple[str, str]]:
    """Yield logical ids with their construct; of an id that a nested stack has as well, nobody can say whose it is."""
    metadata = artifact.get("metadata")
    elsewhere = _inside(folder, artifact.get("additionalMetadataFile"), root)
    if not isinstance(metadata, dict):
        metadata = _read(elsewhere) if elsewhere else {}
    found: dict[str, set[str]] = {}
    for path, entries in metadata.items() if isinstance(metadata, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("type") == _LOGICAL_ID and isinstance(entry.get("data"), str):
                found.setdefault(entry["data"], set()).add(path.removeprefix("/"))
    yield from ((id_, min(paths)) for id_, paths in found.items() if len(paths) == 1)


def _inside(folder: Path, name: Raw, root: Path) -> Path | None:
    """Return the path that a manifest names, unless it leads out of the assembly."""
    if not isinstance(name, str) or "\0" in name:
        return None
    path = folder / name
    try:
        return path if path.resolve().is_relative_to(root) else None
    except (OSError, RuntimeError):  # a loop of links
        return None


def _read(path: Path) -> Raw:
    """Return the JSON in a file; None where there is none to be had."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
