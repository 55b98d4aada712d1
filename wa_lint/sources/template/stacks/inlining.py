"""Several templates as one: their sections side by side, each value at the place where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.sections import Guard, Layer, Sections
from wa_lint.sources.template.stacks.renaming import Renamed

_JOINED: Final = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")


class StackPart(msgspec.Struct, frozen=True, eq=False):
    """A template that becomes part of another one."""

    root: str
    """The first step of the paths into it; no section's name, and no other part's."""
    old: Sections
    """In its own words."""
    new: Renamed
    """In those of the whole."""
    condition: str | None = None
    """What must hold, in the words of the whole, for its resources to be there."""
    guards: tuple[Guard, ...] = ()
    """The same."""


def joined(whole: Sections, parts: Sequence[StackPart]) -> Sections:
    """Return `whole` with the `parts` in it; of two that have one name, the last one counts."""
    value: dict[str, Raw] = dict(whole.value)
    for name in _JOINED:
        sections = [whole.section(name), *(part.new.sections.section(name) for part in parts)]
        if any(sections):
            value[name] = {key: body for section in sections for key, body in section.items()}
    for part in parts:
        _depend(value, part)
    return msgspec.structs.replace(
        whole,
        value=value,
        layers=(*whole.layers, *_layers(parts)),
        snippets={**whole.snippets, **dict(_snippets(parts))},
        guards={**whole.guards, **_guards(parts)},
        problems=tuple(dict.fromkeys((*whole.problems, *(p for part in parts for p in _problems(part))))),
        gaps=tuple(dict.fromkeys((*whole.gaps, *(gap for part in parts for gap in part.old.gaps)))),
        not_followed=tuple(dict.fromkeys((*whole.not_followed, *(n for part in parts for n in part.old.not_followed)))),
        is_open=whole.is_open or any(part.old.is_open for part in parts),
        opaque=_all(whole.opaque, [part.new.sections.opaque for part in parts]),
        arguments=_all(whole.arguments, [part.new.sections.arguments for part in parts]),
        outputs=_all(whole.outputs, [part.new.sections.outputs for part in parts]),
        nested=_all(whole.nested, [part.new.sections.nested for part in parts]),
    )


def _all(first: Mapping[str, Raw], others: Sequence[Mapping[str, Raw]]) -> dict[str, Raw]:
    return {key: value for held in (first, *others) for key, value in held.items()}


def _problems(part: StackPart) -> Iterator[Raw]:
    yield from part.old.problems
    yield from part.old.document.problems


# --- what must hold for a part ----------------------------------------------------------------------


def _depend(value: dict[str, Raw], part: StackPart) -> None:
    """Let every resource of a part depend on its condition, beside its own."""
    if part.condition is None:
        return
    resources, conditions = value["Resources"], dict(value.get("Conditions") or {})
    for id_, body in part.new.sections.section("Resources").items():
        if not isinstance(body, dict):
            continue
        both = part.condition
        if isinstance(own := body.get("Condition"), str):
            both = f"{part.condition} and {own}"
            conditions[both] = {"Fn::And": [{"Condition": part.condition}, {"Condition": own}]}
        resources[id_] = {**body, "Condition": both}
    value["Conditions"] = conditions


def _guards(parts: Sequence[StackPart]) -> dict[str, tuple[Guard, ...]]:
    found: dict[str, tuple[Guard, ...]] = {}
    for part in parts:
        own = part.new.sections.guards
        for id_ in part.new.sections.section("Resources"):
            if guards := (*part.guards, *own.get(id_, ())):
                found[id_] = guards
    return found


# --- where it was written ---------------------------------------------------------------------------


def _snippets(parts: Sequence[StackPart]) -> Iterator[tuple[str, Raw]]:
    for part in parts:
        yield part.root, part.old.document
        for root, document in part.old.snippets.items():
            yield _inner(part, root), document


def _layers(parts: Sequence[StackPart]) -> Iterator[Layer]:
    """Yield the layers of the parts, those of equal height as one, and above them the one that brought them in."""
    for height in range(max((len(part.old.layers) for part in parts), default=0)):
        yield {
            _rebased(part, path): _rebased(part, before)
            for part in parts
            for path, before in (part.old.layers[height].items() if height < len(part.old.layers) else ())
        }
    yield {path: _rebased(part, before) for part in parts for path, before in part.new.moved.items()}


def _rebased(part: StackPart, path: Path) -> Path:
    """Return a path of a part as one into its document; one into what it includes leads there."""
    first = str(path[0]) if path else ""
    return (_inner(part, first), *path[1:]) if first in part.old.snippets else (part.root, *path)


def _inner(part: StackPart, root: str) -> str:
    return f"{part.root} > {root}"
