"""What a template leads to that is not in it and is not read: macros, stack sets, modules. It reads nothing itself.

Nested stacks are named by `nested`, which knows why it cannot follow them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from wa_lint.model import NotFollowed, Path, Raw
from wa_lint.sources.template.functions.partial_text import spell
from wa_lint.sources.template.sections import Sections

_LEADS_ON: Final = {
    "AWS::CloudFormation::StackSet": ("nested-stack", "the stack set", "templates of stack sets are not read"),
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": (
        "nested-stack",
        "the provisioned product",
        "its template is in Service Catalog",
    ),
}
"""Types whose resources make resources of other templates."""

_MACRO: Final = "Fn::Transform"


def not_followed(sections: Sections, harmless: Container[str]) -> Iterator[NotFollowed]:
    """Yield what is not followed in `sections`, whose includes are done. `harmless`: transforms that add nothing."""
    for name in macro_names(sections.value.get("Transform")):
        if name not in harmless:
            reason = "its result is known only at deployment"
            yield NotFollowed(sections.locate_key(("Transform",)), f"the macro {name}", reason, "macro")
    yield from (_macro(sections, raw, at) for raw, at in _calls(sections))
    for id_, body in sections.section("Resources").items():
        type_ = body.get("Type") if isinstance(body, dict) else None
        if not isinstance(type_, str):
            continue
        place = sections.locate_key(("Resources", id_))
        if type_ in _LEADS_ON:
            kind, what, reason = _LEADS_ON[type_]
            yield NotFollowed(place, f"{what} {id_}", reason, kind)
        elif type_.endswith("::MODULE"):
            yield NotFollowed(place, f"the module {id_}", "it is in CloudFormation's registry", "module")


def macro_names(said: Raw) -> Iterator[str]:
    """Yield the names in a ``Transform``; how it is spelled, for what is no name."""
    if isinstance(said, list):
        for item in said:
            yield from macro_names(item)
    elif said is not None:
        name = said.get("Name") if isinstance(said, dict) else said
        yield name if isinstance(name, str) else spell(said)


def _macro(sections: Sections, raw: Raw, at: Path) -> NotFollowed:
    name = next(macro_names(raw), "without a name")
    what = f"the file that {name} includes" if name == "AWS::Include" else f"the macro {name}"
    reason = "it is not in the folder" if name == "AWS::Include" else "its result is known only at deployment"
    return NotFollowed(sections.locate(at), what, reason, "macro")


def _calls(sections: Sections) -> Iterator[tuple[Raw, Path]]:
    """Yield each ``Fn::Transform`` that is left, with its place. Most templates have none: their text says so."""
    texts = [document.text for document in (sections.document, *sections.snippets.values())]
    if any(_MACRO in text or "!Transform" in text or "\\u" in text or "\\x" in text for text in texts):
        yield from _calls_in(dict(sections.value), ())


def _calls_in(raw: Raw, at: Path) -> Iterator[tuple[Raw, Path]]:
    if isinstance(raw, list):
        for index, inner in enumerate(raw):
            yield from _calls_in(inner, (*at, index))
    elif isinstance(raw, dict):
        for key, inner in raw.items():
            if key == _MACRO:
                yield inner, (*at, key)
            else:
                yield from _calls_in(inner, (*at, key))
