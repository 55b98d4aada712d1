"""docs/coverage.md: what could be checked, by practice, topic and control of AWS, and which rule checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wa_lint import coverage_table, lens
from wa_lint.coverage_table import CLASSES, Check, Mapped, Topic, table
from wa_lint.page_parts import bullets, one_line
from wa_lint.page_parts import table as rows_of
from wa_lint.rule import Rule

_AWS: Final = {"securityhub": "AWS Security Hub", "config": "AWS Config"}


def coverage_page(rules: Sequence[Rule]) -> str:
    """Return the page, without the note that it is generated."""
    return "\n".join(
        [
            _HEAD.format(date=table().date, source=one_line(table().source)),
            _summary(rules),
            *(_pillar(pillar, rules) for pillar in lens.PILLARS),
            _topics(rules),
            *(f"## {title}\n\n{_controls(name, rules)}" for name, title in _AWS.items()),
            _OTHERS,
        ]
    )


_HEAD: Final = """# Coverage

What the practices of the Well-Architected Machine Learning Lens ask, what other tools check and what AWS's own controls
demand, with the rule that checks it here, or the reason why none does. As of {date}. {source}

A practice is *full* where each of its checks has a rule and the Lens asks for nothing that configuration cannot show;
*partial* where some have; *proxy* where only a technical trace of the practice can be seen; *none* where no check has a
rule. Practices that only people can answer for are left out.
"""

_OTHERS: Final = """## Other tools

`wa-lint rules --map checkov` (or `prowler`, `cfn-guard`, `kics`, `trivy`, `cnspec`, `cwe`) lists the checks of another
tool with our rules, `-o json` as JSON.
"""


def _summary(rules: Sequence[Rule]) -> str:
    counts = Counter(coverage_table.class_of(practice, rules) for practice in table().practices)
    checks = [check for practice in table().practices for check in coverage_table.checks_of(practice, rules)]
    decided = sum(bool(check.rules) for check in checks)
    return bullets(
        [
            f"{len(table().practices)} practices: " + ", ".join(f"{counts[name]} {name}" for name in CLASSES),
            f"{len(checks)} checks of practices: {decided} with a rule",
        ]
    )


def _pillar(pillar: str, rules: Sequence[Rule]) -> str:
    found = [practice for practice in table().practices if lens.practice(practice).pillar == pillar]
    head = f"## {pillar.replace('-', ' ').capitalize()}\n"
    return "\n".join([head, *(_practice(practice, rules) for practice in found)])


def _practice(practice: str, rules: Sequence[Rule]) -> str:
    head = f"### [{practice}]({lens.url(practice)}) {lens.practice(practice).title}"
    rows = map(_check, coverage_table.checks_of(practice, rules))
    kind = coverage_table.class_of(practice, rules).capitalize()
    return f"{head}\n\n{kind}.\n\n{rows_of(('check', 'rules, or why none'), rows)}"


def _check(check: Check) -> Sequence[str]:
    return check.what, _answer(check.rules, check.reason)


def _topics(rules: Iterable[Rule]) -> str:
    known = {rule.info.id for rule in rules}
    rows = (_topic(topic, entry, known) for topic, entry in table().topics.items())
    return "## What other tools check\n\n" + rows_of(("topic", "checks that", "rules, or why none"), rows)


def _topic(topic: str, entry: Topic, known: Iterable[str]) -> Sequence[str]:
    return topic, entry.what, _answer(coverage_table.rules_of(topic, entry, known), entry.reason)


def _controls(standard: str, rules: Sequence[Rule]) -> str:
    rows = (tuple(_control(row)) for row in coverage_table.mapped(standard, rules))
    return rows_of(("control", "checks that", "rules, or why none"), rows)


def _control(row: Mapped) -> Iterator[str]:
    yield row.control
    yield row.what
    yield _answer(row.rules, row.reason) + (f" (differs: {row.differs})" if row.differs else "")


def _answer(rules: Iterable[str], reason: str) -> str:
    return ", ".join(f"[{rule}](rules/{rule}.md)" for rule in rules) or table().said(reason)
