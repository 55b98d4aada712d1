"""Who records what is done in a bucket, which other accounts may write to it, and whose the buckets of a job are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from wa_lint import schema
from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.bucket import takes_logs_by_list
from wa_lint.facts.fact import Fact, gathered, in_account, is_live, seen, unseen, value_of, why_more
from wa_lint.facts.mentions import keys_of, names_of
from wa_lint.facts.ml_uses import READS
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, SourceKind, Unknown, Unresolved, Value, path_text
from wa_lint.policy import has_effect
from wa_lint.policy.document import matches_action, read
from wa_lint.policy.trust import principals
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, equals, every, negate, some
from wa_lint.type_names import is_ml

_BUCKET: Final = "AWS::S3::Bucket"
_POLICY: Final = "AWS::S3::BucketPolicy"
_TRAIL: Final = "AWS::CloudTrail::Trail"
_OBJECT: Final = "AWS::S3::Object"

_ELSEWHERE: Final = "no trail of another region or account records its objects"
"""A trail of several regions is read in its home region alone."""


# --- what records access ----------------------------------------------------------------------------


def object_access_recorded(home: Cell) -> Cell | Truth:
    """Whether a trail records who reads the bucket's objects as data events."""
    found = some(_records(trail, home) for trail in in_account(home, _TRAIL))
    if found is not False:
        return found
    reason = why_more(home.world, home, (_TRAIL,))
    answer: Truth = Unknown(reason) if reason else False
    return home.with_value(answer).assuming((_ELSEWHERE,) if is_live(home) and answer is False else ())


def _records(trail: Cell, bucket: Cell) -> Truth:
    basic = (
        every((negate(_is_one(selector, "ReadWriteType", "WriteOnly")), _names_objects(resource, bucket)))
        for selector in trail.select("EventSelectors").items()
        for resource in selector.select("DataResources").items()
    )
    advanced = (_is_of_objects(selector, bucket) for selector in trail.select("AdvancedEventSelectors").items())
    return every((negate(_is_one(trail, "IsLogging", value=False)), some((*basic, *advanced))))


def _is_one(cell: Cell, name: str, value: object) -> Truth:
    found = cell.select(name).value
    return False if found is ABSENT else equals(found, value)


def _names_objects(resource: Cell, bucket: Cell) -> Truth:
    values = some(_takes_in(cell.value, bucket) for cell in resource.select("Values").items())
    return every((_is_one(resource, "Type", _OBJECT), values))


def _is_of_objects(selector: Cell, bucket: Cell) -> Truth:
    """Whether an advanced selector takes in reads of the bucket's objects."""
    answers: list[Truth] = []
    typed: list[Truth] = []
    for field in selector.select("FieldSelectors").items():
        name, given = field.select("Field").value, field.select("Equals").items()
        if name == "resources.type":
            typed.append(some(equals(cell.value, _OBJECT) for cell in given))
        elif name == "readOnly":
            answers.append(negate(some(equals(cell.value, "false") for cell in given)))
        elif name == "resources.ARN":
            listed = (*given, *field.select("StartsWith").items())
            answers.append(some(_takes_in(cell.value, bucket) for cell in listed) if listed else True)
        elif isinstance(name, Unknown):
            typed.append(name)
    return every((some(typed), *answers))


_EVERY_BUCKET: Final = re.compile(r"arn:[^:]*:s3(:::)?")


def _takes_in(value: Value, bucket: Cell) -> Truth:
    """Whether the beginning of an ARN takes in the bucket's objects."""
    parts = parts_of(value)
    if not parts:
        return Unknown(unseen(value) or "not a text")
    said = "".join(part if isinstance(part, str) else "" for part in parts)
    holes = [part for part in parts if isinstance(part, Hole) and part.name != "AWS::Partition"]
    if not holes and _EVERY_BUCKET.fullmatch(said.replace("arn::", "arn:aws:")):
        return True
    if any(hole.target == bucket.resource.id for hole in holes):
        return True
    names = names_of(bucket)
    found = set(keys_of(bucket.world.graph, value, "Values"))
    if found & names.keys:
        return True
    is_open = any(hole.target is None for hole in holes) or bool(names.reason)
    return Unknown(unseen(value) or names.reason or "the name is not known") if is_open else False


def keeps_logs(home: Cell) -> Truth:
    """Whether the bucket receives logs: access logs of buckets here, or a trail's."""
    answers: list[Truth] = [takes_logs_by_list(home)]
    for other in in_account(home, _BUCKET):
        if other.resource.id != home.resource.id:
            target = other.select("LoggingConfiguration").select("DestinationBucketName")
            answers.append(_is_name_of(target.value, home))
    answers.extend(_is_name_of(trail.select("S3BucketName").value, home) for trail in in_account(home, _TRAIL))
    return some(answers)


def _is_name_of(value: Value, bucket: Cell) -> Truth:
    """Whether a name is the bucket's. One that a parameter decides is taken to be another's."""
    if value is ABSENT:
        return False
    if isinstance(value, Unknown):
        return value
    if any(isinstance(part, Hole) and part.target == bucket.resource.id for part in parts_of(value)):
        return True
    return isinstance(value, str) and f"s3:{value}" in names_of(bucket).keys


def records_ml_data(home: Cell) -> Truth:
    """Whether the trail records who reads the objects of a bucket that an ML workload uses, or calls of its models."""
    answers: list[Truth] = [_selects_models(home)]
    for bucket in in_account(home, _BUCKET):
        records = _records(home, bucket)
        if records is not False:
            uses, hidden = seen(bucket.select("ml_uses").items())
            answers.append(every((records, True if uses else Unknown(hidden) if hidden else False)))
    return some(answers)


def _selects_models(trail: Cell) -> Truth:
    """Whether an advanced selector names a type of SageMaker or Bedrock."""
    fields = [f for s in trail.select("AdvancedEventSelectors").items() for f in s.select("FieldSelectors").items()]
    return some(
        every(
            (
                _is_one(field, "Field", "resources.type"),
                some(_is_ml_type(c.value) for c in field.select("Equals").items()),
            )
        )
        for field in fields
    )


def _is_ml_type(value: Value) -> Truth:
    return is_ml(value) if isinstance(value, str) else Unknown(unseen(value) or "not a type")


# --- other accounts ---------------------------------------------------------------------------------

_WRITES: Final = (
    "s3:DeleteBucketPolicy",
    "s3:DeleteObject",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObject",
    "s3:PutObjectAcl",
)
"""What changes the objects or who may reach them: the actions of Security Hub's S3.6, and those on objects."""

_ACCOUNT: Final = re.compile(r"(?:arn:[^:]*:(?:iam|sts)::)?(\d{12})(?::.*)?")


def writing_accounts(home: Cell) -> list[Cell] | Partial:
    """Return the accounts other than the bucket's own that a statement lets write, each at its statement."""
    statements, reason = seen(home.select("statements").items())
    found: list[Cell] = []
    for statement in statements:
        said = value_of(statement)
        writes = every((has_effect(said, "Allow"), some(_allows(said, action) for action in _WRITES)))
        if writes is False:
            continue
        for principal in principals(said, "AWS"):
            account = _account_of(principal)
            whose = _is_other(account, home) if account else False
            if isinstance(account, Unknown) or isinstance(whose, Unknown) or isinstance(writes, Unknown):
                reason = reason or next(x.reason for x in (account, whose, writes) if isinstance(x, Unknown))
            elif whose:
                found.append(statement.with_value(account))
    return gathered(found, reason)


def _allows(statement: Value, action: str) -> Truth:
    actions = read(statement).actions
    answers = some(matches_action(pattern, action) for pattern in actions.patterns)
    return negate(answers) if actions.excludes else answers


def _account_of(principal: Value) -> str | Unknown | None:
    """Return the account that a principal is of; None where it is the bucket's own, or no account's."""
    if isinstance(principal, str):
        match = _ACCOUNT.fullmatch(principal)
        return match[1] if match else None
    parts = parts_of(principal)
    if not parts:
        return Unknown(unseen(principal) or "not a principal")
    text = "".join(part if isinstance(part, str) else f"\0{part.name}\0" for part in parts)
    if "\0AWS::AccountId\0" in text or any(isinstance(part, Hole) and part.target for part in parts):
        return None
    match = _ACCOUNT.fullmatch(re.sub("\0AWS::Partition\0", "aws", text))
    return match[1] if match else Unknown(unseen(principal) or "the account is not known")


def _is_other(account: str | Unknown, home: Cell) -> Truth:
    if isinstance(account, Unknown):
        return account
    own = home.resource.account
    return (
        Unknown(f"whether {account} is the account of the stack is known only at deployment")
        if own is None
        else account != own
    )


# --- whose bucket it is -----------------------------------------------------------------------------

_JOBS: Final = tuple(
    f"AWS::SageMaker::{word}"
    for word in ("AutoMLJob", "HyperParameterTuningJob", "ProcessingJob", "TrainingJob", "TransformJob")
)
_MODEL: Final = "AWS::SageMaker::Model"
_OTHERS: Final = tuple(
    f"AWS::SageMaker::{word}"
    for word in ("Domain", "EndpointConfig", "FeatureGroup", "MlflowTrackingServer", "MonitoringSchedule")
)

_READ: Final = re.compile(r"(?!.*(Output|Checkpoint|Destination)).*(Input|DataSource|ModelData|Container|Definition)")
"""In the path of what is read."""

_DEFAULT: Final = re.compile(r"sagemaker-(?:[a-z]{2}(?:-[a-z]+)+-\d|\0AWS::Region\0)-(?:\d{12}|\0AWS::AccountId\0)")
"""The bucket that SageMaker's SDK and console create where a user names none (sagemaker.Session.default_bucket)."""


def foreign_buckets(home: Cell) -> list[Cell] | Partial:
    """Return the names of buckets that the job or model reads and that are not of its account and region.

    Only an account's whole list of buckets tells: it is empty for a template, and Partial where that is not whole.
    """
    graph = home.world.graph
    if graph.snapshot.kind is not SourceKind.LIVE:
        return []
    read = [cell for cell in _texts(home) if _READ.match(path_text(cell.path))]
    named = [(cell, key.removeprefix("s3:")) for cell in read for key in keys_of(graph, cell.value, "")]
    owned = {bucket.resource.name for bucket in in_account(home, _BUCKET)} if named else ()
    strange = [cell.with_value(name) for cell, name in named if ":" not in name and name not in owned]
    reason = why_more(home.world, home, (_BUCKET,)) if strange else None
    return gathered([] if reason else strange, reason or _hidden(read))


def uses_unowned_default_bucket(home: Cell) -> Cell | Truth:
    """Whether it uses SageMaker's default bucket, and nothing here makes or owns that, at the first text that does."""
    texts = [cell for cell in _texts(home) if _HOLDS_URI.search(path_text(cell.path))]
    heads = [(cell, re.match(r"s3://([^/]+)", _spelled(cell.value))) for cell in texts]
    default = [(cell, head[1]) for cell, head in heads if head and _DEFAULT.fullmatch(head[1])]
    names = [bucket.select("BucketName") for bucket in in_account(home, _BUCKET)] if default else []
    owned = {_spelled(cell.resource.name or cell.value) for cell in names}
    strange = [cell for cell, name in default if name not in owned]
    if not strange:
        hidden = (cell for cell in texts if isinstance(cell.value, Unknown) and _may_hold_text(cell))
        return next(hidden, None) or False
    reason = _hidden(names) or (why_more(home.world, home, (_BUCKET,)) if is_live(home) else None)
    return strange[0].with_value(Unknown(reason) if reason else True)


def _hidden(cells: Iterable[Cell]) -> str | None:
    """Say which of the texts is not known, or is not a string."""
    for cell in cells:
        if isinstance(cell.value, Unknown):
            return cell.value.reason
        if not isinstance(cell.value, str | Unresolved) and path_text(cell.path).endswith(("Uri", "Url")):
            return f"{path_text(cell.path)} is not a string"
    return None


_HOLDS_URI: Final = re.compile(
    r"(S3|Ur[il]|Config|Source|Input|Output|Path|Container|Location|Data|Settings|Definition)[^.]*$"
)


def _may_hold_text(cell: Cell) -> bool:
    """Whether a text, and not only one of some words, may be at or below the place, by the type's schema."""
    return _has_text(schema.shape_at(cell.resource.type, cell.path), _DEEPEST)


_DEEPEST: Final = 8
"""Levels that are looked through below a place."""


def _has_text(shape: schema.Shape | None, levels: int) -> bool:
    if shape is None:
        return False
    if levels == 0 or "any" in shape.kinds or ("string" in shape.kinds and not shape.enum):
        return True
    inner = [shape.item, shape.values, *(shape.member(name) for name in shape.members())]
    return any(_has_text(one, levels - 1) for one in inner)


def _spelled(value: Value) -> str:
    """Return a text with the name of each hole between NULs; empty for what is not a string."""
    parts = (value,) if isinstance(value, str) else value.parts if isinstance(value, Unresolved) else ()
    return "".join(part if isinstance(part, str) else f"\0{part.name}\0" for part in parts)


def _texts(cell: Cell) -> Iterator[Cell]:
    """Yield the scalars below a cell, and what is not known there."""
    if isinstance(cell.value, dict):
        for key in cell.value:
            yield from _texts(cell.select(str(key)))
    elif isinstance(cell.value, list | tuple | Partial):
        for item in cell.items():
            yield from _texts(item)
    elif cell.value is not ABSENT:
        yield cell


def _facts(types: Iterable[str]) -> Iterator[Fact]:
    for type_ in types:
        doc = "Buckets that it reads and that its account does not own in this region. Empty in a template."
        yield Fact(type_, "", "foreign_buckets", (_BUCKET,), ListType(STRING), doc, foreign_buckets)


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _BUCKET,
        "",
        "object_access_recorded",
        (_TRAIL,),
        BOOL,
        "Whether a trail records who reads its objects as data events.",
        object_access_recorded,
    ),
    Fact(
        _TRAIL,
        "",
        "records_ml_data",
        (_BUCKET, *READS),
        BOOL,
        "Whether it records who reads the data of an ML workload, or calls its models.",
        records_ml_data,
    ),
    Fact(_BUCKET, "", "keeps_logs", (_TRAIL,), BOOL, "Whether logs of buckets or trails go to it.", keeps_logs),
    Fact(
        _POLICY,
        "",
        "writing_accounts",
        (_BUCKET,),
        ListType(STRING),
        "Other accounts that a statement lets change objects, or who may reach them.",
        writing_accounts,
    ),
    *_facts((*_JOBS, _MODEL)),
    *(
        Fact(
            type_,
            "",
            "uses_unowned_default_bucket",
            (_BUCKET,),
            BOOL,
            "Whether it uses SageMaker's default bucket, and nothing here makes or owns that.",
            uses_unowned_default_bucket,
        )
        for type_ in (*_JOBS, _MODEL, *_OTHERS)
    ),
)
