"""What the words of configurations, rules and suppressions mean, and which ones may stand where. Data, looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint import lens, packs
from wa_lint.config import KEYS, PROFILES
from wa_lint.facts import FACTS, FUNCTIONS
from wa_lint.language_server.judged_buffers import Buffer, kind_of
from wa_lint.model import STEPS, Outcome
from wa_lint.page_parts import one_line
from wa_lint.references.table import LINKS
from wa_lint.reporters import REPORTERS
from wa_lint.rule import Rule, rule_keys
from wa_lint.run.choice import Choice

MOST: Final = 1_000
"""Words that are offered at once."""

_WORD: Final = re.compile(r"[\w:.-]*$")
_KEY: Final = re.compile(r"([A-Za-z_-]+):")
_ALLOW: Final = re.compile(r"#\s*wa-lint:\s*allow\s+[\w, -]*$")
_ENTRY: Final = ("rule", "reason", "owner", "until", "path", "resource", "file", "account", "region")
_OF_RULES: Final = frozenset({"select", "ignore", "never-suppress", "rule"})
_EXPRESSIONS: Final = frozenset({"where", "require", "for_each", "message"})


class KnownWord(msgspec.Struct, frozen=True):
    """A word, and what it means."""

    word: str
    meaning: str = ""


class Spot(msgspec.Struct, frozen=True):
    """Where somebody types."""

    before: str
    """The line up to there."""
    above: Sequence[str]
    """The lines above it."""

    @property
    def word(self) -> str:
        """The beginning of the word that is typed."""
        found = _WORD.search(self.before)
        return found[0] if found else ""

    @property
    def indent(self) -> int:
        return len(self.before) - len(self.before.lstrip(" -"))

    @property
    def top(self) -> str:
        """The top-level key that the line is below, or begins with."""
        for line in (self.before, *reversed(self.above)):
            if found := _KEY.match(line):
                return found[1]
        return ""

    @property
    def key(self) -> str:
        """The key of the line itself; of an item of a list, the key above."""
        if found := re.match(r"[\s-]*([A-Za-z_-]+):\s", f"{self.before} "):
            return found[1]
        return self.top

    @property
    def is_key(self) -> bool:
        """Whether a key may be typed: nothing but its beginning is there."""
        return bool(re.fullmatch(r"[\s-]*[\w-]*", self.before))


def words_at(buffer: Buffer, spot: Spot, choice: Choice) -> Sequence[KnownWord]:
    """Return what may stand at a spot."""
    kind = kind_of(buffer)
    if kind == "configuration":
        found = _in_configuration(spot, choice)
    elif kind == "rule":
        found = _in_rule(spot, choice)
    else:
        found = _rules(choice) if _ALLOW.search(spot.before) else []
    return list(found)[:MOST]


def _in_configuration(spot: Spot, choice: Choice) -> Iterable[KnownWord]:
    if spot.indent == 0 and spot.is_key and not spot.before.startswith("-"):
        return [KnownWord(name, key.meaning) for name, key in KEYS.items()]
    if spot.key in _OF_RULES:
        return _rules(choice)
    if spot.top == "settings" and spot.is_key:
        return _settings_below(spot, choice)
    if spot.top == "allow" and spot.is_key:
        return _plain(_ENTRY)
    if spot.top == "overrides" and spot.is_key:
        return _plain(["paths", "ignore"])
    key = KEYS.get(spot.top)
    if spot.top == "pillar":
        return _plain(lens.PILLARS)
    if spot.top == "output":
        return _plain(REPORTERS)
    if key is None:
        return []
    return _plain(["true", "false"] if key.kind == "flag" else key.choices)


def _settings_below(spot: Spot, choice: Choice) -> Iterable[KnownWord]:
    """Return the settings of the rule that the line is below, or the rules that have any."""
    rules = _book(choice)
    for line in reversed(spot.above):
        found = re.match(r"\s+([a-z][a-z0-9-]*):", line)
        if found and len(line) - len(line.lstrip()) < spot.indent and found[1] in rules:
            settings = rules[found[1]].settings
            return [KnownWord(name, f"{one.means} ({one.unit}; {one.default})") for name, one in settings.items()]
    return [KnownWord(id_, rule.info.title) for id_, rule in rules.items() if rule.settings]


def _in_rule(spot: Spot, choice: Choice) -> Iterable[KnownWord]:
    if spot.indent == 0 and spot.is_key and not spot.before.startswith("-"):
        return [KnownWord(name, meaning) for name, meaning in rule_keys().items()]
    if spot.key == "expect":
        return _plain(outcome.value for outcome in Outcome)
    match spot.top:
        case "severity":
            return _plain(KEYS["severity"].choices)
        case "step":
            return [KnownWord(name, title) for name, title in STEPS.items()]
        case "practices":
            return [KnownWord(practice.id, practice.title) for practice in lens.practices()]
        case "profiles":
            return _plain(PROFILES)
        case "absent_partner":
            return _plain(["fail", "unknown"])
        case "applies_to":
            return _plain(_types(choice))
        case top if top in _EXPRESSIONS:
            return [KnownWord(name, meaning) for name, meaning in language().items()]
    return []


def meaning_of(buffer: Buffer, word: str, choice: Choice) -> str:
    """Return what a word of a file means, in Markdown of ours; nothing where nobody knows it."""
    kind = kind_of(buffer)
    if kind == "configuration" and word in KEYS:
        return KEYS[word].meaning
    if kind == "rule" and word in language():
        return language()[word]
    if kind == "rule" and word in rule_keys():
        return rule_keys()[word]
    rule = _book(choice).get(word)
    if rule is None:
        return ""
    info = rule.info
    return f"**{info.id}** ({info.severity.value}): {info.title}\n\n{info.why.strip()}\n\nFix: {info.fix.strip()}"


@cache
def language() -> Mapping[str, str]:
    """Return the names of the rule language, each with what it is."""
    facts = {fact.name: f"{one_line(fact.doc)} (fact)" for fact in FACTS}
    functions = {name: one_line(function.call.__doc__ or "A function.") for name, function in FUNCTIONS.items()}
    there = {link.name: f"Leads from {link.type} to {link.target} (link)" for link in LINKS}
    back = {link.back: f"Leads from {link.target} to {link.type} (link)" for link in LINKS}
    return dict(sorted({**back, **there, **functions, **facts}.items()))


def _types(choice: Choice) -> Iterable[str]:
    return sorted({type_ for rule in _book(choice).values() for type_ in rule.info.applies_to})


def _rules(choice: Choice) -> Iterable[KnownWord]:
    return [KnownWord(id_, rule.info.title) for id_, rule in _book(choice).items()]


def _book(choice: Choice) -> Mapping[str, Rule]:
    return {rule.info.id: rule for rule in packs.book(choice.rules).rules}


def _plain(words: Iterable[str]) -> Iterable[KnownWord]:
    return [KnownWord(str(word)) for word in words]
