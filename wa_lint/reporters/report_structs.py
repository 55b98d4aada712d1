"""The JSON report as structs: spelled once, for those who write it and those who read one back.

`wa_lint/schemas/report.schema.json` describes it for others. What has a default may be missing in a report that is
read: one of an earlier version, or cut down by somebody. Every field is written.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wa_lint.model import Severity
from wa_lint.reporters import tally
from wa_lint.version import VERSION

SCHEMA_VERSION = 1


class JsonTool(msgspec.Struct, frozen=True):
    name: str = "wa-lint"
    version: str = VERSION


class JsonInput(msgspec.Struct, frozen=True):
    uri: str
    kind: str
    status: str
    reason: str | None = None
    resources: int = 0
    stages: tuple[str, ...] | None = None
    files: int = 1
    suspect: bool = False


class JsonUnjudged(msgspec.Struct, frozen=True):
    type: str
    count: int
    kind: str
    reason: str
    ml: bool


class JsonNotFollowed(msgspec.Struct, frozen=True):
    what: str
    kind: str
    reason: str
    location: JsonLocation


class JsonCovered(msgspec.Struct, frozen=True):
    kind: str
    count: int
    text: str
    warning: bool


class JsonLocation(msgspec.Struct, frozen=True):
    uri: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class JsonResource(msgspec.Struct, frozen=True):
    id: str
    type: str
    arn: str | None = None
    account: str | None = None
    region: str | None = None
    construct: str | msgspec.UnsetType = msgspec.UNSET


class JsonEvidence(msgspec.Struct, frozen=True):
    resource: str
    path: str
    value: object
    shown: str
    location: JsonLocation


class JsonStep(msgspec.Struct, frozen=True):
    resource: str
    type: str
    location: JsonLocation


class JsonSuppressed(msgspec.Struct, frozen=True):
    kind: str
    reason: str | None = None
    owner: str | None = None
    until: str | None = None
    location: JsonLocation | None = None


class JsonWaste(msgspec.Struct, frozen=True):
    low: float
    high: float
    currency: str
    per: str
    as_of: str | None
    measured: bool
    assumes: tuple[str, ...]


class JsonFinding(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    outcome: str
    severity: Severity
    pillar: str = ""
    phase: str = ""
    step: str | None = None
    practices: tuple[str, ...]
    resource: JsonResource
    path: str
    location: JsonLocation
    message: str
    when: str | None = None
    assumes: tuple[str, ...] = ()
    evidence: tuple[JsonEvidence, ...] = ()
    fingerprint: str
    stages: tuple[str, ...] | None = None
    suppressed: JsonSuppressed | None = None
    trail: tuple[JsonStep, ...] = ()
    anchor: JsonLocation | None = None
    waste: JsonWaste | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    change: str | msgspec.UnsetType = msgspec.UNSET


class JsonRunningCost(msgspec.Struct, frozen=True):
    """By the month, while it exists."""

    low: float
    high: float
    currency: str
    per: str
    as_of: str
    is_least: bool
    priced: int
    without_price: Mapping[str, int]


class JsonRule(msgspec.Struct, frozen=True):
    id: str
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    suppressed: int = 0
    unchanged: int | msgspec.UnsetType = msgspec.UNSET


class JsonGap(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    account: str | None = None
    region: str | None = None
    reason: str
    grant: str | None = None


class JsonProblem(msgspec.Struct, frozen=True):
    location: JsonLocation
    message: str


class JsonSkew(msgspec.Struct, frozen=True):
    resource: str
    path: str
    rule: str | None
    values: dict[str, object]
    shown: dict[str, str]
    location: JsonLocation


class JsonEffect(msgspec.Struct, frozen=True):
    key: str
    text: str
    items: tuple[str, ...]
    count: int | None


class JsonConfiguration(msgspec.Struct, frozen=True):
    uri: str
    trust: str
    sentence: str
    switched_off: list[JsonEffect]
    overruled: list[JsonEffect]


class JsonSummary(msgspec.Struct, frozen=True):
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    suppressed: int
    resources: int
    ml_resources: int
    by_pillar: dict[str, tally.Tally]
    unchanged: int | msgspec.UnsetType = msgspec.UNSET


class JsonFixed(msgspec.Struct, frozen=True):
    rule: str
    outcome: str
    resource: str
    path: str
    uri: str
    fingerprint: str


class JsonCompared(msgspec.Struct, frozen=True):
    since: str
    new: tally.Amount
    updated: tally.Amount
    unchanged: tally.Amount
    fixed: list[JsonFixed]


class JsonWorkload(msgspec.Struct, frozen=True):
    """What part of the inputs was judged."""

    name: str
    outside: int = 0
    unsure: int = 0
    by_mark: bool = False
    complete: bool = False


class JsonReport(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    tool: JsonTool = JsonTool()
    inputs: tuple[JsonInput, ...]
    findings: tuple[JsonFinding, ...]
    rules: tuple[JsonRule, ...]
    practices: object = ()
    gaps: tuple[JsonGap, ...] = ()
    problems: tuple[JsonProblem, ...] = ()
    skew: tuple[JsonSkew, ...] = ()
    unjudged: tuple[JsonUnjudged, ...] = ()
    not_followed: tuple[JsonNotFollowed, ...] = ()
    coverage: tuple[JsonCovered, ...] = ()
    configuration: tuple[JsonConfiguration, ...] = ()
    summary: JsonSummary | None = None
    judged_at: str | None = None
    running_cost: JsonRunningCost | msgspec.UnsetType = msgspec.UNSET
    compared: JsonCompared | msgspec.UnsetType = msgspec.UNSET
    workload: JsonWorkload | msgspec.UnsetType = msgspec.UNSET
