"""The jobs inside a template's pipelines and state machines, as resources beside them. It judges nothing.

A job is there where its holder is, and where every ``Fn::If`` on the way to it takes the branch that it stands in. The
same step in two branches is one resource, whose properties the scenario chooses. A function that makes more of a
definition than a text or a value (a macro, a parameter without a given value) hides what is in it, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import (
    ABSENT,
    Deferred,
    Gap,
    Location,
    NotFollowed,
    Origin,
    Path,
    Problem,
    Raw,
    Resource,
    Scope,
    Snapshot,
    Unknown,
    Unresolved,
    Value,
)
from wa_lint.schema import ANYTHING
from wa_lint.sources.jobs import Branches, Job, Node, Unseen, as_resource, jobs_in_machine, jobs_in_pipeline
from wa_lint.sources.template.embedded.alignment import value_at
from wa_lint.sources.template.embedded.json_text import (
    Embedded,
    Piece,
    Substitutions,
    pieces_of,
    substituted,
    text_value,
)
from wa_lint.sources.template.functions.branches import Alternative, Inside, branches, exclude
from wa_lint.sources.template.functions.partial_text import text_of
from wa_lint.sources.template.functions.question import Template
from wa_lint.sources.template.functions.value_tree import Intrinsic, tree

_JOB: Final = "AWS::SageMaker::TrainingJob"
"""Stands in the gap for all that a pipeline may start."""


class _Kind(msgspec.Struct, frozen=True):
    """How one type of holder says its definition."""

    jobs: Callable[[str, Node, Branches], Iterator[Job | Unseen]]
    bodies: tuple[str, ...]
    """The members that may hold it."""
    elsewhere: tuple[str, ...]
    """The members that say where else it lies."""
    inside: str = ""
    """The property that holds these members; empty: they are properties themselves."""


_MACHINE: Final = _Kind(jobs_in_machine, ("DefinitionString", "Definition"), ("DefinitionS3Location", "DefinitionUri"))

_KINDS: Final[Mapping[str, _Kind]] = {
    "AWS::SageMaker::Pipeline": _Kind(
        jobs_in_pipeline, ("PipelineDefinitionBody",), ("PipelineDefinitionS3Location",), "PipelineDefinition"
    ),
    "AWS::Serverless::StateMachine": _MACHINE,
    "AWS::StepFunctions::StateMachine": _MACHINE,
}


def with_jobs(snapshot: Snapshot, template: Template) -> Snapshot:
    """Return the snapshot of `template` with the jobs inside its definitions, and what of them could not be seen."""
    said = [r for r in snapshot.resources if r.type in _KINDS and isinstance(r.properties, dict)]
    holders = [_Holder(resource, template) for resource in {resource.id: resource for resource in said}.values()]
    jobs = [job for holder in holders for job in holder.resources()]
    gaps = {gap for holder in holders for gap in holder.gaps()}
    problems = {problem for holder in holders for problem in holder.problems()}
    missing = {missing for holder in holders for missing in holder.not_followed()}
    return msgspec.structs.replace(
        snapshot,
        resources=(*snapshot.resources, *jobs),
        gaps=tuple(sorted({*snapshot.gaps, *gaps})),
        problems=tuple(sorted({*snapshot.problems, *problems})),
        not_followed=tuple(sorted({*snapshot.not_followed, *missing})),
    )


class _Holder:
    """One pipeline or state machine; an index of its definition, built once."""

    def __init__(self, resource: Resource, template: Template) -> None:
        self.resource = resource
        self.template = template
        self.kind = _KINDS[resource.type]
        self.head: Path = ("Resources", resource.id, "Properties")
        self.texts: dict[Path, Embedded] = {}
        self.broken: list[Problem] = []
        self.jobs: list[Job] = []
        self.unseen: list[Unseen] = []
        for definition in self._definitions():
            found = [definition] if isinstance(definition, Unseen) else self._inside(definition)
            self.jobs += [part for part in found if isinstance(part, Job)]
            self.unseen += [part for part in found if isinstance(part, Unseen)]

    def resources(self) -> Iterator[Resource]:
        """Yield a resource for each job; the same step in branches that exclude each other is one."""
        groups: dict[str, list[Job]] = {}
        numbers: dict[str, int] = {}
        for job in self.jobs:
            groups.setdefault(self._id_of(job, groups, numbers), []).append(job)
        for id_, jobs in groups.items():
            origin = _Origin(self.resource.origin, self.texts, [(job.root, job.home) for job in jobs])
            exists = [Inside(self.resource.exists, job.guards, self.template) if job.guards else True for job in jobs]
            if exists == [True]:
                yield as_resource(self.resource, id_, jobs[0], origin, self.resource.exists)
            else:
                choice = Alternative([(is_there, job.properties) for is_there, job in zip(exists, jobs, strict=True)])
                job = msgspec.structs.replace(jobs[0], properties=choice if len(jobs) > 1 else jobs[0].properties)
                yield as_resource(self.resource, id_, job, origin, choice.exists)

    def gaps(self) -> Iterator[Gap]:
        told = [unseen for unseen in self.unseen if unseen.is_sure or self.kind is not _MACHINE]
        broken = self.broken if self.kind is not _MACHINE else []
        for reason in (*(unseen.reason for unseen in told), *("its definition cannot be read" for _ in broken)):
            yield Gap(Scope(_JOB), f"those in {self.resource.id} are not in this input: {reason}")

    def problems(self) -> Iterator[Problem]:
        yield from self.broken
        for unseen in self.unseen:
            if self.kind is _MACHINE and not unseen.is_sure:
                where = self._origin().locate(unseen.at)
                yield Problem(where, f"jobs that {self.resource.id} starts were not checked: {unseen.reason}")

    def not_followed(self) -> Iterator[NotFollowed]:
        """Yield the steps of which it is not known what they start."""
        for unseen in self.unseen:
            if unseen.is_sure:
                where = self._origin().locate(unseen.at)
                yield NotFollowed(where, f"a step of {self.resource.id}", unseen.reason, "step")

    def _id_of(self, job: Job, groups: Mapping[str, Sequence[Job]], numbers: dict[str, int]) -> str:
        """Return ``Pipeline/Train``; with a number where a step of that name stands elsewhere already.

        `numbers` are the last ones that were given. Of very many steps of a name, not all are tried.
        """
        name = f"{self.resource.id}/{job.name}"
        last = numbers.get(name, 0)
        for number in range(1, min(last, _MOST_TRIED) + 1) if job.guards else ():
            group = groups.get(_numbered(name, number), ())
            if len(group) < _MOST_TRIED and all(_are_one(job, other) for other in group):
                return _numbered(name, number)
        last += 1
        while _numbered(name, last) in groups:
            last += 1
        numbers[name] = last
        return _numbered(name, last)

    def _origin(self) -> Origin:
        return _Origin(self.resource.origin, self.texts, [])

    def _inside(self, definition: Node) -> list[Job | Unseen]:
        return list(self.kind.jobs(self.resource.id, definition, branches))

    # --- the definition

    def _definitions(self) -> Iterator[Node | Unseen]:
        top = Node(self.resource.properties)
        inside = self.kind.inside
        for node in branches(top.member(inside)) if inside else [top]:
            yield from self._bodies(node)

    def _bodies(self, node: Node) -> Iterator[Node | Unseen]:
        bodies = [node.member(name) for name in self.kind.bodies]
        said = [body for body in bodies if body.value is not ABSENT]
        for body in said:
            for branch in branches(body):
                yield from self._read(branch)
        elsewhere = next((name for name in self.kind.elsewhere if node.member(name).value is not ABSENT), None)
        if elsewhere is not None and not said:
            yield Unseen((*node.at, elsewhere), f"its definition is stored elsewhere ({elsewhere})")
        elif not said and isinstance(node.value, dict) and "Steps" in node.value:
            yield node
        elif not isinstance(node.value, dict):
            yield Unseen(node.at, _why(node.value))

    def _read(self, node: Node) -> Iterator[Node | Unseen]:
        value = node.value
        if isinstance(value, Intrinsic) and value.name == "Fn::ToJsonString":
            at = (*value.at, value.name)
            inner = tree(self.template, value.argument, at, ANYTHING)
            yield from branches(Node(inner, at, node.guards))
            return
        if isinstance(value, dict):
            names = self._substitutions()
            filled = value if names is None else self._filled(value, node.at, names)
            yield Node(filled, node.at, node.guards)
            return
        pieces = self._pieces(value, node.at)
        if pieces is None:
            yield Unseen(node.at, _why(value))
        else:
            yield from self._text(pieces, node)

    def _text(self, pieces: list[Piece], node: Node) -> Iterator[Node]:
        names = self._substitutions()
        text = Embedded(self.template, self.head, node.at, pieces if names is None else substituted(pieces, names))
        if text.fault:
            self.broken.append(_as_problem(self.resource, text.fault))
        else:
            self.texts[node.at] = text
            yield Node(text.value, node.at, node.guards)

    def _pieces(self, value: Value, at: Path) -> list[Piece] | None:
        raw = self._raw(value, at)
        match raw:
            case {"Ref": str(name)} if name in self.template.parameters and name in self.template.pins:
                pinned = self.template.pins[name]
                return [Piece(at, pinned, start=None)] if isinstance(pinned, str) else None
        return pieces_of(raw, at)

    def _raw(self, value: Value, at: Path) -> Raw:
        """Return the value as it was written: the mask over a secret would hide what is where."""
        if isinstance(value, Intrinsic):
            return {value.name: value.argument}
        found = value_at(self.template.sections.value, (*self.head, *at))
        return found if isinstance(found, str) else value

    def _substitutions(self) -> Substitutions | None:
        """Return what ``${Name}`` stands for in a state machine's definition; None where nothing does."""
        said = Node(self.resource.properties).member("DefinitionSubstitutions")
        if self.kind is not _MACHINE or said.value is ABSENT:
            return None
        names = said.value if isinstance(said.value, dict) else {}
        return {name: ((*said.at, name), _expression(value)) for name, value in names.items()}

    def _filled(self, value: Value, at: Path, names: Substitutions) -> Value:
        """Return a definition that is not a string, with what its texts name."""
        if isinstance(value, dict):
            return {key: self._filled(inner, (*at, key), names) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, (*at, index), names) for index, inner in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return text_value(substituted([Piece(at, value)], names), at, self.template)
        return value


class _Origin:
    """Where the jobs of one holder stand: in its properties, or inside a text there."""

    __slots__ = ("homes", "outer", "texts")

    def __init__(self, outer: Origin, texts: Mapping[Path, Embedded], homes: Sequence[tuple[Path, Path]]) -> None:
        self.outer = outer
        self.texts = texts
        self.homes = homes
        """Of each job: where its request is, and its name, which is shown for what its request lacks."""

    def locate(self, at: Path) -> Location:
        root, home = next((pair for pair in self.homes if at[: len(pair[0])] == pair[0]), (at, at))
        if not at and self.homes:
            home = self.homes[0][1]
            return self._find(home)
        found = self._find(at)
        is_top = len(at) <= len(root) + 1
        return self._find(home) if is_top and root is not home and found == self._find(root) else found

    def _find(self, at: Path) -> Location:
        for prefix, text in self.texts.items():
            if at[: len(prefix)] == prefix:
                return text.locate(at[len(prefix) :])
        return self.outer.locate(at)


_MOST_TRIED: Final = 64
"""Steps of one name, and branches of one step, among which the one is looked for that a further branch is of."""


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}#{number}"


def _are_one(job: Job, other: Job) -> bool:
    return job.type == other.type and exclude(job.guards, other.guards)


def _expression(value: Value) -> Raw:
    if isinstance(value, Intrinsic):
        return {value.name: value.argument}
    text = text_of(value)
    return Unknown(_why(value)) if text is None else text


def _why(value: Value) -> str:
    if isinstance(value, Unknown | Unresolved):
        return value.reason
    if isinstance(value, Deferred):
        return f"{value} decides its definition"
    return "its definition is not a string"


def _as_problem(resource: Resource, fault: Problem) -> Problem:
    return Problem(fault.location, f"jobs that {resource.id} starts were not checked: {fault.message}")
