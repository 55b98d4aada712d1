"""Applies to a report what does not count in it: suppressions, overrides, the baseline, within what is enforced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from wa_lint.config import Config
from wa_lint.errors import ConfigError
from wa_lint.model import Report
from wa_lint.redact.reports import mask_report
from wa_lint.reporters import COUNTING
from wa_lint.run.accounting import Settlement, accounted, kept_findings
from wa_lint.run.choice import Choice, Delivery, firm_rules, ignored_rules, matching_rules, rule_names
from wa_lint.run.enforced_rules import raised
from wa_lint.run.layers import Layers
from wa_lint.suppress import allow
from wa_lint.suppress.apply import Settling, entries_of, marked, without_overridden


def settled(
    report: Report, settling: Settling, choice: Choice, layers: Layers, today: str, say: Callable[[str], None]
) -> Report:
    """Return `report` with what is suppressed, or in the baseline, marked so. `today` is an ISO date.

    `say` gets what a person should know of the baseline. Every text of the report is masked.
    """
    strict = layers.enforcement
    never = matching_rules(settling.never_suppress, choice, "--never-suppress")
    policy = allow.Policy(
        names=rule_names(choice),
        is_inline=settling.inline_suppressions,
        demands_reason=settling.require_reason,
        never=never,
        enforced=choice.always,
        silent=ignored_rules(choice) & set(allow.FAULTS),
        is_partial=settling.is_partial,
        is_elsewhere=partial(_is_elsewhere, frozenset(entry.uri for entry in report.inputs)),
    )
    entries = list(entries_of(settling, layers.config if strict.permits("allow") else Config()))
    report = allow.settle(report, entries, policy, today)
    overrides = layers.config.overrides() if strict.permits("overrides") else ()
    overriding = [(over, matching_rules(over.ignore, choice, over.said.where)) for over in overrides]
    report, dropped = without_overridden(report, overriding, firm_rules(choice), choice.always)
    report = report if settling.baseline is None else marked(report, settling.baseline, never, say)
    kept, number = kept_findings(report.findings, choice.always)
    report = raised(msgspec.structs.replace(report, findings=kept), strict)
    wide = frozenset(str(one.location) for one in entries if allow.is_catch_all(one))
    return mask_report(accounted(Settlement(report, choice, layers, dropped, wide, number)))


def _is_elsewhere(seen: Collection[str], pattern: str) -> bool:
    """Whether a file below this folder that is not `seen` is like the ``file`` of a suppression."""
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts:
        return False
    try:
        return any(file.is_file() and file.as_posix() not in seen for file in Path().glob(pattern))
    except (OSError, ValueError, NotImplementedError):
        return False


def lists_all(settling: Settling, delivery: Delivery | None, found: Config) -> bool:
    """Whether what passes needs a finding.

    Some formats show it, entries and overrides are matched with it, and a history tells by it what is fixed.
    """
    formats = {text.partition("=")[0] for text in delivery.output} if delivery else set[str]()
    matched = settling.allow or settling.diff or found.said.get("allow") or list(found.overrides())
    asked = delivery is not None and bool(delivery.show_all or delivery.history)
    return bool(asked or not formats <= COUNTING or matched)


def demand_no_diff(settling: Settling) -> None:
    """Raise `ConfigError` at --diff where no files are compared with those of a commit."""
    if settling.diff is not None:
        raise ConfigError("--diff", "is for `wa-lint check`: it compares files with those of a commit")


def today(now: dt.datetime | None) -> str:
    return (now or dt.datetime.now(dt.UTC)).date().isoformat()
