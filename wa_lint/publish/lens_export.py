"""The Machine Learning Lens as a custom lens of the Well-Architected Tool, with our rules as improvement plans.

Ids, titles, pillars and risk rules are AWS's (`wa_lint.lens`). Form and limits: "Lens format specification" in the
user guide of the Well-Architected Tool (read 2026-12), and `ImportLens` of botocore's model: 500,000 characters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens as catalogue
from wa_lint.errors import ConfigError
from wa_lint.model import Raw, RuleInfo

NAME: Final = "Machine Learning Lens (wa-lint)"
"""What the lens is called; `apply` finds it by that."""

LARGEST: Final = 500_000
"""Characters of a lens."""

_TEXT: Final = 1024
"""Characters of a text: the format takes 2,048, and the API returns no more than these (ChoiceContentDisplayText)."""
_MORE: Final = 5
"""Further improvement plans of a choice."""

_PILLAR_NAMES: Final = {
    "operational-excellence": "Operational Excellence",
    "security": "Security",
    "reliability": "Reliability",
    "performance-efficiency": "Performance Efficiency",
    "cost-optimization": "Cost Optimization",
    "sustainability": "Sustainability",
}

_RISKS: Final = {"high": "HIGH_RISK", "medium": "MEDIUM_RISK"}
_JOINED: Final = {"all": " && ", "any": " || "}


def lens_json(rules: Iterable[RuleInfo], rule_pages: str | None = None) -> str:
    """Return the lens. `rule_pages`: the address of the folder with the rules' pages; None: a rule's first source.

    Raise ConfigError where the lens would be larger than AWS takes.
    """
    by_practice: dict[str, list[RuleInfo]] = defaultdict(list)
    for rule in rules:
        for practice in rule.practices:
            by_practice[practice].append(rule)
    written = {
        "schemaVersion": "2021-11-01",
        "name": NAME,
        "description": f"AWS Well-Architected Machine Learning Lens, version of {catalogue.version()}. Improvement "
        "plans name the rules of wa-lint that look at each best practice.",
        "pillars": [_pillar(pillar, by_practice, rule_pages) for pillar in catalogue.PILLARS],
    }
    text = msgspec.json.format(msgspec.json.encode(written), indent=1).decode() + "\n"
    if len(text) > LARGEST:
        raise ConfigError(
            "export-lens", f"the lens has {len(text)} characters, and AWS takes {LARGEST}; choose fewer rules"
        )
    return text


def _pillar(pillar: str, rules: Mapping[str, Sequence[RuleInfo]], rule_pages: str | None) -> Raw:
    questions = [question for question in catalogue.questions() if question.pillar == pillar]
    return {
        "id": questions[0].pillar_id,
        "name": _PILLAR_NAMES[pillar],
        "questions": [_question(question, rules, rule_pages) for question in questions],
    }


def _question(question: catalogue.Question, rules: Mapping[str, Sequence[RuleInfo]], rule_pages: str | None) -> Raw:
    practices = [practice for practice in catalogue.practices() if practice.question == question.id]
    followed = _JOINED[question.needs].join(catalogue.practice(id_).choice for id_ in question.of)
    return {
        "id": question.id,
        "title": question.title,
        "description": f"Lifecycle phase: {question.phase.replace('-', ' ')}.",
        "choices": [
            *(_choice(practice, rules.get(practice.id, ()), rule_pages) for practice in practices),
            {
                "id": f"{question.id}_no",
                "title": "None of these",
                "helpfulResource": {"displayText": "Select this if the workload follows none of these practices."},
            },
        ],
        "riskRules": [
            {"condition": followed, "risk": "NO_RISK"},
            {"condition": "default", "risk": _RISKS[question.otherwise]},
        ],
    }


def _choice(practice: catalogue.Practice, rules: Sequence[RuleInfo], rule_pages: str | None) -> Raw:
    page = catalogue.url(practice.id)
    ordered = sorted(rules, key=lambda rule: (-rule.severity.rank, rule.id))
    choice = {
        "id": practice.choice,
        "title": practice.title,
        "helpfulResource": {
            "displayText": f"{practice.id} in the Machine Learning Lens: {practice.title}.",
            "url": page,
        },
        "improvementPlan": {"displayText": _plan(practice, ordered), "url": page},
    }
    content = [{"displayText": _rule_text(rule), "url": _address(rule, rule_pages, page)} for rule in ordered[:_MORE]]
    return choice | ({"additionalResources": [{"type": "IMPROVEMENT_PLAN", "content": content}]} if content else {})


def _plan(practice: catalogue.Practice, rules: Sequence[RuleInfo]) -> str:
    if not rules:
        return f"{practice.title}. No rule of wa-lint looks at it: a question for people."
    count = "1 rule of wa-lint looks" if len(rules) == 1 else f"{len(rules)} rules of wa-lint look"
    return _cut(f"{practice.title}. {count} at it: {', '.join(rule.id for rule in rules)}")


def _rule_text(rule: RuleInfo) -> str:
    return _cut(f"{rule.id} ({rule.severity.value}): {rule.title}. {' '.join(rule.fix.split())}")


def _address(rule: RuleInfo, rule_pages: str | None, page: str) -> str:
    if rule_pages is not None:
        return f"{rule_pages.rstrip('/')}/{rule.id}.md"
    return next((source for source in rule.references if source.startswith(("https://", "http://"))), page)


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1].rpartition(" ")[0].rstrip(" ,.;") + "…"
