"""The baseline: what was found on the day that wa-lint came, and what was accepted of it.

What is in it is reported, and does not fail the build. It survives a move or a new
layout of a file, because an entry is found again by rule, resource and place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.model import Compared, Finding, Known, Report, Suppression
from wa_lint.suppress.news import KEPT, UNCHANGED, State, compared, known_of

VERSION: Final = 2
"""Version 1 kept no place, severity, scenarios, or what was accepted."""

_FIELDS: Final = 6
"""What an ARN has, between colons."""

NAME: Final = "the baseline"


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: JSON, one finding below the other, sorted, so that version control shows what changed."""

    schema_version: int
    findings: tuple[Known, ...]


def written(report: Report) -> bytes:
    """Return the baseline of what fails the build, or would with ``--strict``, in `report`."""
    known = sorted(map(known_of, (f for f in report.findings if f.outcome in KEPT and f.suppressed is None)))
    return msgspec.json.format(msgspec.json.encode(Baseline(VERSION, tuple(known))), indent=1) + b"\n"


def read(content: bytes, uri: str) -> Baseline:
    """Return a baseline. Raise `ConfigError` if it is not one, or one of a newer wa-lint."""
    try:
        version = msgspec.json.decode(content, type=_Head).schema_version
        if version > VERSION:
            raise ConfigError(uri, f"a newer wa-lint wrote it (version {version}); this one knows {VERSION}")
        return msgspec.json.decode(content, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(uri, f"is not a baseline: {error}; `wa-lint baseline -o {uri}` writes one") from error


def settle(report: Report, baseline: Baseline, never: frozenset[str] = frozenset()) -> Report:
    """Return `report` with what is in `baseline` marked as old. What became worse is marked as updated, and counts.

    `never`: ids of the rules that nothing suppresses, a baseline neither. What is suppressed already is found again
    too, so that its entry is neither another finding's nor fixed.
    """
    known = [one for one in baseline.findings if one.rule not in never]
    news = compared(report.findings, known, NAME)
    pairs = zip(report.findings, news.states, strict=True)
    return msgspec.structs.replace(
        report,
        findings=tuple(_marked(finding, state) for finding, state in pairs),
        compared=Compared(NAME, gone(report, news.left)),
    )


def gone(report: Report, left: Sequence[Known]) -> tuple[Known, ...]:
    """Return those of `left` that this run could have found again: fixed, or moved to another resource."""
    rules = {rule.id for rule in report.rules}
    uris = {entry.uri for entry in report.inputs if entry.status == "judged"}
    places = {(f.resource.account or "", f.resource.region or "") for f in report.findings if f.resource.account}
    return tuple(one for one in left if one.rule in rules and (one.uri in uris or _place(one) in places))


def _place(known: Known) -> tuple[str, str] | None:
    """Return the account and region of a live resource; version 1 has them in its ARN, if at all."""
    if known.account:
        return (known.account, known.region)
    parts = known.uri.split(":", _FIELDS - 1)
    return (parts[4], parts[3]) if known.uri.startswith("arn:") and len(parts) == _FIELDS and parts[4] else None


class _Head(msgspec.Struct, frozen=True):
    schema_version: int


def _marked(finding: Finding, state: State | None) -> Finding:
    if state is None:
        return finding
    if state.state != UNCHANGED or finding.suppressed:
        return msgspec.structs.replace(finding, state=state.state, change=state.change)
    why = Suppression("baseline", "it is in the baseline")
    return msgspec.structs.replace(finding, state=UNCHANGED, suppressed=why)
