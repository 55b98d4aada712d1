"""Which texts of which resources name a bucket, a key, a queue …: an index of a graph, made once for all scenarios.

It holds what may be a mention in some scenario. Whether one is a mention in a given scenario is asked of `confirmed`,
so that a scenario only forks on the conditions of the texts that may name the resource in question.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from wa_lint.graph import Cell, Graph, World
from wa_lint.model import Deferred, Hole, Partial, Path, Resource, Unknown, Unresolved, Value
from wa_lint.scenario import Scenario, explore
from wa_lint.spelling import FIRST_TOKEN, Spelling, Spellings, is_named, spellings, text
from wa_lint.truth import Truth, some

_MOST_BRANCHES: Final = 8
"""Scenarios of one function that are looked at when the index is made."""

_FEWEST_LITERALS: Final = 3
"""Characters before the first wildcard of a policy's resource that make it a name: ``arn:aws:s3:::my-*``."""


class Neighbour(msgspec.Struct, frozen=True):
    """How texts name a resource of one type."""

    prefix: str
    """What its names begin with in the index: the service of its ARN, and what is before the name there."""
    name: str
    """The property that holds its name."""
    bare: str
    """A pattern of the keys under which its name stands alone, without an ARN."""
    action: str
    """The service of the IAM actions that reach it."""
    more_actions: tuple[str, ...] = ()
    """Other services of such actions."""


NEIGHBOURS: Final[Mapping[str, Neighbour]] = {
    "AWS::S3::Bucket": Neighbour("s3:", "BucketName", r"(?i).*bucket(name|arn)?", "s3"),
    "AWS::Logs::LogGroup": Neighbour("logs:log-group:", "LogGroupName", r".*LogGroup(Name)?", "logs"),
    "AWS::DynamoDB::Table": Neighbour("dynamodb:table/", "TableName", r".*TableName", "dynamodb"),
    "AWS::EFS::FileSystem": Neighbour(
        "elasticfilesystem:file-system/", "FileSystemId", r".*FileSystemId", "elasticfilesystem"
    ),
    "AWS::FSx::FileSystem": Neighbour("fsx:file-system/", "FileSystemId", r".*FileSystemId", "fsx"),
    "AWS::SQS::Queue": Neighbour("sqs:", "QueueName", r".*QueueName", "sqs"),
    "AWS::SNS::Topic": Neighbour("sns:", "TopicName", r".*TopicName", "sns"),
    "AWS::KMS::Key": Neighbour("kms:key/", "KeyId", r".*(Kms|KMS|Encryption)Key(Id)?", "kms"),
    "AWS::ECR::Repository": Neighbour("ecr:repository/", "RepositoryName", r".*RepositoryName", "ecr"),
    "AWS::Kinesis::Stream": Neighbour("kinesis:stream/", "Name", r".*StreamName", "kinesis"),
    "AWS::RDS::DBCluster": Neighbour(
        "rds:cluster:", "DBClusterIdentifier", r".*ClusterIdentifier", "rds", ("rds-data", "rds-db")
    ),
    "AWS::RDS::DBInstance": Neighbour("rds:db:", "DBInstanceIdentifier", r".*InstanceIdentifier", "rds", ("rds-db",)),
    "AWS::Neptune::DBCluster": Neighbour(
        "rds:cluster:", "DBClusterIdentifier", r".*NeptuneClusterIdentifier", "neptune-db"
    ),
    "AWS::OpenSearchService::Domain": Neighbour(
        "es:domain/", "DomainName", r"(?i).*opensearch_?domain(_?name)?", "es", ("opensearch",)
    ),
    "AWS::OpenSearchServerless::Collection": Neighbour("aoss:collection/", "Id", r"(?i).*collection_?id", "aoss"),
}
"""Sources: the ARN formats of the service authorization reference (read 2026-11)."""

_BARE: Final = tuple((neighbour.prefix, re.compile(neighbour.bare)) for neighbour in NEIGHBOURS.values())
_ARN: Final = re.compile(r"arn:[^:\s\"']+:([a-z0-9-]+):[^:\s\"']*:[^:\s\"']*:([^\s\"',\\]+)")
_S3: Final = (
    re.compile(r"s3[an]?://([^/\s\"',\\]+)"),
    re.compile(r"https?://([^/\s\"']+?)\.s3[.-]"),
    re.compile(r"https?://s3[^/\s\"']*/([^/\s\"']+)"),
)
_IMAGE: Final = re.compile(r"\.dkr\.ecr\.[^/\s\"']+/([^:@\s\"']+)")
_HOLDS_PLACE: Final = re.compile(
    r"(?!RepositoryUrl|VpcConfig|SessionChainingConfig|(Current)?DataCacheConfig).*"
    r"(S3|s3|Bucket|bucket|Ur[il]|UR[IL]|uri$|url$|Path|Definition|Location|Source|Resource|Store|Config|Contain|Image|Data|Input|Output)"
)
"""Keys under which a text may say where data is."""

_HOLDS_NAME: Final = re.compile(
    r"(?!.*Role).*(Arn|Arns|KeyId|KeyID|KmsKey|KMSKey|EncryptionKey|FileSystemId|Image|LogGroup(Name)?|Topic)$"
    r"|.*Encryption|SSESpecification"
)
"""Other keys under which a text may name what is no bucket."""


class Mention(msgspec.Struct, frozen=True, eq=False):
    """A text that names something, or may."""

    resource: Resource
    path: Path
    """Where the text is, or the value that a scenario decides and that it is part of."""
    value: Value
    """What is there: the text, an Unknown, or something Deferred."""
    place: str
    """The path of the text with its indexes left open: ``InputDataConfig[].DataSource.S3DataSource.S3Uri``."""


class Names(msgspec.Struct, frozen=True):
    """What one resource is called."""

    id: str | None
    """Its id in the snapshot; None of what only its name is known."""
    keys: frozenset[str]
    """Names as the index has them: ``s3:my-data``."""
    spelled: Spellings
    reason: str | None = None
    """Why its name is not known."""
    prefix: str = ""
    """What its names begin with in the index: `Neighbour.prefix`."""


class MentionIndex(msgspec.Struct, frozen=True, eq=False):
    by_id: Mapping[str, Sequence[Mention]]
    """References to a resource of the snapshot."""
    by_key: Mapping[str, Sequence[Mention]]
    patterns: Sequence[tuple[str, Mention]]
    """Those with a wildcard, as policies have them."""
    open: Sequence[tuple[str, Mention]]
    """Those with a hole that anything may fill."""
    unknown: Sequence[Mention]


def holds_place(place: str, prefix: str = "") -> bool:
    """Whether a text at a place may name what has names with `prefix`: of the others nothing unknown matters.

    Without a prefix: whether it may name anything.
    """
    key = re.sub(r"\[\]", "", place).rpartition(".")[2]
    return not place or any(
        pattern.match(key) for pattern in (_HOLDS_PLACE, *(() if prefix == "s3:" else (_HOLDS_NAME,)))
    )


def index_of(
    graph: Graph,
    resources: Iterable[Resource],
    is_about: Callable[[str], bool],
    may_hold: Callable[[str], bool] = holds_place,
) -> MentionIndex:
    """Return the index of all texts in `resources` that are at a place that `is_about` accepts.

    `may_hold`: where something that is not known may be such a text.
    """
    by_id, by_key = defaultdict[str, list[Mention]](list), defaultdict[str, list[Mention]](list)
    patterns: list[tuple[str, Mention]] = []
    open_: list[tuple[str, Mention]] = []
    unknown: list[Mention] = []
    for mention, value in _mentions(graph, resources, is_about):
        if isinstance(value, Unknown):
            unknown += [mention] if may_hold(mention.place) else []
            continue
        for target in targets(value):
            by_id[target].append(mention)
        for key in keys_of(graph, value, mention.place):
            if text(key, graph.is_settled).is_open:
                open_.append((key, mention))
            if any(wild in key for wild in "*?"):
                patterns.append((key, mention))
            by_key[key].append(mention)
    return MentionIndex(by_id, by_key, patterns, open_, unknown)


def names_of(cell: Cell) -> Names:
    """Return what the resource at `cell` is called, for a type of `NEIGHBOURS`."""
    neighbour, resource, graph = NEIGHBOURS[cell.resource.type], cell.resource, cell.world.graph
    said = resource.name or cell.select(neighbour.name).value
    found = named(graph, said, neighbour.prefix, resource.id)
    arn = _ARN.fullmatch(resource.arn or "")
    keys = found.keys | ({_of_arn(arn[1], arn[2])} if arn else set())
    return found if keys == found.keys else with_keys(found, keys, graph)


def with_keys(names: Names, keys: frozenset[str], graph: Graph) -> Names:
    """Return the same resource under other names."""
    spelled = spellings(map(Spelling, keys), graph.is_settled)
    return msgspec.structs.replace(names, keys=keys, spelled=spelled)


def named(graph: Graph, name: Value, prefix: str, id_: str | None) -> Names:
    """Return the names of what is called `name`; where that is absent, CloudFormation makes one that nobody knows."""
    said = graph.text_of(name)
    keys = frozenset([prefix + said.said] if said else [])
    reason = name.reason if isinstance(name, Unknown | Unresolved) and said is None else None
    spelled = spellings(map(Spelling, keys), graph.is_settled)
    return Names(id_ or next(iter(targets(name)), None), keys, spelled, reason, prefix)


def candidates(index: MentionIndex, names: Names, graph: Graph) -> Iterator[Mention]:
    """Yield each text that names, or may name, what has `names`."""
    found = [*index.by_id.get(names.id or "", ()), *(m for key in names.keys for m in index.by_key.get(key, ()))]
    found += [m for pattern, m in index.patterns if any(_fits(key, pattern) for key in names.keys)]
    found += [m for key, m in index.open if names.keys and _is_key(graph, key, names) is not False]
    if names.spelled.open:  # the index has the patterns as they are with the defaults of parameters
        found += [m for _, m in index.patterns]
        found += [m for key, ms in index.by_key.items() if _is_key(graph, key, names) is not False for m in ms]
    yield from {id(mention): mention for mention in found}.values()


def confirmed(mention: Mention, names: Names, world: World) -> tuple[Cell, Truth]:
    """Return the place of a mention in the scenario of `world`, and whether it names what has `names` there."""
    exists = world.exists(mention.resource)
    home = world.cell(mention.resource)
    if exists is False:
        return home, False
    value, at, assumes = world.resolve(mention.value, mention.path)
    cell = Cell(world, mention.resource, mention.path, at, value, (*home.assumes, *assumes))
    leaves = [(leaf, names_it(world.graph, leaf.value, _pattern(leaf.path), names)) for leaf in _leaves_of(cell)]
    place = next((leaf for leaf, answer in leaves if answer is True), cell)
    answer = some(answer for _, answer in leaves)
    return place, exists if answer is True and exists is not True else answer


def names_it(graph: Graph, value: Value, place: str, names: Names) -> Truth:
    """Whether a text names what has `names`."""
    if isinstance(value, Unknown):
        return value if holds_place(place, names.prefix) else False
    if names.id in list(targets(value)):
        return True
    keys = list(keys_of(graph, value, place))
    answers = [_is_key(graph, key, names) for key in keys]
    if any(answers) or any(_fits(name, key) for name in names.keys for key in keys):
        return True
    return Unknown(_reason(value)) if None in answers else False


def targets(value: Value) -> Iterator[str]:
    """Yield the ids of the resources that a text refers to."""
    for part in value.parts if isinstance(value, Unresolved) else ():
        if isinstance(part, Hole) and part.target:
            yield part.target


def keys_of(graph: Graph, value: Value, place: str) -> Iterator[str]:
    """Yield the names in a text, as the index has them."""
    found = graph.text_of(value)
    if found is None:
        return
    said = found.said
    yield from (f"s3:{match[1]}" for pattern in _S3 for match in pattern.finditer(said))
    yield from (_of_arn(match[1], match[2]) for match in _ARN.finditer(said))
    yield from (f"ecr:repository/{match[1]}" for match in _IMAGE.finditer(said))
    if ":" not in said:
        yield from (key for key in _bare(said, place) if "/" not in said or not key.startswith("s3:"))
    if said.rstrip("/*") != said and len(said.rstrip("/*")) == 1:
        yield from _bare(said.rstrip("/*"), place)


def _bare(said: str, place: str) -> Iterator[str]:
    """Yield the name of what a key speaks of; where the whole text is open it may be an ARN or a URI of anything."""
    key = re.sub(r"\[\]", "", place).rpartition(".")[2]
    is_bucket = place.endswith(("bucket.name", "bucket.name[]"))
    prefixes = [prefix for prefix, pattern in _BARE if pattern.fullmatch(key) or (is_bucket and prefix == "s3:")]
    if not prefixes and len(said) == 1 and _HOLDS_PLACE.match(key):
        prefixes = ["s3:"]
    yield from (prefix + said for prefix in prefixes)


def _of_arn(service: str, rest: str) -> str:
    if service == "s3":
        return f"s3:{rest.partition('/')[0]}"
    if service == "logs":
        return f"logs:{':'.join(rest.split(':')[:2])}"
    return f"{service}:{rest if service == 'ecr' else '/'.join(rest.split('/')[:2])}"


def _is_key(graph: Graph, key: str, names: Names) -> bool | None:
    """Whether a key is one of the names; None where the holes of either decide."""
    return is_named(text(key, graph.is_settled), names.spelled, graph.is_settled) if names.keys else False


def _fits(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern with a wildcard that says enough of the name to mean it: a parameter does."""
    head = re.split(r"[*?]", pattern, maxsplit=1)[0]
    literal = head.rpartition(":")[2].rpartition("/")[2]
    is_wild = head != pattern and "[" not in pattern
    says_enough = len(literal) >= _FEWEST_LITERALS or any(ord(character) >= FIRST_TOKEN for character in literal)
    return is_wild and says_enough and fnmatchcase(name, pattern)


def _reason(value: Value) -> str:
    return value.reason if isinstance(value, Unknown | Unresolved) else "the name of one of them is not known in full"


# --- all texts of a resource ------------------------------------------------------------------------


def _mentions(
    graph: Graph, resources: Iterable[Resource], is_about: Callable[[str], bool]
) -> Iterator[tuple[Mention, Value]]:
    """Yield each text, and each value that is not known, once for each value that it may have."""
    for resource in resources:
        for path, value, deferred in _texts(graph, resource.properties, (), None):
            place = _pattern(path)
            if not is_about(place):
                continue
            at, said = (path, value) if deferred is None else deferred
            yield Mention(resource, at, said, place), value


_Root = tuple[Path, Value] | None
"""The outermost value that a scenario decides, and where it is."""


def _texts(graph: Graph, value: Value, path: Path, root: _Root) -> Iterator[tuple[Path, Value, _Root]]:
    """Yield the texts in a value in any scenario, each with its path and the deferred value that it hangs on."""
    if isinstance(value, Deferred):
        for branch in _branches(graph, value):
            yield from _texts(graph, branch, path, root or (path, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(graph, inner, (*path, str(key)), root)
    elif isinstance(value, list | tuple | Partial):
        for index, inner in enumerate(value.items if isinstance(value, Partial) else value):
            yield from _texts(graph, inner, (*path, index), root)
        if isinstance(value, Partial):
            yield path, Unknown(value.reason), root
    elif isinstance(value, str | Unresolved | Unknown):
        yield path, Unknown(value.reason) if isinstance(value, Unresolved) and not value.parts else value, root


def _branches(graph: Graph, value: Deferred) -> Iterator[Value]:
    def resolve(scenario: Scenario) -> Value:
        return World(graph, scenario).resolve(value, ())[0]

    for _, found in explore(resolve, {}, _MOST_BRANCHES):
        yield Unknown(f"{value} depends on many conditions") if found is None else found


def _leaves_of(cell: Cell) -> Iterator[Cell]:
    """Yield the texts below a cell in its scenario."""
    if isinstance(cell.value, dict):
        for key in cell.value:
            yield from _leaves_of(cell.select(str(key)))
    elif isinstance(cell.value, list | tuple | Partial):
        for item in cell.items():
            yield from _leaves_of(item)
    elif isinstance(cell.value, str | Unresolved | Unknown):
        yield cell


def _pattern(path: Path) -> str:
    """Return ``A[].B`` of the path ``("A", 0, "B")``."""
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
