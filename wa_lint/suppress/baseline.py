"""The baseline: what was found on the day that wa-lint came, by fingerprint. What is in it does not gate, but shows.

It survives a move or a new layout of a file, because a fingerprint holds neither file nor line.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.model import Finding, Outcome, Report, Suppression

_VERSION = 1

_KEPT = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


class Known(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One old finding. All but the fingerprint is for people who read the file."""

    uri: str
    resource: str
    rule: str
    outcome: str
    path: str
    fingerprint: str


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: JSON, one finding below the other, sorted, so that version control shows what changed."""

    schema_version: int
    findings: tuple[Known, ...]


def written(report: Report) -> bytes:
    """Return the baseline of what gates, or would with ``--strict``, in `report`."""
    known = sorted(map(_known, (f for f in report.findings if f.outcome in _KEPT and f.suppressed is None)))
    return msgspec.json.format(msgspec.json.encode(Baseline(_VERSION, tuple(known))), indent=1) + b"\n"


def read(content: bytes, uri: str) -> Baseline:
    """Return a baseline. Raise `ConfigError` where it is none, or one of a newer wa-lint."""
    try:
        version = msgspec.json.decode(content, type=_Head).schema_version
        if version > _VERSION:
            raise ConfigError(uri, f"a newer wa-lint wrote it (version {version}); this one knows {_VERSION}")
        return msgspec.json.decode(content, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(uri, f"is no baseline: {error}; `wa-lint baseline -o {uri}` writes one") from error


def settle(report: Report, baseline: Baseline, never: frozenset[str] = frozenset()) -> Report:
    """Return `report` with what is in `baseline` marked as old. A doubt that became a fail is new.

    `never`: ids of the rules that nothing suppresses, a baseline neither.
    """
    old = {(known.fingerprint, known.outcome) for known in baseline.findings if known.rule not in never}
    return msgspec.structs.replace(report, findings=tuple(_marked(finding, old) for finding in report.findings))


def gone(report: Report, baseline: Baseline) -> tuple[Known, ...]:
    """Return the entries that this run could have found again and did not: mended, or moved to another resource."""
    found = {finding.fingerprint for finding in report.findings if finding.outcome in _KEPT}
    rules, uris = {rule.id for rule in report.rules}, {entry.uri for entry in report.inputs if entry.status == "judged"}
    return tuple(
        known
        for known in baseline.findings
        if known.fingerprint not in found and known.rule in rules and _stands_in(known.uri, uris)
    )


class _Head(msgspec.Struct, frozen=True):
    schema_version: int


def _known(finding: Finding) -> Known:
    place, rule = finding.location.uri, finding.rule.id
    return Known(place, finding.resource.id, rule, finding.outcome.value, finding.path, finding.fingerprint)


def _marked(finding: Finding, old: set[tuple[str, str]]) -> Finding:
    if finding.suppressed or (finding.fingerprint, finding.outcome.value) not in old:
        return finding
    return msgspec.structs.replace(finding, suppressed=Suppression("baseline", "it is older than the baseline"))


def _stands_in(uri: str, judged: Iterable[str]) -> bool:
    return uri in judged or uri.startswith("arn:")
