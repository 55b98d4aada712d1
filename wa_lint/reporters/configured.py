"""What a report says of the configuration that it was made with: the same sentences in every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.model import Configuration, Effect, Report

_MOST: Final = 20
_LONGEST: Final = 300
"""Effects of one configuration, and characters of one, that a sentence has room for: its author wrote them."""

_TRUST: Final[Mapping[str, str]] = {
    "enforced": "enforced",
    "command line": "",
    "named": "named with --config",
    "found": "found in the tree",
}


def sentences(report: Report, *, all_used: bool = True) -> Iterator[str]:
    """Yield one sentence for each configuration that was used; `all_used` False: that switched something off."""
    for one in report.configuration:
        if all_used or one.effects:
            yield sentence(one)


def trust_of(one: Configuration) -> str:
    """Return how a configuration was given, as formats for programs have it: ``command-line``."""
    return one.trust.replace(" ", "-")


def sentence(one: Configuration) -> str:
    """Return what one configuration does: ``wa-lint.yaml (found in the tree) ignores 3 rules, excludes infra/**``."""
    trust = _TRUST[one.trust]
    named = f"{one.uri} ({trust})" if trust else f"The {one.uri}"
    done = ", ".join(_clipped(effect) for effect in one.effects[:_MOST])
    if len(one.effects) > _MOST:
        done += f" and {len(one.effects) - _MOST} more (-o json lists them)"
    if not done:
        done = "is enforced; nothing contradicts it" if one.trust == "enforced" else "switches nothing off"
        named = one.uri if one.trust == "enforced" else named
    return f"{named} {done}."


def _clipped(effect: Effect) -> str:
    return effect.text if len(effect.text) <= _LONGEST else effect.text[: _LONGEST - 1] + "…"
