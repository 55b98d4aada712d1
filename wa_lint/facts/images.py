"""What the names of a container image and of an artifact say of their version. It asks no registry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from wa_lint import platforms
from wa_lint.cel.types import BOOL, DYN, STRING, Function, ListType
from wa_lint.facts.fact import Fact, cells_at, gathered, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth

_HOLE: Final = "\0"
_ECR_NAME: Final = ".dkr.ecr"
_ECR_REGION: Final = re.compile(r"\.dkr\.ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.")
_MODEL: Final = "AWS::SageMaker::Model"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
_REPOSITORY_URI: Final = "RepositoryUri"
"""The attribute of an ECR repository, which ends with its name: what is after it is all that names a version."""


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


def images(home: Cell) -> list[Cell] | Partial:
    """Return the images that a resource runs, each at its place; none that another member pins by its digest."""
    holders, reason = seen(h for path, _ in _IMAGES[home.resource.type] for h in cells_at(home, path))
    members = [member for _, member in _IMAGES[home.resource.type]]
    cells = [h.select(member) for h in holders for member in members if h.select("ImageDigest").value is ABSENT]
    return gathered((cell for cell in cells if cell.value is not ABSENT and not _has_one_tag(cell.value)), reason)


def _has_one_tag(image: Value) -> bool:
    """Whether AWS documents the image without a tag, and publishes it so."""
    last = parts_of(image)[-1:]
    return bool(last) and isinstance(last[0], str) and last[0].endswith(_UNTAGGED)


_UNTAGGED: Final = "/sagemaker-model-monitor-analyzer"
"""Source: SageMaker developer guide, "Amazon SageMaker Model Monitor prebuilt container" (read 2026-12)."""


def names_version(image: Value) -> Truth:
    """Whether ``host:port/name:tag@digest`` says which build it is: by a digest, or by a tag that is no mere word.

    A tag is a version where a part of it has a digit, or is a commit. ``prod``, ``latest`` and ``main`` move from build
    to build; what tells of the processor, CUDA, Python or system (``gpu-py310``) is in every build. Docker takes
    ``latest`` where there is no tag.
    """
    parts = parts_of(image)
    if not parts:
        return Unknown(unseen(image) or "the name of no image")
    text = "".join("" if _names_repository(part) else _HOLE if isinstance(part, Hole) else part for part in parts)
    name, is_digest, _ = text.partition("@")
    if is_digest:
        return True
    tag = name.rpartition("/")[2].partition(":")[2]
    words = _PARTS.split(_PLATFORM.sub("", tag.lower()))
    if any(_VERSION.match(word) for word in words):
        return True
    is_open = _HOLE in tag or (not tag and text.endswith(_HOLE))
    return Unknown(_why_open(image, parts)) if is_open else False


def _why_open(image: Value, parts: Sequence[str | Hole]) -> str:
    """Say what leaves the tag open: the last hole, for a reason may tell of another one."""
    reason = unseen(image) or "open"
    name = next((part.name for part in reversed(parts) if isinstance(part, Hole)), "")
    return reason if name in reason else f"{name} is known only at deployment"


# --- artifacts --------------------------------------------------------------------------------------


def artifacts(home: Cell) -> list[Cell] | Partial:
    """Return the locations of the model files that a resource loads, each at its place."""
    cells, reason = seen(cell for path in _ARTIFACTS[home.resource.type] for cell in cells_at(home, path))
    return gathered(cells, reason)


def is_pickle(location: Value) -> Truth:
    """Whether a location ends as files do that Python's pickle writes: such a file can run code when it is loaded."""
    last = parts_of(location)[-1:]
    if not last or isinstance(last[0], Hole):
        return Unknown(unseen(location) or "the location of no file")
    return last[0].lower().endswith(_PICKLES)


_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
"""Endings that pickle, joblib and PyTorch use. Source: Hugging Face Hub documentation, "Pickle Scanning" (2026-12)."""

_FILES: Final = ("ModelDataUrl", "ModelDataSource.S3DataSource.S3Uri")
_ARTIFACTS: Final[Mapping[str, Sequence[str]]] = {
    _MODEL: tuple(f"{container}.{file}" for container in ("PrimaryContainer", "Containers[]") for file in _FILES),
    _COMPONENT: ("Specification.Container.ArtifactUrl", "Specifications[].Container.ArtifactUrl"),
    "AWS::SageMaker::ModelPackage": tuple(f"InferenceSpecification.Containers[].{file}" for file in _FILES),
}

# --- where it comes from ----------------------------------------------------------------------------

_ECR: Final = re.compile(r"(\d{12}|\0)\.dkr[.-]ecr(?:-fips)?\.[^/]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|\0)")
_AWS_GALLERY: Final = ("deep-learning-containers", "sagemaker", "lambda", "amazonlinux")
"""Aliases of AWS in the public gallery of ECR (gallery.ecr.aws, read 2026-12)."""


def is_from_trusted_registry(image: Value, own: Sequence[Value], trusted: Sequence[Value]) -> Truth:
    """Whether an image is in a registry of its `own` account, of AWS, or of `trusted` account ids and hosts."""
    parts = parts_of(image)
    if parts and _names_repository(parts[0]):
        return True
    host, _, rest = _spelled(parts).partition("/")
    if not host or host.startswith(_HOLE + _HOLE) or host == _HOLE:
        return Unknown(unseen(image) or "the name of no image")
    registry = _ECR.fullmatch(host)
    if registry is None:
        return Unknown(unseen(image) or "open") if _HOLE in host else host in trusted or _is_of_aws(host, rest)
    if registry[1] == _HOLE:
        is_own = isinstance(parts[0], Hole) and parts[0].name == "AWS::AccountId"
        return True if is_own else Unknown(_why_open(image, parts[:1]))
    return platforms.is_aws_registry(registry[1]) or registry[1] in own or registry[1] in trusted


def own_registries(home: Cell) -> list[str]:
    """Return the account that the resource is in; a template does not say which."""
    return [home.resource.account] if home.resource.account is not None else []


def placed_images(home: Cell) -> list[Cell] | Partial:
    """Return the images of which it can be said whose they are.

    Where nobody says in which account they will run, as in a template, an account's number may be its own.
    """
    found = images(home)
    if home.resource.account is not None:
        return found
    cells, reason = (
        ([one for one in found.items if isinstance(one, Cell)], found.reason)
        if isinstance(found, Partial)
        else (found, None)
    )
    return gathered((cell for cell in cells if not _names_account(cell.value)), reason)


def _names_account(image: Value) -> bool:
    registry = _ECR.fullmatch(_spelled(parts_of(image)).partition("/")[0])
    return registry is not None and registry[1] != _HOLE and not platforms.is_aws_registry(registry[1])


def _spelled(parts: Sequence[str | Hole]) -> str:
    return "".join(_HOLE if isinstance(part, Hole) else part for part in parts)


def _is_of_aws(host: str, rest: str) -> bool:
    return host == "public.ecr.aws" and rest.startswith(tuple(f"{alias}/" for alias in _AWS_GALLERY))


_FRAMEWORK: Final = re.compile(r"(\d{12})\.dkr\.ecr\.[^/]+/(\w+)-(?:training|inference)(?:-\w+)*:(.*)")
_MAJOR_MINOR: Final = re.compile(r"(\d+\.\d+)(?![\d\0])")


def is_framework_image(image: Value) -> Truth:
    """Whether it is AWS's own container of a framework whose end is in the table."""
    parts = parts_of(image)
    if not any(isinstance(part, str) for part in parts) and not (parts and _names_repository(parts[0])):
        return Unknown(unseen(image) or "the name of no image")
    return _framework(parts) is not None


def framework_supported(image: Value, today: Value) -> Truth:
    """Whether AWS still patches the framework of its container on that day."""
    parts = parts_of(image)
    found = _framework(parts)
    version = _MAJOR_MINOR.match(found[1]) if found else None
    if found is None or version is None or not isinstance(today, str):
        return Unknown(_why_open(image, parts))
    until = platforms.framework_patched_until(found[0], version[1])
    return Unknown(f"wa-lint has no data for {found[0]} {version[1]}") if until is None else today <= until


def _framework(parts: Sequence[str | Hole]) -> tuple[str, str] | None:
    """Return the framework of a container of AWS, and its tag."""
    found = _FRAMEWORK.match(_spelled(parts))
    is_one = found is not None and platforms.is_framework(found[2]) and platforms.is_aws_registry(found[1])
    return (found[2], found[3]) if found is not None and is_one else None


# --- versions ---------------------------------------------------------------------------------------

_PARTS: Final = re.compile(r"[-_.+]+")
_PLATFORM: Final = re.compile(
    r"(?<![a-z0-9])(?:py(?:thon)?\d+(?:\.\d+)*|cu(?:da)?\d+(?:\.\d+)*|cpu|gpu|ubuntu\d*(?:\.\d+)?"
    r"|x86_64|arm64(?:v8)?|amd64|aarch64|al2(?:023)?|linux)(?![a-z0-9])"
)
_VERSION: Final = re.compile(r"(?=[^\0]*\d)(?!py\d*\0|cu\d*\0)|[0-9a-f]{7,40}$")
"""A part with a digit before anything that is open, or a commit that happens to have letters only."""


def image_region(image: Value) -> Value:
    """Return the region that the name of an ECR image spells out; empty where the template leaves it open."""
    parts = parts_of(image)
    text = "".join(_HOLE if isinstance(part, Hole) else part for part in parts)
    if any(_names_repository(part) for part in parts):
        return ""
    if not parts or (_HOLE in text and _ECR_NAME not in text):
        return Unknown(unseen(image) or "the name of no image")
    found = _ECR_REGION.search(text)
    return found[1] if found else ""


def s3_key(uri: Value) -> Value:
    """Return what is behind the bucket's name in ``s3://bucket/key``, also where the name is a hole."""
    parts = parts_of(uri)
    if not parts or not isinstance(parts[0], str) or not parts[0].startswith("s3://"):
        return Unknown(unseen(uri) or f"{uri!r} is not an S3 URI")
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


_S: Final = "AWS::SageMaker::"
_IMAGES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    _MODEL: (("PrimaryContainer", "Image"), ("Containers[]", "Image")),
    _COMPONENT: (("Specification.Container", "Image"), ("Specifications[].Container", "Image")),
    _S + "ModelPackage": (("InferenceSpecification.Containers[]", "Image"),),
    _S + "TrainingJob": (("AlgorithmSpecification", "TrainingImage"),),
    _S + "ProcessingJob": (("AppSpecification", "ImageUri"),),
    "AWS::BedrockAgentCore::Runtime": (("AgentRuntimeArtifact.ContainerConfiguration", "ContainerUri"),),
}
"""Where a type names the image that it runs: the map, and its member. SageMaker runs the ImageDigest of a model package
where there is one. Monitoring runs prebuilt images, which have one tag each."""


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
    *(Fact(type_, "", "images", (), ListType(STRING), "The images of its containers.", images) for type_ in _IMAGES),
    *(
        Fact(type_, "", "placed_images", (), ListType(STRING), "Those whose account can be judged.", placed_images)
        for type_ in _IMAGES
    ),
    *(
        Fact(type_, "", "own_registries", (), ListType(STRING), "The account it is in, if known.", own_registries)
        for type_ in _IMAGES
    ),
    *(
        Fact(type_, "", "artifacts", (), ListType(STRING), "Where the files of its models are.", artifacts)
        for type_ in _ARTIFACTS
    ),
)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("image_region", (STRING,), STRING, image_region),
    Function("s3_key", (STRING,), STRING, s3_key),
    Function("names_version", (STRING,), BOOL, names_version),
    Function("is_pickle", (STRING,), BOOL, is_pickle),
    Function("is_framework_image", (STRING,), BOOL, is_framework_image),
    Function("framework_supported", (STRING, STRING), BOOL, framework_supported),
    Function("is_from_trusted_registry", (STRING, ListType(STRING), ListType(STRING)), BOOL, is_from_trusted_registry),
)
