"""The list of rules, for people and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from wa_lint import lens
from wa_lint.config import PROFILES
from wa_lint.model import Raw, RuleInfo
from wa_lint.reporters import visible
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice
from wa_lint.thresholds import left_out, of_profile
from wa_lint.version import VERSION


def listed(rules: Sequence[Rule], width: int | None) -> Iterator[str]:
    """Yield a header and a line for each rule. Where lines of `width` do not hold them, the title is below its rule.

    `width` None: nobody looks, so that lines may be of any length.
    """
    rows = [("rule", "severity", "pillar", "title")]
    rows += [(r.info.id, r.info.severity.value, _pillar(r.info), visible(r.info.title)) for r in rules]
    first, second, third = (max(len(row[at]) for row in rows) for at in range(3))
    lines = [f"{a:<{first}}  {b:<{second}}  {c:<{third}}  {title}" for a, b, c, title in rows]
    if width is None or max(map(len, lines)) <= width:
        yield from (f"{line}\n" for line in lines)
        return
    columns = (first, second) if first + second + third + 4 <= width else (0, 0)
    for a, b, c, title in rows:
        yield _within(f"{a:<{columns[0]}}  {b:<{columns[1]}}  {c}", width)
        yield _within(title, width, "    ")


def _within(text: str, width: int, indent: str = "") -> str:
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line}\n" for line in lines)


def json_list(rules: Sequence[Rule], choice: Choice, book: Mapping[str, Rule]) -> str:
    """Return the rules as JSON, below what they were chosen by. `book`: the rules with their own settings, by id."""
    written = {
        "tool": {"name": "wa-lint", "version": VERSION},
        "filters": {
            "select": _words(choice.select),
            "ignore": _words(choice.ignore),
            "pillar": choice.pillar,
            "severity": choice.severity,
            "profile": choice.rule_profile,
            "all_buckets": choice.all_buckets,
            "settings": [text for text, _ in choice.settings],
        },
        "rules": [_described(rule, book[rule.info.id]) for rule in rules],
    }
    return msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"


def _words(given: Sequence[str]) -> list[str]:
    return [word.strip() for text in given for word in text.split(",") if word.strip()]


def _described(rule: Rule, original: Rule) -> Raw:
    info = rule.info
    return {
        "id": info.id,
        "title": info.title,
        "severity": info.severity.value,
        "pillar": _pillar(info),
        "step": info.step or None,
        "types": info.applies_to,
        "practices": info.practices,
        "controls": rule.controls,
        "settings": [_setting(name, rule, original) for name in rule.settings],
        "profiles": {name: _in_profile(original, name) for name in PROFILES},
    }


def _setting(name: str, rule: Rule, original: Rule) -> Raw:
    setting = original.settings[name]
    return {
        "name": name,
        "value": rule.settings[name].default,
        "default": setting.default,
        "unit": setting.unit,
        "means": setting.means,
        "source": setting.source,
    }


def _in_profile(original: Rule, name: str) -> Raw:
    """Return whether a profile checks a rule, and the settings that it changes."""
    changed = of_profile(original, name).settings
    values = {key: setting.default for key, setting in changed.items() if setting != original.settings[key]}
    return {"is_checked": not left_out(original, name), "settings": values}


def _pillar(rule: RuleInfo) -> str:
    return lens.practice(rule.practices[0]).pillar
