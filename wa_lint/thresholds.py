"""Other values of the rules' settings: from a profile, from a configuration, from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.rule import Rule, Setting

_FILE: Final = Path(__file__).parent / "data" / "profiles.json"

Value: TypeAlias = bool | int | float | str | tuple[str, ...]


class Profile(msgspec.Struct, frozen=True):
    """A set of settings and rules for one kind of team."""

    means: str
    ignore: tuple[str, ...]
    """Patterns of the ids of rules that it leaves out."""
    settings: Mapping[str, Mapping[str, Value]]
    """By rule; ``*`` stands for every rule that has such a setting."""


class _Table(msgspec.Struct, frozen=True):
    source: str
    date: str
    profiles: Mapping[str, Profile]


@cache
def profile(name: str) -> Profile:
    """Return the profile `name`, one of `wa_lint.config.PROFILES`."""
    return msgspec.json.decode(_FILE.read_bytes(), type=_Table).profiles[name]


def left_out(rule: Rule, name: str) -> bool:
    """Whether a profile (empty: none) leaves a rule out: it says so, or the rule is for other profiles only."""
    if rule.info.profiles:
        return name not in rule.info.profiles
    return bool(name) and any(fnmatchcase(rule.info.id, pattern) for pattern in profile(name).ignore)


def of_profile(rule: Rule, name: str) -> Rule:
    """Return the rule with the settings of a profile (empty: none)."""
    if not name:
        return rule
    found = profile(name).settings
    return rule.with_settings({**found.get("*", {}), **found.get(rule.info.id, {})})


def parsed(text: str, rules: Mapping[str, Rule], where: str) -> tuple[str, str, Value]:
    """Return rule, name and value of ``RULE.NAME=VALUE``; raise `ConfigError` where it fits no setting."""
    key, mark, value = text.partition("=")
    id_, dot, name = key.partition(".")
    if not mark or not dot:
        raise ConfigError(where, f"a setting is RULE.NAME=VALUE, not {text!r}")
    if id_ not in rules:
        raise ConfigError(where, f"no rule {id_!r}{did_you_mean(id_, rules)}")
    known = rules[id_].settings
    if name not in known:
        has = f"; it has {', '.join(known)}" if known else "; it has none"
        raise ConfigError(where, f"{id_} has no setting {name!r}{has}")
    return id_, name, _value(value, known[name], f"{id_}.{name}", where)


def _value(text: str, setting: Setting, key: str, where: str) -> Value:
    kind = type(setting.default)
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind is bool:
        if text.lower() not in {"true", "false"}:
            raise ConfigError(where, f"{key} is true or false, not {text!r}")
        return text.lower() == "true"
    try:
        number = kind(text)
    except ValueError:
        raise ConfigError(where, f"{key} is a number ({setting.unit}), not {text!r}") from None
    if isinstance(number, float) and not -_LARGEST < number < _LARGEST:
        raise ConfigError(where, f"{key} is a number ({setting.unit}), not {text!r}")
    return number


_LARGEST: Final = 1e15


def with_values(rules: Iterable[Rule], given: Sequence[tuple[str, str]]) -> list[Rule]:
    """Return `rules` with the values that `given` says, (text, where it was said); a later one counts."""
    listed = list(rules)
    by_id = {rule.info.id: rule for rule in listed}
    values: dict[str, dict[str, Value]] = {}
    for text, where in given:
        id_, name, value = parsed(text, by_id, where)
        values.setdefault(id_, {})[name] = value
    return [rule.with_settings(values[rule.info.id]) if rule.info.id in values else rule for rule in listed]
