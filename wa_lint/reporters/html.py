"""The scorecard: one file of HTML that opens anywhere, asks no network, and works without JavaScript.

Jinja escapes every value; the policy in the head admits the page's own style and script by their hash, nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Raw, Report
from wa_lint.reporters import RenderOptions, blanked, configured, coverage, sentences, tally, waste
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.aws_commands import commands_of
from wa_lint.reporters.evidence_words import in_words
from wa_lint.reporters.scorecard import STATUSES, Pillar, Scorecard, scorecard
from wa_lint.texts import Texts, texts
from wa_lint.version import VERSION

_GAUGE: Final = 2 * math.pi * 42
_RING: Final = 2 * math.pi * 50

_MOST_LISTED: Final = 2000
"""Findings that the page lists, the gravest; with 5,000 a browser takes a second for each letter of a filter."""


_EXCERPT, _BEFORE = 200, 60
"""Characters of a line that are shown, and how many of them before the place: a file may be one line."""


def render(report: Report, options: RenderOptions) -> str:
    return page("scorecard.html", report, options, scorecard(report), texts("en"), title="", extra={})


def page(  # noqa: PLR0913, a page is all of these
    template: str,
    report: Report,
    options: RenderOptions,
    card: Scorecard,
    words: Texts,
    *,
    title: str,
    extra: Mapping[str, object],
) -> str:
    """Return a page of `page/` about a report; `extra` is what its template needs beside it.

    `title`: what the page is called; empty: the scorecard.
    """
    values = {
        **_of_report(report, options),
        "t": words,
        "title": title or words("page", "scorecard"),
        "card": card,
        "sentence": sentences.verdict(card, words),
        **_files(),
        **extra,
    }
    text: str = _environment().get_template(template).render(values)
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be written


def _of_report(report: Report, options: RenderOptions) -> Mapping[str, object]:
    """Return what every page shows of a report, by the names that its template uses."""
    shown = [f for f in report.findings if f.outcome in {Outcome.FAIL, Outcome.UNKNOWN} or options.show_all]
    listed = sorted(
        shown, key=lambda f: (f.suppressed is not None, not f.is_open, _ORDER[f.outcome], -f.rule.severity.rank)
    )
    return {
        "report": report,
        "date": (options.made_at or report.judged_at or "")[:10],
        "total": tally.total(report.findings, report.counted.values()),
        "news": _news(report),
        "scope": _scope(report),
        "missed": coverage.lines(report, without={"nothing", *coverage.SHOWN_ALREADY}),
        "nothing": coverage.nothing_judged(report),
        "findings": listed[:_MOST_LISTED],
        "left_out": max(len(listed) - _MOST_LISTED, 0),
        "where": stages.where_of(report),
        "excerpt": lambda finding: _excerpt(finding, options),
        "history": options.history,
        "trend": options.trend,
        "configuration": list(configured.sentences(report)),
    }


def _files() -> Mapping[str, object]:
    style, script = _file("scorecard.css"), _file("scorecard.js")
    return {
        "version": VERSION,
        "lens_version": lens.version(),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }


_ORDER: Final = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 3}


def _news(report: Report) -> str:
    found = tally.news(report)
    return f"{tally.news_in_words(found)}." if found else ""


def _scope(report: Report) -> Raw:
    """Return what was looked at: inputs by status, and the accounts and regions of what was judged."""
    by_status: dict[str, list[Raw]] = defaultdict(list)
    for entry in report.inputs:
        by_status[entry.status].append(entry)
    places = {(f.resource.account, f.resource.region or "global") for f in report.findings if f.resource.account}
    return {
        "judged": by_status["judged"],
        "broken": by_status["error"],
        "resources": sum(entry.resources for entry in by_status["judged"]),
        "accounts": sorted({account for account, _ in places}),
        "regions": sorted({region for _, region in places}),
        "rules": sum(bool(rule.practices) for rule in report.rules),
    }


def _excerpt(finding: Finding, options: RenderOptions) -> tuple[int, str] | None:
    place = finding.location
    lines = options.lines(place.uri) if place.line else ()
    if not 0 < place.line <= len(lines):
        return None
    line, start = lines[place.line - 1], max(0, place.column - _BEFORE)
    start = start if len(line) > _EXCERPT else 0
    return place.line, ("…" if start else "") + blanked(line[start : start + _EXCERPT])


# --- the page ---------------------------------------------------------------------------------------


@cache
def _environment() -> Raw:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415, only this format needs it

    made = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        finalize=_seen,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"words": _words, "plain": _plain}
    made.globals |= {"url": lens.url, "dash": _dash, "ring": _ring, "severities": ("critical", "high", "medium", "low")}
    made.globals |= {
        "pillar_of": tally.pillar,
        "spark": _spark,
        "allow": _allow,
        "shape": _SHAPES,
        "statuses": STATUSES,
    }
    made.globals |= {"usd": waste.usd, "wasted": waste.said, "is_least": waste.is_least, "money": waste.total_in_words}
    made.globals |= {"commands": commands_of, "in_words": in_words}
    return made


_SHAPES: Final = {"good": "\u25cf", "fair": "\u25b2", "poor": "\u25a0", "none": "\u25cb"}
"""What tells the bands of a score apart beside their colour and word: a disc, a triangle, a square, a ring."""


def _seen(value: Raw) -> Raw:
    """Return what the page shows of a value: unseen characters replaced, but not in the page's own style and script."""
    return blanked(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _words(text: str) -> str:
    return text.replace("-", " ")


def _plain(text: str) -> str:
    """Return a text in one line, what steers a reader's eye replaced."""
    return blanked(" ".join(str(text).split()))


def _dash(pillar: Pillar) -> str:
    """Return the drawn and the empty part of a gauge's circle."""
    drawn = _GAUGE * (pillar.score or 0) / 100
    return f"{drawn:.1f} {_GAUGE - drawn:.1f}"


def _ring(pillar: Pillar) -> str:
    drawn = _RING * pillar.coverage / 100
    return f"{drawn:.1f} {_RING - drawn:.1f}"


def _spark(values: list[int]) -> str:
    """Return the points of a line through `values`, 300 by 60."""
    top = max([*values, 1])
    step = 280 / max(len(values) - 1, 1)
    return " ".join(f"{10 + step * at:.1f},{55 - 45 * value / top:.1f}" for at, value in enumerate(values))


def _allow(finding: Finding) -> str:
    """Return what would suppress a finding: a comment in a template, an entry of a file elsewhere."""
    rule = finding.rule.id
    if finding.location.line and finding.location.uri.endswith((".yaml", ".yml", ".template")):
        return f"# wa-lint: allow {rule} REASON (until YYYY-MM-DD)"
    return f"allow: [{{rule: {rule}, resource: '{_plain(finding.resource.id)}', reason: REASON, until: YYYY-MM-DD}}]"


@cache
def _file(name: str) -> str:
    return files("wa_lint.reporters").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
