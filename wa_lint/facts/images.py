"""What the names of a container image and of an artifact say of their version. It asks no registry."""

from __future__ import annotations

import re
from typing import Final

from wa_lint.cel.types import DYN, STRING, Function, ListType
from wa_lint.facts.fact import Fact, gathered, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of

_HOLE: Final = "\0"
_ECR: Final = ".dkr.ecr"
_ECR_REGION: Final = re.compile(r"\.dkr\.ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.")
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


def image_region(image: Value) -> Value:
    """Return the region that the name of an ECR image spells out; empty where the template leaves it open."""
    parts = parts_of(image)
    text = "".join(_HOLE if isinstance(part, Hole) else part for part in parts)
    if any(_names_repository(part) for part in parts):
        return ""
    if not parts or (_HOLE in text and _ECR not in text):
        return Unknown(unseen(image) or "the name of no image")
    found = _ECR_REGION.search(text)
    return found[1] if found else ""


def s3_key(uri: Value) -> Value:
    """Return what stands behind the bucket's name in ``s3://bucket/key``, also where the name is a hole."""
    parts = parts_of(uri)
    if not parts or not isinstance(parts[0], str) or not parts[0].startswith("s3://"):
        return Unknown(unseen(uri) or f"{uri!r} is no S3 URI")
    rest = [parts[0].removeprefix("s3://"), *parts[1:]]
    while rest and not (isinstance(rest[0], str) and "/" in rest[0]):
        rest = rest[1:]
    if not rest:
        return Unknown(unseen(uri) or f"{uri!r} names no key")
    key = [str(rest[0]).partition("/")[2], *rest[1:]]
    if any(isinstance(part, Hole) for part in key):
        return Unresolved(unseen(uri) or "open", tuple(key))
    return "".join(str(part) for part in key)


def _names_repository(part: str | Hole) -> bool:
    return isinstance(part, Hole) and part.attribute == _REPOSITORY_URI


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("image_region", (STRING,), STRING, image_region),
    Function("s3_key", (STRING,), STRING, s3_key),
)

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
