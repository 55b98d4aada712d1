"""Which IAM actions there are, and which can be granted on less than every resource. Reads one data file, late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from wa_lint.policy.wildcards import matches


@cache
def scopes(pattern: str) -> tuple[bool, ...]:
    """Return, for each known action that the lower-case `pattern` matches, whether it takes resources."""
    service, _, name = pattern.partition(":")
    known = _actions()
    services = known if service == "*" else [service] if service in known else []
    if not {"*", "?"} & set(name or "*"):
        return tuple(known[s][name] for s in services if name in known[s])
    return tuple(takes for s in services for action, takes in known[s].items() if matches(name or "*", action) is True)


@cache
def _actions() -> Mapping[str, Mapping[str, bool]]:
    """Return {service: {action: whether it takes resources}}, all in lower case."""
    text = files("wa_lint").joinpath("data/iam_actions.json").read_text("utf-8")
    services = json.loads(text)["services"]
    return {s.lower(): {a.lower(): bool(t) for a, t in actions.items()} for s, actions in services.items()}
