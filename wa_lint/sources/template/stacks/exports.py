"""What stacks export, and which of them an ``Fn::ImportValue`` means. It knows only the templates at hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint.model import Hole, Raw, AnyScenario, Unresolved, Value
from wa_lint.scenario import Fork
from wa_lint.scenario import AnyScenario as Empty
from wa_lint.sources.template.functions.conditions import truth_of
from wa_lint.sources.template.functions.partial_text import text_of
from wa_lint.sources.template.functions.question import Asking, Export, Template

IMPORT: Final = "Fn::ImportValue"

_SHARED: Final = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"})
"""What is the same in all stacks that can import from each other."""


def exported(ask: Asking, name: Value) -> Value | None:
    """Return the value that is exported under `name`; None where no template at hand exports it, or two may."""
    found: list[tuple[Export, Asking]] = []
    for export in ask.template.exports:
        inner = Asking(ask.template, ask.scenario)
        inner.conditions, inner.depth = ask.conditions, ask.depth
        if not inner.is_too_deep and _is(inner.value(export.name), name) and _is_there(inner, export):
            found.append((export, inner))
    if len(found) != 1:
        return None
    export, inner = found[0]
    ask.assumes.update(inner.assumes)
    ask.assumes[f"{_spelled(name)} is what {export.uri} exports"] = None
    return ask.value(export.value, whole=ask.whole)


def exports_of(template: Template) -> frozenset[str]:
    """Return the names under which a template exports, where that is known, with the defaults of its parameters."""
    return frozenset(_names(template, (export.name for export in template.exports)))


def imports_of(template: Template) -> frozenset[str]:
    """Return the names that a template imports, as `exports_of`."""
    documents = (template.sections.document, *template.sections.snippets.values())
    if not any("ImportValue" in document.text for document in documents):
        return frozenset()
    return frozenset(_names(template, _imported(dict(template.resources))))


def _is(left: Value, right: Value) -> bool:
    """Whether two names are surely one: equal texts, or the same literals and holes in the same order."""
    if isinstance(left, Unresolved) and isinstance(right, Unresolved):
        return bool(left.parts) and left.parts == right.parts
    text = text_of(left)
    return text is not None and text == text_of(right)


def _is_there(ask: Asking, export: Export) -> bool:
    return export.condition is None or truth_of(ask, export.condition) is True


def _names(template: Template, raws: Iterator[Raw]) -> Iterator[str]:
    scenario: AnyScenario = Empty()
    for raw in raws:
        try:
            value = Asking(template, scenario).value(raw)
        except Fork:
            continue
        holes = [part for part in value.parts if isinstance(part, Hole)] if isinstance(value, Unresolved) else []
        if text_of(value) is not None or (holes and all(hole.name in _SHARED for hole in holes)):
            yield _spelled(value)


def _imported(raw: Raw) -> Iterator[Raw]:
    if isinstance(raw, dict):
        for key, inner in raw.items():
            if key == IMPORT:
                yield inner
            yield from _imported(inner)
    elif isinstance(raw, list):
        for inner in raw:
            yield from _imported(inner)


def _spelled(name: Value) -> str:
    if isinstance(name, Unresolved):
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in name.parts)
    return text_of(name) or ""
