"""Whether the images of an ECR repository are scanned for known flaws: by its own setting, or by its registry's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.policy.wildcards import matches
from wa_lint.truth import Truth, equals, every, negate, some

_REPOSITORY: Final = "AWS::ECR::Repository"
_REGISTRY: Final = "AWS::ECR::RegistryScanningConfiguration"


def is_scanned(repository: Cell) -> Cell:
    """Return whether each pushed image is scanned, at ScanOnPush.

    A rule of the registry counts where its filter matches the repository's name, whether it scans on push or all the
    time (ECR user guide, "Scan images for software vulnerabilities", read 2026-12).
    """
    setting = repository.select("ImageScanningConfiguration")
    at = setting.select("ScanOnPush")
    value = at.value
    own = value if isinstance(value, Unknown) else value is not ABSENT and equals(value, True)
    if own is True:
        return at.with_value(True)
    answer = some((own, *_by_registry(repository)))
    more = why_more(repository.world, repository, (_REGISTRY,)) if answer is False else None
    place = at if setting.value is not ABSENT else setting
    return place.with_value(Unknown(more) if more else answer)


def _by_registry(repository: Cell) -> Iterator[Truth]:
    name = repository.select("RepositoryName")
    text = repository.resource.name if name.value is ABSENT else name.value
    for registry in repository.world.of_type(_REGISTRY):
        if not _is_same_place(registry, repository):
            continue
        rules = registry.select("Rules")
        for rule in rules.items():
            if isinstance(rule.value, Unknown):
                yield rule.value
                continue
            filters = [one.select("Filter").value for one in rule.select("RepositoryFilters").items()]
            manual = equals(rule.select("ScanFrequency").value, "MANUAL")
            yield every((negate(manual), some(_fits(pattern, text) for pattern in filters)))


def _fits(pattern: Value, name: Value) -> Truth:
    """Whether a filter is for a repository; without a wildcard it is for every name that holds it."""
    if pattern == "*":
        return True
    if isinstance(pattern, str) and "*" not in pattern:
        pattern = f"*{pattern}*"
    if name is None:
        return Unknown("the name of the repository is made at deployment")
    return matches(pattern, name)


def _is_same_place(one: Cell, other: Cell) -> bool:
    places = [(cell.resource.account, cell.resource.region) for cell in (one, other)]
    return all(None in pair or pair[0] == pair[1] for pair in zip(*places, strict=True))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _REPOSITORY,
        "",
        "is_scanned",
        (_REGISTRY,),
        BOOL,
        "Whether pushed images are scanned: by its own setting, or by that of the registry.",
        is_scanned,
    ),
)
