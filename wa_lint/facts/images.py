"""What a container image's name says of its version. It asks no registry."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import DYN, STRING, ListType
from wa_lint.facts.fact import Fact, gathered, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Value
from wa_lint.policy.wildcards import parts_of

_HOLE: Final = "\0"
_MODEL: Final = "AWS::SageMaker::Model"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
_REPOSITORY_URI: Final = "RepositoryUri"
"""The attribute of an ECR repository, which ends with its name: what stands after it is all that names a version."""


def containers(model: Cell) -> list[Cell] | Partial:
    """Return the containers of a model, be it one or a pipeline of several."""
    primary = model.select("PrimaryContainer")
    alone = [] if primary.value is ABSENT else [primary]
    cells, reason = seen([*alone, *model.select("Containers").items()])
    return gathered(cells, reason)


def own_containers(component: Cell) -> list[Cell] | Partial:
    """Return the containers that an inference component brings itself; none of one that names a model."""
    cells, reason = seen([component.select("Specification"), *component.select("Specifications").items()])
    found = [cell.select("Container") for cell in cells]
    hidden = next((cell.value.reason for cell in found if isinstance(cell.value, Unknown)), reason)
    return gathered((cell for cell in found if isinstance(cell.value, dict)), hidden)


def image_version(container: Cell) -> Cell:
    """Return the tag or digest of the container's Image (``latest`` where none stands), at the Image."""
    image = container.select("Image")
    return image if image.value is ABSENT else image.with_value(version_of(image.value))


def version_of(image: Value) -> Value:
    """Return the digest, else the tag of ``host:port/name:tag@digest``; Docker takes ``latest`` without either."""
    parts = parts_of(image)
    if not parts:
        return Unknown(unseen(image) or "the name of no image")
    text = "".join("" if _names_repository(part) else _HOLE if isinstance(part, Hole) else part for part in parts)
    name, is_digest, digest = text.partition("@")
    version = digest if is_digest else name.rpartition("/")[2].partition(":")[2]
    if _HOLE in version or (not version and text.endswith(_HOLE)):
        return Unknown(unseen(image) or "open")
    return version or "latest"


def _names_repository(part: str | Hole) -> bool:
    return isinstance(part, Hole) and part.attribute == _REPOSITORY_URI


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _MODEL,
        "",
        "containers",
        (),
        ListType(DYN),
        "PrimaryContainer and Containers as one list.",
        containers,
        items_at=(_MODEL, "Containers[]"),
    ),
    Fact(_COMPONENT, "", "containers", (), ListType(DYN), "Those of its specifications.", own_containers),
    *(
        Fact(
            type_,
            place,
            "image_version",
            (),
            STRING,
            "The tag or digest of the image: latest where none stands; absent without an image.",
            image_version,
            is_optional=True,
        )
        for type_, place in (
            (_MODEL, "PrimaryContainer"),
            (_MODEL, "Containers[]"),
            (_COMPONENT, "Specification.Container"),
            (_COMPONENT, "Specifications[].Container"),
        )
    ),
)
