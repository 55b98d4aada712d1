"""How what holds the data of a workload protects it: encryption, keys, backups, and what is left when its stack goes.

One fact asks the same of several types, each at its own property. ABSENT means that the question does not arise: the
service decides it, or another resource does. Defaults are those of the CloudFormation template reference and of the
services' user guides (read 2026-12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wa_lint.cel.types import BOOL, STRING
from wa_lint.facts.fact import Fact, in_account, is_template
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, equals, every, negate, some

_TABLE: Final = "AWS::DynamoDB::Table"
_EFS: Final = "AWS::EFS::FileSystem"
_FSX: Final = "AWS::FSx::FileSystem"
_INSTANCE: Final = "AWS::RDS::DBInstance"
_CLUSTER: Final = "AWS::RDS::DBCluster"
_NEPTUNE: Final = "AWS::Neptune::DBCluster"
_SEARCH: Final = "AWS::OpenSearchService::Domain"
_STREAM: Final = "AWS::Kinesis::Stream"
_QUEUE: Final = "AWS::SQS::Queue"
_TOPIC: Final = "AWS::SNS::Topic"
_KEY: Final = "AWS::KMS::Key"
_REPOSITORY: Final = "AWS::ECR::Repository"
_SELECTION: Final = "AWS::Backup::BackupSelection"

_NO_PLAN: Final = "no AWS Backup plan covers it"


def _at(cell: Cell, path: str) -> Cell:
    for step in path.split("."):
        cell = cell.select(step)
    return cell


def _is(cell: Cell, path: str, wanted: object) -> Cell:
    """Return whether the property is `wanted`, at its place; what is not set is not."""
    at = _at(cell, path)
    return at.with_value(False if at.value is ABSENT else equals(at.value, wanted))


def _truth(cell: Cell) -> Truth:
    return cell.value if isinstance(cell.value, bool | Unknown) else False


# --- encryption -------------------------------------------------------------------------------------


def encrypts_at_rest(home: Cell) -> Cell | object:
    """Whether a store that can keep data in clear text encrypts it."""
    ask = _AT_REST[home.resource.type]
    return ask(home)


def _queue_encrypts(queue: Cell) -> Cell:
    """SQS encrypts new queues with a key of its own since October 2022, unless SqsManagedSseEnabled is false."""
    key, managed = queue.select("KmsMasterKeyId"), queue.select("SqsManagedSseEnabled")
    if key.value is not ABSENT and not isinstance(key.value, Unknown) and key.value:
        return key.with_value(True)
    off: Truth = False if managed.value is ABSENT else equals(managed.value, False)
    return managed.with_value(some((key.value if isinstance(key.value, Unknown) else False, negate(off))))


_ORIGINS: Final = (
    "DBSnapshotIdentifier",
    "SnapshotIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDBInstanceIdentifier",
    "ReplicationSourceIdentifier",
)
"""What a database is restored or replicated from."""


def _database_encrypts(database: Cell) -> Cell | object:
    """ABSENT for Aurora, unless an account says otherwise, and for instances of a cluster.

    Aurora encrypts every cluster created since 2026-02-18 (Aurora User Guide, "Encrypting Amazon Aurora resources").
    """
    if database.select("DBClusterIdentifier").value is not ABSENT and database.resource.type == _INSTANCE:
        return ABSENT
    engine = database.select("Engine").value
    head = engine if isinstance(engine, str) else next(iter(parts_of(engine)), "")
    if isinstance(head, str) and head.startswith("aurora"):
        kind = database.select("observed").select("StorageEncryptionType").value
        return database.select("StorageEncrypted").with_value(False) if kind == "none" else ABSENT
    if any(database.select(name).value is not ABSENT for name in _ORIGINS):
        return ABSENT  # it is encrypted as its origin is
    if not isinstance(engine, str) and database.resource.type == _CLUSTER:
        return Unknown("Engine is not known, and Aurora encrypts every new cluster")
    return _is(database, "StorageEncrypted", wanted=True)


_AT_REST: Final[Mapping[str, Callable[[Cell], Cell | object]]] = {
    _EFS: lambda cell: _is(cell, "Encrypted", wanted=True),
    _INSTANCE: _database_encrypts,
    _CLUSTER: _database_encrypts,
    _NEPTUNE: lambda cell: _is(cell, "StorageEncrypted", wanted=True),
    _SEARCH: lambda cell: _is(cell, "EncryptionAtRestOptions.Enabled", wanted=True),
    _STREAM: lambda cell: _is(cell, "StreamEncryption.EncryptionType", wanted="KMS"),
    _QUEUE: _queue_encrypts,
}

_KEYS: Final[Mapping[str, str]] = {
    _TABLE: "SSESpecification.KMSMasterKeyId",
    _EFS: "KmsKeyId",
    _FSX: "KmsKeyId",
    _INSTANCE: "KmsKeyId",
    _CLUSTER: "KmsKeyId",
    _NEPTUNE: "KmsKeyId",
    _SEARCH: "EncryptionAtRestOptions.KmsKeyId",
    _STREAM: "StreamEncryption.KeyId",
    _TOPIC: "KmsMasterKeyId",
}
"""Where a store names its KMS key."""


def encryption_key(home: Cell) -> Cell:
    """Return the key that the store names."""
    return _at(home, _KEYS[home.resource.type])


def wants_key(home: Cell) -> Truth:
    """Whether a key of one's own can be set: not for instances of a cluster, nor scratch file systems of Lustre.

    Nor where nothing is encrypted, which is a finding of its own.
    """
    ask = _AT_REST.get(home.resource.type)
    encrypted = ask(home) if ask else None
    if isinstance(encrypted, Cell) and encrypted.value is not True:
        return _truth(encrypted)
    if home.resource.type == _INSTANCE:
        return home.select("DBClusterIdentifier").value is ABSENT
    return negate(_is_scratch(home)) if home.resource.type == _FSX else True


def _is_scratch(files: Cell) -> Truth:
    """Whether it is a file system of Lustre that keeps nothing: FSx takes SCRATCH_1 where nothing is said."""
    deployment = _at(files, "LustreConfiguration.DeploymentType").value
    scratch = True if deployment is ABSENT else some(equals(deployment, f"SCRATCH_{n}") for n in (1, 2))
    return every((equals(files.select("FileSystemType").value, "LUSTRE"), scratch))


def _passes(home: Cell) -> Truth:
    """Whether the data is made to go: items of a table expire, a file system is a cache of a bucket or scratch."""
    if home.resource.type == _TABLE:
        return _truth(_is(home, "TimeToLiveSpecification.Enabled", wanted=True))
    if home.resource.type == _FSX:
        return some((_is_scratch(home), _at(home, "LustreConfiguration.ImportPath").value is not ABSENT))
    return False


# --- backups ----------------------------------------------------------------------------------------


def has_backups(home: Cell) -> Cell | object:
    """Whether the service, or a plan of AWS Backup, keeps backups from which the data can be restored."""
    if home.resource.type == _INSTANCE and home.select("DBClusterIdentifier").value is not ABSENT:
        return ABSENT  # the cluster has them, for at least a day
    passes = _passes(home)
    if passes is not False:
        return ABSENT if passes is True else passes
    own = _BACKUPS[home.resource.type](home)
    if own.value is True:
        return own
    selected = some(_selects(selection, home) for selection in in_account(home, _SELECTION))
    assumes = (_NO_PLAN,) if selected is False else ()
    return own.with_value(some((_truth(own), selected))).assuming(assumes)


def _instance_has_backups(instance: Cell) -> Cell:
    """RDS keeps them for a day unless BackupRetentionPeriod says otherwise; 0 switches them off."""
    at = instance.select("BackupRetentionPeriod")
    return at.with_value(True if at.value is ABSENT else negate(equals(at.value, 0)))


def _table_has_backups(table: Cell) -> Cell:
    """A template asks for recovery in a boolean; an account says in a word whether it is on."""
    said = _at(table, "observed.ContinuousBackupsDescription")
    if said.value is not ABSENT:
        return _is(said, "PointInTimeRecoveryDescription.PointInTimeRecoveryStatus", wanted="ENABLED")
    return _is(table, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", wanted=True)


_BACKUPS: Final[Mapping[str, Callable[[Cell], Cell]]] = {
    _TABLE: _table_has_backups,
    _EFS: lambda cell: _is(cell, "BackupPolicy.Status", wanted="ENABLED"),
    _INSTANCE: _instance_has_backups,
}


def _selects(selection: Cell, home: Cell) -> Truth:
    """Whether a selection of AWS Backup takes in the resource; by tags, or a pattern, it may."""
    said = selection.select("BackupSelection")
    resources = said.select("Resources").items()
    names = {part.target for item in resources for part in parts_of(item.value) if isinstance(part, Hole)}
    if home.resource.id in names or (home.resource.arn and any(i.value == home.resource.arn for i in resources)):
        return True
    by_tags = any(said.select(name).value is not ABSENT for name in ("ListOfTags", "Conditions"))
    by_pattern = any(isinstance(i.value, Unknown) or "*" in str(i.value) for i in resources)
    if by_tags or by_pattern:
        return Unknown(f"{selection.resource.id} may select it by a tag or a pattern")
    return False


# --- what is left when the stack goes ---------------------------------------------------------------


def outlives_stack(home: Cell) -> Cell | object:
    """Whether the data is still there after its stack is deleted; ABSENT outside a template.

    CloudFormation deletes a resource without DeletionPolicy, but takes a snapshot of RDS clusters, and of RDS
    instances that are in none (template reference, "DeletionPolicy attribute"). A protection of the service makes
    the deletion fail.
    """
    holds = _holds_what_stays(home)
    if holds is not True:
        return ABSENT if holds is False else holds
    default: Truth = home.resource.type in {_CLUSTER, _INSTANCE}
    kept, assumes = _kept_by(home, "DeletionPolicy", default=default)
    switch = _PROTECTED.get(home.resource.type)
    protected = _is(home, switch, wanted=True) if switch else home.with_value(False)
    found = some((kept, _truth(protected)))
    at = protected if isinstance(found, Unknown) else home
    return at.with_value(found).assuming(assumes)


def outlives_replacement(home: Cell) -> Cell | Truth:
    """Whether data that DeletionPolicy keeps is kept as well when an update replaces the resource.

    Without UpdateReplacePolicy CloudFormation deletes the old one (template reference, "UpdateReplacePolicy
    attribute"). True where DeletionPolicy keeps nothing: `outlives_stack` says that.
    """
    holds = _holds_what_stays(home)
    if holds is not True:
        return True if holds is False else holds
    is_asked, assumes = _kept_by(home, "DeletionPolicy", default=False)
    kept, more = _kept_by(home, "UpdateReplacePolicy", default=False)
    return home.with_value(some((negate(is_asked), kept))).assuming((*assumes, *more))


def _holds_what_stays(home: Cell) -> Truth:
    """Whether a template makes a resource that holds data which is to stay, and that can be deleted with it."""
    if not is_template(home):
        return False
    if home.resource.type == _INSTANCE and home.select("DBClusterIdentifier").value is not ABSENT:
        return False  # the cluster holds the data
    if home.resource.type == _REPOSITORY and equals(home.select("EmptyOnDelete").value, True) is False:
        return False  # a repository that holds images cannot be deleted
    return negate(_passes(home))


def _kept_by(home: Cell, attribute: str, *, default: Truth) -> tuple[Truth, tuple[str, ...]]:
    """Whether an attribute of the resource says anything but Delete, and what was assumed to read it."""
    policy, _, assumes = home.world.resolve(home.resource.attributes.get(attribute, ABSENT), ())
    return default if policy is ABSENT else negate(equals(policy, "Delete")), assumes


_PROTECTED: Final[Mapping[str, str]] = {
    _TABLE: "DeletionProtectionEnabled",
    _INSTANCE: "DeletionProtection",
    _CLUSTER: "DeletionProtection",
    _NEPTUNE: "DeletionProtection",
}
"""The property that makes every attempt to delete fail."""

_HOLDERS: Final = (_TABLE, _EFS, _FSX, _INSTANCE, _CLUSTER, _NEPTUNE, _SEARCH, _REPOSITORY, _KEY)
"""What holds data, or the key to data, and is deleted with all that is in it. A bucket that holds objects is not."""


# --- who can reach it -------------------------------------------------------------------------------


def is_publicly_accessible(home: Cell) -> Cell:
    """Whether a database instance gets a public address. Where nothing says so, its network decides."""
    at = home.select("PubliclyAccessible")
    if at.value is not ABSENT:
        return at
    return at.with_value(
        Unknown("PubliclyAccessible is not set: RDS decides it by whether the VPC has an internet gateway")
    )


FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            t,
            "",
            "encrypts_at_rest",
            (),
            BOOL,
            "Whether data is encrypted; absent where the service always does.",
            encrypts_at_rest,
            is_optional=True,
        )
        for t in _AT_REST
    ),
    *(
        Fact(t, "", "encryption_key", (), STRING, "The KMS key that it names.", encryption_key, is_optional=True)
        for t in _KEYS
    ),
    *(
        Fact(
            t,
            "",
            "wants_key",
            (),
            BOOL,
            "Whether a KMS key of one's own can be set, and is what is missing.",
            wants_key,
        )
        for t in _KEYS
    ),
    *(
        Fact(
            t,
            "",
            "has_backups",
            (_SELECTION,),
            BOOL,
            "Whether backups are kept, by the service or by AWS Backup; absent where its cluster has them.",
            has_backups,
            is_optional=True,
        )
        for t in _BACKUPS
    ),
    *(
        Fact(
            t,
            "",
            "outlives_stack",
            (),
            BOOL,
            "Whether its data is kept when its stack is deleted; absent in an account.",
            outlives_stack,
            is_optional=True,
        )
        for t in _HOLDERS
    ),
    *(
        Fact(
            t,
            "",
            "outlives_replacement",
            (),
            BOOL,
            "Whether data that DeletionPolicy keeps is kept when an update replaces it.",
            outlives_replacement,
        )
        for t in _HOLDERS
    ),
    Fact(
        _INSTANCE, "", "is_publicly_accessible", (), BOOL, "Whether it gets a public address.", is_publicly_accessible
    ),
)
