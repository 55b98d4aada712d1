"""Two answers about one resource as one: what one does not tell, the other may. It reads nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wa_lint.model import Resource, Unknown, Value


def merged(first: Resource, second: Resource) -> Resource:
    """Return `first` with what is unknown of it as `second` has it. What both tell, the first one does."""
    if isinstance(first.properties, Unknown) or not isinstance(first.properties, dict):
        return second
    if not isinstance(second.properties, dict):
        return first
    observed = first.observed
    if first.observed is not None and second.observed is not None:
        observed = _filled(first.observed, second.observed) | {
            name: value for name, value in second.observed.items() if name not in first.observed
        }
    properties = _filled(first.properties, second.properties)
    return msgspec.structs.replace(first, properties=properties, observed=observed)


def _filled(first: Mapping[str, Value], second: Mapping[str, Value]) -> dict[str, Value]:
    kept = {name: second.get(name) if isinstance(value, Unknown) else value for name, value in first.items()}
    lost = {name for name, value in first.items() if isinstance(value, Unknown) and name not in second}
    return {name: value for name, value in kept.items() if name not in lost}
