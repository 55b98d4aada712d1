"""The part of a SARIF log that does not depend on what was found: the tool, its rules, and the Lens as a taxonomy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from wa_lint import lens
from wa_lint.model import Raw, RuleInfo, Severity
from wa_lint.reporters import tally
from wa_lint.version import VERSION

LEVEL: Final = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}

_SECURITY_SEVERITY: Final = {
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
"""A text, as GitHub wants it, and well inside each of its bands: what exactly 9.0 means is said two ways."""

_PROBLEM_SEVERITY: Final = {
    Severity.LOW: "recommendation",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}

_LENS: Final = {"name": "AWS-WA-ML-Lens", "guid": "b3b1f0c2-6f0e-4d0a-9a55-6f5c1c0d7e21"}
"""The name by which rules point at the taxonomy; the guid is ours and never changes."""

_MOST_TAGS, _LONGEST_TEXT, _LONGEST_NAME = 10, 1024, 255


def driver(rules: Sequence[RuleInfo]) -> Raw:
    return {
        "name": "wa-lint",
        "semanticVersion": VERSION,
        "supportedTaxonomies": [_LENS],
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: RuleInfo) -> Raw:
    practices = [lens.practice(practice) for practice in rule.practices]
    link = {"helpUri": rule.references[0]} if rule.references else {}
    title = sentence(rule.title or rule.id)
    name = "".join(word.capitalize() for word in re.findall("[A-Za-z0-9]+", rule.id))[:_LONGEST_NAME]
    return {
        "id": rule.id,
        **({"name": name} if name.lower() not in {"", rule.id.lower()} else {}),
        "shortDescription": {"text": title},
        "fullDescription": {"text": _clip(" ".join(rule.why.split())) or title},
        "help": {"text": _help(rule) or title, "markdown": _markdown(rule, practices) or title},
        **link,
        "defaultConfiguration": {"level": LEVEL[rule.severity]},
        "relationships": [_relevant(practice.id) for practice in practices],
        "properties": _properties(rule),
    }


def _help(rule: RuleInfo) -> str:
    return "\n\n".join([*_part("", rule.why), *_part("Fix: ", rule.fix)])


def _part(head: str, text: str) -> list[str]:
    """Return a text under its head, or nothing for nothing: GitHub refuses an empty text."""
    return [head + text.strip()] if text.strip() else []


def _properties(rule: RuleInfo) -> Raw:
    tags = dict.fromkeys([tally.pillar(rule), tally.phase(rule), *rule.practices, *rule.controls])
    is_security = tally.pillar(rule) == "security"
    return {
        "tags": list(tags)[:_MOST_TAGS],
        "precision": "high",
        **({"security-severity": _SECURITY_SEVERITY[rule.severity]} if is_security else {}),
        **({} if is_security else {"problem.severity": _PROBLEM_SEVERITY[rule.severity]}),
    }


def _markdown(rule: RuleInfo, practices: Sequence[lens.Practice]) -> str:
    asked = [f"* [{practice.id}]({lens.url(practice.id)}) {practice.title}" for practice in practices]
    read = [f"* <{reference}>" for reference in rule.references]
    parts = [
        *_part("", rule.why),
        *_part("## Fix\n\n", rule.fix),
        *_part("## Well-Architected Machine Learning Lens\n\n", "\n".join(asked)),
        *_part("## References\n\n", "\n".join(read)),
    ]
    return "\n\n".join(parts) + "\n" if parts else ""


def _relevant(practice: str) -> Raw:
    return {"target": {"id": practice, "toolComponent": _LENS}, "kinds": ["relevant"]}


def taxonomy(rules: Sequence[RuleInfo]) -> Raw:
    named = {practice for rule in rules for practice in rule.practices}
    return {
        **_LENS,
        "version": lens.version(),
        "informationUri": lens.url("machine-learning-lens"),
        "organization": "Amazon Web Services",
        "shortDescription": {"text": "The Machine Learning Lens of the AWS Well-Architected Framework."},
        "taxa": [_taxon(practice) for practice in lens.practices() if practice.id in named],
    }


def _taxon(practice: lens.Practice) -> Raw:
    description = {"text": sentence(practice.title)}
    return {"id": practice.id, "shortDescription": description, "helpUri": lens.url(practice.id)}


def sentence(text: str) -> str:
    text = _clip(" ".join(text.split()))
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _clip(text: str) -> str:
    return text if len(text) < _LONGEST_TEXT else text[: _LONGEST_TEXT - 2] + "…"
