"""The nouns: everything that travels between the floors of the house.

All of it is immutable, and none of it knows where it came from or where it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]
"""The way from a resource's properties down to one value: ``("Containers", 0, "Image")``."""

Raw: TypeAlias = Any
"""A document as some parser or SDK returned it. Only readers and writers handle these."""

Value: TypeAlias = object
"""One value of a resource, to be looked at before use: plain JSON (dict, list, str, int, float, bool,
None), `ABSENT`, `Unresolved`, `Unknown`, `Partial`, or, inside a template, something `Deferred`."""


# --- values -----------------------------------------------------------------------------------------


class Absent(Enum):
    """The type of `ABSENT`, a singleton."""

    ABSENT = "absent"

    __hash__ = object.__hash__
    """That of an Enum is a function of Python's, and assumptions are hashed all the time."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""The property is known not to be set. Not the same as `Unknown`."""


class Unknown(msgspec.Struct, frozen=True):
    """We could not look: the property may be set, or not, to anything."""

    reason: str


class Hole(msgspec.Struct, frozen=True):
    """A stretch of a text that is decided elsewhere.

    `name` says where: a parameter (``Stage``), a pseudo parameter (``AWS::Region``), or
    an attribute of a resource (``Endpoint.EndpointName``; a plain Ref is ``Endpoint``).
    """

    name: str
    target: str | None = None
    """The id of the resource in this snapshot that it comes from."""
    attribute: str | None = None
    """The GetAtt attribute; None for a Ref."""
    shape: str = ""
    """A regular expression that the text is known to match in full, e.g. ``\\d{12}``; empty: anything."""


class Bounds(msgspec.Struct, frozen=True):
    """What a template demands of a parameter (MinValue, MaxLength, AllowedPattern …)."""

    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


class Unresolved(msgspec.Struct, frozen=True):
    """The property is set, but its text is decided elsewhere, as by ``!Ref``."""

    reason: str
    parts: tuple[str | Hole, ...] = ()
    """The literals and holes of a text, in order; empty where nothing is known of the text."""
    differs_from: tuple[str, ...] = ()
    """Texts that it is known not to be, in the scenario at hand."""
    bounds: Bounds | None = None

    @property
    def target(self) -> str | None:
        """The id of the resource that the whole value names, if it is one Ref or GetAtt."""
        match self.parts:
            case (Hole(target=target),):
                return target
        return None


class Partial(msgspec.Struct, frozen=True):
    """A list of which only some items could be seen: nothing may be said of how many there are."""

    items: tuple[Value, ...]
    reason: str
    maybe: tuple[Value, ...] = ()
    """Items of which it is not known whether they are in it."""
    is_whole: bool = False
    """Whether nothing but those can be missing."""


class Resolution(msgspec.Struct, frozen=True):
    """What a deferred value is in one scenario."""

    value: Value
    at: Path | None = None
    """Where in the source the value is, when that is not where the deferred value stood."""
    assumes: tuple[str, ...] = ()
    """What was assumed to get there: ``the default of Stage``."""


class AnyScenario(Protocol):
    """What a deferred value may ask: `wa_lint.scenario.Scenario` is the one that answers."""

    def assumed(self, name: str) -> Assumption | None: ...


class Assumption(msgspec.Struct, frozen=True):
    """What a scenario holds of one parameter, or of one condition that no parameter decides alone."""

    value: Value = ABSENT
    """The value that it has; ABSENT if only `differs_from` is known."""
    differs_from: tuple[str, ...] = ()
    is_hidden: bool = False
    """Whether the parameter is NoEcho: no text may tell what it is, or is not."""


class Deferred:
    """A value that a scenario decides, as by ``Fn::If``. Sources subclass it; everything else asks."""

    __slots__ = ()

    def resolve(self, scenario: AnyScenario) -> Resolution:
        """Return the value in `scenario`, perhaps holding further deferred values inside.

        Raise `wa_lint.scenario.Fork` where the scenario leaves something open that decides.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        """Return it as the template's author would recognise it: ``!Ref Stage``."""
        raise NotImplementedError


# --- places -----------------------------------------------------------------------------------------


class Location(msgspec.Struct, frozen=True, order=True):
    """A place a person can open: a span of a file (1-based), or a resource by its ARN (line 0)."""

    uri: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.uri}:{self.line}:{self.column}" if self.line else self.uri


class Origin(Protocol):
    """Where a resource was read. `at` is a path in the source's own terms, intrinsics included."""

    def locate(self, at: Path) -> Location:
        """Return the place of `at`, or of the deepest key above it that exists."""


class Listed:
    """The origin of a resource that was not read from a text: every path is the resource itself."""

    __slots__ = ("location",)

    def __init__(self, location: Location) -> None:
        self.location = location

    def locate(self, at: Path) -> Location:
        del at
        return self.location


# --- what a source reads ----------------------------------------------------------------------------


class Scope(msgspec.Struct, frozen=True, order=True):
    """What one listing covers: every resource of a type in an account and region."""

    type: str
    account: str | None = None
    region: str | None = None


class Gap(msgspec.Struct, frozen=True, order=True):
    """A listing that a source could not make in full, so that absence proves nothing."""

    scope: Scope
    reason: str
    grant: str | None = None
    """The IAM action that would close it."""


class Unjudged(msgspec.Struct, frozen=True, order=True):
    """Resources of one type that got no verdict, and why. A source fills in what it does not read."""

    type: str
    """As the input writes it: ``AWS::SageMaker::Cluster``, ``aws_sagemaker_flow_definition``."""
    count: int
    reason: str
    """``no rule yet``, ``wa-lint does not read this Terraform type``: the same text for all resources of the type."""
    is_ml: bool = False
    """Whether the type belongs to machine learning (`wa_lint.type_names.is_ml`)."""
    kind: str = "unread"
    """unread: of a service that wa-lint judges, but the source does not read the type (`--strict` exits 4) |
    other: not read, and of no such service | no-rule: no rule asks about it | not-run: the rules that ask were not
    selected | unrecognised: AWS is not known to have it | opaque: a custom resource, a module, a third-party type."""


class NotFollowed(msgspec.Struct, frozen=True, order=True):
    """Something that an input leads to and that was not read, so that resources may be missing. `--strict` exits 4."""

    location: Location
    what: str
    """``the nested stack Network``, ``the macro Expand``, ``the step Tune of the pipeline Train``."""
    reason: str
    """What is in the way: ``its TemplateURL is known only at deployment``."""
    kind: str
    """nested-stack | macro | module | step | link"""


class Resource(msgspec.Struct, frozen=True, eq=False):
    """One AWS resource, in CloudFormation's words, whatever source it came from."""

    id: str
    """The logical id in a template, the ARN (or the nearest thing to one) live."""
    type: str
    properties: Value
    """A dict of values; Deferred or Unknown as a whole where a source could not do better."""
    origin: Origin
    exists: Value = True
    """True, or a Deferred truth: a resource's own ``Condition``."""
    name: str | None = None
    """The primary name where it is known, e.g. the EndpointName."""
    arn: str | None = None
    account: str | None = None
    region: str | None = None
    observed: Mapping[str, Value] | None = None
    """What only a live account can tell (status, times, metrics); None elsewhere."""
    construct: str | None = None
    """What its author calls it: the path of the CDK construct that made it, or in SAM ``Function/Events/Event``."""
    made_by: str | None = None
    """``STACK/LOGICAL_ID``, for a live resource whose tags say which stack made it."""
    tags: Mapping[str, str] | None = None
    """All tags of a live resource that bears one that was looked for, its values masked; None: nothing is known."""
    attributes: Mapping[str, Value] = {}
    """What a template says of it beside its properties: DeletionPolicy, UpdateReplacePolicy. Empty elsewhere."""
    within: str | None = None
    """The id of the resource whose document says it, as the OpenAPI body of an API in a plan: what evidence names."""


class SourceKind(Enum):
    TEMPLATE = "template"
    EXPORT = "export"
    LIVE = "live"

    @property
    def noun(self) -> str:
        """What a sentence calls it: this template, this account."""
        return "account" if self is SourceKind.LIVE else self.value


class Note(msgspec.Struct, frozen=True):
    """What somebody wrote beside a resource for us to read: a comment, a Metadata section, a tag. Not judged yet."""

    kind: str
    """comment | metadata | tag"""
    content: Value
    """What follows ``wa-lint:``: a text, or the value of the Metadata section."""
    location: Location
    """Where it is."""
    covers: Location
    """What it speaks of: the span of a resource or of one of its properties, or a live resource."""
    resource: str | None = None
    """The id of the resource, where it speaks of the whole of one."""


class GivenParameter(msgspec.Struct, frozen=True):
    """A parameter of a template, and the value that it has whatever a scenario assumes."""

    name: str
    value: str | None = None
    """None where none is given, or it may not be shown, or is read from Parameter Store."""
    is_default: bool = False
    """Whether the value is the template's own default."""
    uri: str | None = None
    """Of the template, where several were read as one."""


class Snapshot(msgspec.Struct, frozen=True, eq=False):
    """All that one source could read, and what it could not."""

    kind: SourceKind
    uri: str
    resources: tuple[Resource, ...] = ()
    complete: frozenset[Scope] = frozenset()
    """The listings that are known to be whole. A template has none: others may add to it."""
    gaps: tuple[Gap, ...] = ()
    taken_at: str | None = None
    """ISO 8601, UTC: when a live account was read."""
    problems: tuple[Problem, ...] = ()
    nested: Mapping[str, str] = {}
    """The uri of the template of each nested stack that is part of this one, by the id of the stack."""
    parameters: tuple[GivenParameter, ...] = ()
    """The parameters that its templates declare, and the values that are known. A nested stack's are not among them."""
    exports: frozenset[str] = frozenset()
    """What a template gives out to others: values by the names of exports, resources by ``type name``."""
    imports: frozenset[str] = frozenset()
    """What it takes or names, spelled alike."""
    makers: Mapping[str, str] = {}
    """Where several templates were read as one: the uri of the one that makes each resource, by its id."""
    notes: tuple[Note, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    """What the source saw and does not read. The engine adds the types that no rule asks about."""
    not_followed: tuple[NotFollowed, ...] = ()


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something odd in the input that did not stop the reading, e.g. a key that is repeated."""

    location: Location
    message: str


# --- what the engine says ---------------------------------------------------------------------------


class Severity(Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Severity).index(self)


class Outcome(Enum):
    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"
    NOT_APPLICABLE = "not applicable"


OPEN: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN})
"""The outcomes that somebody has to look at."""


class Counts(msgspec.Struct, frozen=True):
    """Outcomes of one rule that are only counted, and have no finding."""

    passed: int = 0
    not_applicable: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.not_applicable + other.not_applicable)


NO_COUNTS: Final = Counts()


class Evidence(msgspec.Struct, frozen=True):
    """One value that a verdict rests on."""

    resource: str
    path: str
    value: Value
    """As JSON may carry it; what is not known is said in words by `shown`."""
    shown: str
    location: Location


STEPS: Final[Mapping[str, str]] = {
    "data-ingestion": "Data ingestion",
    "data-preparation": "Data preparation",
    "feature-engineering": "Feature engineering",
    "training": "Training",
    "evaluation-and-tuning": "Evaluation and tuning",
    "deployment": "Deployment",
    "inference": "Inference",
    "monitoring-and-retraining": "Monitoring and retraining",
}
"""The steps of an ML workload's life cycle, in order: id and title. A rule names the step of what it checks."""


class Edit(msgspec.Struct, frozen=True):
    """A mechanical change of a template. All edits of a rule that its type has make a failing resource pass."""

    set: str
    """The property to set: a path below the item of ``for_each``, else below the resource."""
    to: Value
    """The value, as a template writes it; it may hold intrinsic functions. Of an added resource, all of it."""
    is_safe: bool = False
    """Whether the deployed resource stays as it is otherwise: it is not replaced, interrupted, or more expensive."""
    effect: str = ""
    """What else it does, where it is not safe: ``old versions are billed``. That it replaces, the schema says."""
    is_attribute: bool = False
    """Whether `set` is an attribute of the resource beside its properties: DeletionPolicy."""
    add: str = ""
    """The end of the logical id of a resource that is added; `set` is empty then."""
    values: Mapping[str, str] = {}
    """By placeholder of `to`, of an added resource: the path of a text, over references to other resources."""
    avoids: str = ""
    """The id of another rule that would fail after the other edits without this one."""
    needs: tuple[str, ...] = ()
    """Properties without which AWS would refuse it: ``SubnetId``, or with a least value ``MaxCapacity >= 2``."""
    unless: tuple[str, ...] = ()
    """Properties with which AWS would refuse it."""


class AwsCommand(msgspec.Struct, frozen=True):
    """An AWS CLI command that changes a live resource as a rule asks. Nobody runs it but a person."""

    run: str
    """``s3api put-public-access-block``."""
    options: Mapping[str, Value] = {}
    """Values by option, without dashes. ``{name}``, ``{arn}`` and ``{arn_id}``, what follows the ARN's last slash, are
    those of the resource; a truth is a flag, a map or list is written as JSON."""
    type: str = ""
    """The type that it is for, where the rule is about several."""


class RuleInfo(msgspec.Struct, frozen=True):
    """What a rule says about itself: all that a reader of its findings needs."""

    id: str
    title: str
    severity: Severity
    practices: tuple[str, ...]
    why: str
    fix: str
    applies_to: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    step: str = ""
    """A key of `STEPS`."""
    snippet: str | None = None
    """YAML of CloudFormation resources, by logical id, that pass the rule."""
    edits: tuple[Edit, ...] = ()
    commands: tuple[AwsCommand, ...] = ()
    """What changes a live resource so that it passes, in order."""
    profiles: tuple[str, ...] = ()
    """The profiles in which it is asked; empty: always."""


class Suppression(msgspec.Struct, frozen=True):
    """Why a finding does not gate: somebody allowed it, or it is older than the baseline. It stays visible."""

    kind: str
    """comment | metadata | tag | file | baseline"""
    reason: str | None = None
    owner: str | None = None
    until: str | None = None
    """The last day on which it holds, an ISO date; None: for ever."""
    location: Location | None = None
    """Where it is written."""


class Condition(msgspec.Struct, frozen=True, order=True):
    """One test of a policy statement's Condition."""

    operator: str
    key: str
    values: tuple[str, ...] = ()


class Grant(msgspec.Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one Allow statement of a policy grants: sorted texts, a reference spelled ``${Name}``."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    """``AWS:111122223333``, ``Service:sagemaker.amazonaws.com``"""
    not_principals: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Extent(msgspec.Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """How far a finding reaches: who accepts it accepts this much, and no more."""

    grants: tuple[Grant, ...] = ()
    members: tuple[str, ...] = ()
    """The members of each list that it rests on: ``SecurityGroupIds: sg-1``."""


class Known(msgspec.Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """A finding of an earlier run, as a baseline keeps it."""

    uri: str
    resource: str
    rule: str
    outcome: str
    path: str
    fingerprint: str
    severity: str = ""
    when: str = ""
    """The scenarios in which it was so; empty: in all of them."""
    stages: tuple[str, ...] = ()
    """The sets of parameters with which it was so; empty: with all of them."""
    place: str = ""
    """`Finding.place`; empty in a baseline of version 1."""
    accepts: Extent = Extent()
    account: str = ""
    region: str = ""


class Compared(msgspec.Struct, frozen=True):
    """What the findings of a report were compared with."""

    since: str
    """``main``, the commit that --diff names, or ``the baseline``"""
    fixed: tuple[Known, ...] = ()
    """The earlier findings that this run could have found again and did not."""


class Step(msgspec.Struct, frozen=True):
    """One resource on the way that leads from a stranger to what he should not reach."""

    resource: str
    type: str
    location: Location


class Waste(msgspec.Struct, frozen=True):
    """What of a month's cost is likely paid for nothing while a rule fails: USD, a range."""

    low: float
    high: float
    as_of: str | None = None
    """The day (or year) that the oldest price it rests on was read."""
    is_measured: bool = False
    """Whether use was measured, in a live account; else it is a risk, read off a configuration."""
    assumes: tuple[str, ...] = ()
    units: Mapping[str, tuple[float, float]] = {}
    """The same by what is billed apart (a variant of an endpoint), so that nothing is counted twice."""


class Finding(msgspec.Struct, frozen=True):
    """What one rule has to say about one resource, or about one item of it."""

    rule: RuleInfo
    outcome: Outcome
    resource: Resource
    path: str
    location: Location
    message: str
    """One sentence; for an unknown outcome, what could not be known and why."""
    when: str | None = None
    """The scenarios in which it is so; None: in all of them."""
    assumes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    fingerprint: str = ""
    stages: tuple[str, ...] | None = None
    """The sets of parameters with which it is so; None: with all that its template was judged with."""
    suppressed: Suppression | None = None
    trail: tuple[Step, ...] = ()
    """The way that the verdict rests on, the outermost first; empty where it rests on no way."""
    anchor: Location | None = None
    """The line of the template that made a live resource, where that is known."""
    waste: Waste | None = None
    """Of a fail, where its cost is known and the rule says what share of it is waste."""
    place: str = ""
    """The path without indexes, which survives reordering: ``ProductionVariants[blue].InitialInstanceCount``."""
    extent: Extent = Extent()
    """How far a fail or an unknown reaches."""
    state: str | None = None
    """new | updated | unchanged, where the run was compared with an earlier one; updated: it became worse."""
    change: str | None = None
    """Why it counts as new or updated though something like it was known or suppressed."""

    @property
    def is_open(self) -> bool:
        """Whether it counts for the exit code: nobody suppressed it, and it is not an old one."""
        return self.suppressed is None and self.state != "unchanged"


class Skew(msgspec.Struct, frozen=True):
    """What differs between the stages of a template: a value that a verdict rests on, a verdict, or a resource."""

    resource: str
    path: str
    """Of the value; empty for a verdict, and for a resource that only some stages have."""
    location: Location
    values: Mapping[str, Value]
    """By stage, as JSON may carry it: the value, the outcome, or whether the resource is there."""
    shown: Mapping[str, str]
    """By stage, in words."""
    rule: str | None = None
    """Whose verdict it is."""


class Input(msgspec.Struct, frozen=True, order=True):
    """One thing that was asked to be read, and what became of it."""

    uri: str
    kind: str
    status: str
    """judged | skipped | error"""
    reason: str | None = None
    resources: int = 0
    stages: tuple[str, ...] = ()
    """The sets of parameters that this is said of; empty if none with a name was given."""
    files: int = 1
    """How many files the row is for: those of a skipped folder, or of one reason past the rows that are listed."""
    is_suspect: bool = False
    """Whether a skipped file looks like a template, as far as it was looked into. `--strict` exits 4."""


class RunningCost(msgspec.Struct, frozen=True, order=True):
    """What one resource that is billed by the hour costs by the month while it exists, in USD."""

    type: str
    id: str
    file: str = ""
    """Of a template's resource, whose id is unique in its file only."""
    low: float = 0.0
    high: float = 0.0
    as_of: str = ""
    """The day (or year) of the oldest price in it."""
    is_least: bool = False
    """Whether the region is not known, so that the lowest known price was taken."""
    reason: str = ""
    """Why it has no price; empty where it has one."""


class Assigned(msgspec.Struct, frozen=True, order=True):
    """How many resources an entry of ``profiles`` in a configuration was for, or could not be told to be for."""

    where: str
    """The place of the entry."""
    reason: str = ""
    """Why it is not known whether the entry is for them; empty: it is, and they were judged by it."""
    assumes: tuple[str, ...] = ()
    """``the default of Stage``"""
    is_replaced: bool = False
    """Whether a later entry gives them another profile."""
    count: int = 0


class Census(msgspec.Struct, frozen=True):
    """How many resources a run read, and of what sort."""

    resources: int = 0
    ml: int = 0
    """Of a type that belongs to machine learning."""
    recognised: int = 0
    """Of a type that AWS has, custom resources left out."""

    def __add__(self, other: Census) -> Census:
        return Census(self.resources + other.resources, self.ml + other.ml, self.recognised + other.recognised)


class Effect(msgspec.Struct, frozen=True):
    """One thing that a configuration switched off, or that enforcement did not let it switch off."""

    key: str
    """The key of the configuration, or the option without its dashes: ``ignore``."""
    text: str
    """What it does, to follow its file's name: ``ignores 1 rule (notebook-root-access)``."""
    items: tuple[str, ...] = ()
    """Of what: ids of rules, patterns, files."""
    count: int | None = None
    """How many rules, findings or files that was in this run, where that is counted."""


class WorkloadExtent(msgspec.Struct, frozen=True):
    """What part of the inputs is the workload that a run is about."""

    name: str
    outside: int = 0
    """How many resources were read and not judged, because they are not of it."""
    unsure: int = 0
    """How many of those do not show whether they are of it."""
    is_by_mark: bool = False
    """Whether a tag, a stack or a name decides what belongs, so that what bears none may belong too."""
    is_whole: bool = False
    """Whether a person says that the inputs hold all of it."""

    def __add__(self, other: WorkloadExtent) -> WorkloadExtent:
        return msgspec.structs.replace(self, outside=self.outside + other.outside, unsure=self.unsure + other.unsure)


class Configuration(msgspec.Struct, frozen=True):
    """One configuration that a run used, and what it switched off."""

    uri: str
    """The file; ``command line`` or ``environment`` for options."""
    trust: str
    """enforced | command line | named | found"""
    switched_off: tuple[Effect, ...] = ()
    overruled: tuple[Effect, ...] = ()
    """What a weaker configuration wanted and this one, which is enforced, does not permit."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (*self.switched_off, *self.overruled)


class Report(msgspec.Struct, frozen=True):
    """The end of the road: what every reporter is given."""

    rules: tuple[RuleInfo, ...]
    findings: tuple[Finding, ...]
    """Every outcome of every rule, sorted, but those in `counted`. Reporters show fail and unknown unless asked."""
    inputs: tuple[Input, ...] = ()
    gaps: tuple[Gap, ...] = ()
    problems: tuple[Problem, ...] = ()
    judged_at: str | None = None
    skew: tuple[Skew, ...] = ()
    notes: tuple[Note, ...] = ()
    """What is beside the resources for us to read; `wa_lint.suppress.allow` makes suppressions of it."""
    unjudged: tuple[Unjudged, ...] = ()
    """Types without a verdict, one entry for each (type, reason): what no source reads, no rule asks about."""
    not_followed: tuple[NotFollowed, ...] = ()
    census: Census = Census()
    assigned: tuple[Assigned, ...] = ()
    """What entries of ``profiles`` were for; nothing where there are none."""
    configuration: tuple[Configuration, ...] = ()
    """What decided how this run judged, the strongest first."""
    left_out: Mapping[str, int] = {}
    """How many files each pattern of ``exclude`` left out."""
    compared: Compared | None = None
    counted: Mapping[str, Counts] = {}
    """By rule: the outcomes that nobody asked to see, and that are not among the findings."""
    passed_types: frozenset[str] = frozenset()
    """The types of the resources whose passes are only counted."""
    costs: tuple[RunningCost, ...] = ()
    """Of all resources that are billed by the hour, whatever rules say of them."""
    places: frozenset[tuple[str | None, str | None]] = frozenset()
    """The account and region of everything that was judged."""
    complete: frozenset[Scope] = frozenset()
    """The listings that are known to be whole: what is not in them is not there."""
    workload: WorkloadExtent | None = None
    """None: everything was judged."""


def path_text(path: Sequence[str | int]) -> str:
    """Return ``ProductionVariants[1].InstanceType`` for its path."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
