"""Templates that are in something else, and definitions that stand alone: each as the template that it comes to.

`aws cloudformation get-template` wraps a template. What `pipeline.definition()` gives, or a state machine in the Amazon
States Language, is what a template would have as a property. The values keep their places in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.document import Document, Place, read_document
from wa_lint.document.positions import Comment
from wa_lint.errors import SourceError
from wa_lint.model import Path, Raw
from wa_lint.sources.template.embedded.alignment import Scalar
from wa_lint.sources.template.sections import Sections

_BODY: Final = "TemplateBody"
_STAGES: Final = "StagesAvailable"

_PIPELINE: Final[Path] = ("Resources", "Pipeline", "Properties", "PipelineDefinition", "PipelineDefinitionBody")
_MACHINE: Final[Path] = ("Resources", "StateMachine", "Properties", "Definition")

_TYPES: Final[Mapping[Path, tuple[str, Mapping[str, Raw]]]] = {
    _PIPELINE: ("AWS::SageMaker::Pipeline", {}),
    _MACHINE: ("AWS::StepFunctions::StateMachine", {"DefinitionSubstitutions": {}}),
}
"""Where a definition is in a template -> the type of its resource, and what else is said of it: that nothing is
given for a ``${Name}`` in it."""


class Alone(Document):
    """A definition without its resource, of which nothing is known but what it starts."""

    holder = ""
    """The id of the resource that it was put into."""
    inner: Document | None = None
    """As it was read."""

    def comments(self) -> Iterator[Comment]:
        yield from () if self.inner is None or isinstance(self.inner, _InText) else super().comments()


def unwrapped(document: Document) -> Document:
    """Return the template that a document wraps or is a part of; any other document as it is.

    Raise `SourceError` where the text of a template cannot be read.
    """
    value = document.value
    if isinstance(value, str) and (value.lstrip()[:1] == "{" or "Resources" in value):
        return _of_text(document, value)
    if not isinstance(value, dict):
        return document
    if _BODY in value and (_STAGES in value or len(value) == 1):
        return _body(document, value[_BODY])
    if "Resources" not in value and _is_pipeline(value):
        return _alone(document, _PIPELINE)
    if "Resources" not in value and _is_machine(value):
        return _alone(document, _MACHINE)
    return document


def _is_pipeline(value: Mapping[str, Raw]) -> bool:
    steps = value.get("Steps")
    is_whole = isinstance(value.get("Version"), str) or "PipelineExperimentConfig" in value
    return is_whole and isinstance(steps, list) and bool(steps) and all(map(_is_step, steps))


def _is_step(step: Raw) -> bool:
    return isinstance(step, dict) and isinstance(step.get("Name"), str) and isinstance(step.get("Type"), str)


def _is_machine(value: Mapping[str, Raw]) -> bool:
    states = value.get("States")
    if not isinstance(value.get("StartAt"), str) or not isinstance(states, dict) or not states:
        return False
    return all(isinstance(state, dict) and isinstance(state.get("Type"), str) for state in states.values())


# --- an answer that wraps a template ----------------------------------------------------------------


def _body(document: Document, body: Raw) -> Document:
    place = (document.places.children or {}).get(_BODY, document.places)
    if isinstance(body, dict):
        return Document(body, document.text, document.uri, place)
    if not isinstance(body, str):
        return document
    inner = _read(document, body)
    scalar = Scalar.of(Sections(document, document.value), (_BODY,))
    found = _InText(inner.value, document.text, document.uri, _moved(inner.places, scalar, place))
    found.continues_at = None if inner.continues_at is None else document.locate((_BODY,))
    return found


def _of_text(document: Document, text: str) -> Document:
    """Return what a text holds that is all of a document, as ``--query PipelineDefinition`` prints it; else itself."""
    try:
        inner = read_document(text, document.uri)
    except SourceError:
        return document
    if isinstance(inner.value, str) and len(inner.value) >= len(text):
        return document  # a text without quotes reads as itself for ever
    scalar = Scalar.of(Sections(document, document.value), ())
    found = unwrapped(_InText(inner.value, document.text, document.uri, _moved(inner.places, scalar, document.places)))
    is_ours = isinstance(found, Alone) or (isinstance(found.value, dict) and "Resources" in found.value)
    return found if is_ours else document


def _read(document: Document, body: str) -> Document:
    """Return the template in a text; if it is not one, the error is at the text, and says where in it."""
    try:
        return read_document(body, _BODY)
    except SourceError as error:
        where = error.where.removeprefix(_BODY).removeprefix(":")
        problem = f"in the text of {_BODY}, at {where}: {error.problem}" if where else error.problem
        raise SourceError(str(document.locate((_BODY,))), problem) from None


class _InText(Document):
    """A template in a text. Its comments are not read: in a text of one line nobody knows what they are beside."""

    def comments(self) -> Iterator[Comment]:
        yield from ()


def _moved(place: Place, scalar: Scalar | None, otherwise: Place) -> Place:
    """Return a place of the inner text as one of the outer; that of the whole text where it is not known."""
    if scalar is None:
        return otherwise
    start, key_end, value = (_source(scalar, at, otherwise) for at in (place.start, place.key_end, place.value))
    if place.key_end > place.start:
        key_end = _end(scalar, place.key_end, otherwise)
    children = None
    if place.children is not None:
        children = {key: _moved(child, scalar, otherwise) for key, child in place.children.items()}
    return Place(start, key_end, value, _end(scalar, place.end, otherwise), children)


def _source(scalar: Scalar, at: int, otherwise: Place) -> int:
    found = scalar.source(at)
    return otherwise.value if found is None else found[0]


def _end(scalar: Scalar, at: int, otherwise: Place) -> int:
    found = scalar.source(max(0, at - 1))
    return otherwise.end if found is None else found[1]


# --- a definition that stands alone -----------------------------------------------------------------


def _alone(document: Document, path: Path) -> Document:
    type_, more = _TYPES[path]
    properties: Raw = document.value
    for step in reversed(path[3:]):
        properties = {step: properties}
    value = {path[0]: {path[1]: {"Type": type_, "Properties": properties | more}}}
    place = document.places
    for step in reversed(path):
        place = Place(place.start, place.start, place.value, place.end, {step: place})
    found = Alone(value, document.text, document.uri, place)
    found.holder = str(path[1])
    found.problems = document.problems
    found.inner = document
    return found
