"""Judges files, in one process or in several, with the same result. An input that is broken harms no other."""

from __future__ import annotations

import datetime as dt
import gc
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from wa_lint.budget import DEFAULT, Budget, limited
from wa_lint.document import Document
from wa_lint.errors import SourceError
from wa_lint.model import Input, Listed, Report, Resource, Snapshot, SourceKind
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.given_parameters import demand_declared
from wa_lint.run.inputs import File, NotOurs, is_index_file, neighbours, read, size_of
from wa_lint.run.joined_snapshots import join
from wa_lint.run.joined_templates import TemplateInput, Together, connected
from wa_lint.run.merged_sets import combine
from wa_lint.run.nested_files import judged_within
from wa_lint.run.shards import JudgingTask, judge_folder
from wa_lint.run.within import lint_within
from wa_lint.sources.template import Stage, refusal

_FEW = 1000
"""Files that one process judges as soon as two: starting the second one and fetching its report cost as much as
it saves (measured on two cores: 550 real templates take 1.7 s in one process, 1.9 s in two)."""


class Task(msgspec.Struct, frozen=True):
    """All that judging a file depends on but the file. It travels to other processes."""

    choice: Choice
    stages: tuple[Stage, ...] = ()
    """The sets of parameters that each template is judged with; none: with what it says itself."""
    now: str | None = None
    """An ISO date; None: the snapshot's, else `today`."""
    today: str = ""
    is_debug: bool = False
    budget: Budget = DEFAULT
    demands_declared: bool = True
    """Whether a parameter that no template declares stops the run."""
    lists_all: bool = True
    """As of `lint`."""
    changed: Mapping[str, bytes] = {}
    """What files, by their real paths, are to hold instead of what they do, for those that name them."""


class Judged(msgspec.Struct, frozen=True):
    """What became of one file."""

    entries: tuple[Input, ...]
    """One, and one more for each stage that could not be judged."""
    report: Report | None = None
    complaints: tuple[str, ...] = ()
    """Lines for the user."""
    declares: tuple[str, ...] | None = None
    """The parameters of a template; None of anything else."""
    nested: Mapping[str, str] = {}
    """The uri of the template of each nested stack that was judged with it, by the id of the stack."""
    exports: frozenset[str] = frozenset()
    """What a template gives to others by a name, and what it takes or names: see `Snapshot.exports`."""
    imports: frozenset[str] = frozenset()
    loose: Snapshot | None = None
    """Answers of AWS, which are to be judged with those of the other files: one names what another describes."""


def judge_files(
    files: Sequence[File],
    task: Task,
    rules: Sequence[Rule],
    jobs: int | None,
    memory: dict[str, Judged] | None = None,
) -> Sequence[Judged]:
    """Return what became of each file, in their order. `rules` are those of `task`; `jobs` None: as many as pay off.

    The report on all answers together is with the first of their files. `memory`: what became of files alone, by
    uri; those that it has are not judged again, and it learns the others. Raise `ConfigError` where a parameter is
    given that no template declares.
    """
    folders = [file for file in files if is_index_file(file)]
    if folders:
        others = [file for file in files if file not in folders]
        return [
            *judge_files(others, task, rules, jobs, memory),
            *(_judge_folder(file, rules, task, jobs) for file in folders),
        ]
    known = {} if memory is None else memory
    new = [file for file in files if file.uri not in known]
    known.update(zip((file.uri for file in new), _judge_each(new, task, rules, jobs), strict=True))
    judged: Sequence[Judged] = [known[file.uri] for file in files]
    if task.demands_declared:
        _demand_declared(judged, task.stages)
    judged = _together(files, _each_once(judged), task, rules)
    loose = [one.loose for one in judged if one.loose]
    if not loose:
        return judged
    together = _judge_loose(join(loose), rules, task)
    first = next(i for i, one in enumerate(judged) if one.loose)
    return [*judged[:first], _with(judged[first], together), *judged[first + 1 :]]


def judge_snapshot(snapshot: Snapshot, rules: Sequence[Rule], task: Task | JudgingTask) -> Report:
    """Return the report on a snapshot. What it was measured against: `now`, else when it was taken, else `today`."""
    day = task.now or (snapshot.taken_at or task.today)[:10]
    return lightened(lint_within(task.choice, snapshot, rules, day, lists_all=task.lists_all))


def day(now: dt.datetime | None) -> str | None:
    return now.date().isoformat() if now else None


def _judge_each(files: Sequence[File], task: Task, rules: Sequence[Rule], jobs: int | None) -> Sequence[Judged]:
    workers = min(jobs or _worth(len(files)), len(files))
    if workers <= 1:
        return [_judge(file, rules, task) for file in files]
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415, 40 ms that one file need not wait for

    hands = [files[i::workers] for i in range(workers)]
    with ProcessPoolExecutor(workers, initializer=gc.set_threshold, initargs=gc.get_threshold()) as pool:
        done = list(pool.map(_judge_all, hands, [task] * workers))
    return [done[i % workers][i // workers] for i in range(len(files))]


def _worth(files: int) -> int:
    return min(os.cpu_count() or 1, 1 + files // _FEW)


def _judge_all(files: Sequence[File], task: Task) -> Sequence[Judged]:
    """What another process does. It loads the rules itself: compiled ones do not travel."""
    rules = chosen_rules(task.choice)
    return [_judge(file, rules, task) for file in files]


def _judge(file: File, rules: Sequence[Rule], task: Task) -> Judged:
    try:
        with limited(task.budget, file.uri, size_of(file)):
            return _judged(file, rules, task)
    except NotOurs as error:
        return Judged((Input(file.uri, "unknown", "skipped", error.problem, is_suspect=error.is_suspect),))
    except SourceError as error:
        reason = f"{error.where.removeprefix(file.uri).removeprefix(':')}: {error.problem}".removeprefix(": ")
        return Judged((Input(file.uri, "unknown", "error", reason),), complaints=(" ".join(str(error).split()),))
    except (RecursionError, MemoryError) as error:
        return _too_large(file.uri, error)
    except Exception as error:  # noqa: BLE001, a fault of ours in one file must not cost the user the others
        return _fault(file.uri, error, task)


def _judged(file: File, rules: Sequence[Rule], task: Task) -> Judged:
    found = read(file)
    if isinstance(found, Document):
        template = TemplateInput(found, neighbours(file, task.changed), file.constructs)
        return _judge_template(template, rules, task)
    return _judge_export(found, rules, task)


def _judge_folder(file: File, rules: Sequence[Rule], task: Task, jobs: int | None) -> Judged:
    """Judge a snapshot that is in a folder, by its index."""
    try:
        asked = JudgingTask(task.choice, task.now, task.today, task.lists_all)
        rows, report = judge_folder(Path(file.path), file.uri, asked, rules, jobs, lightened)
    except SourceError as error:
        return Judged((Input(file.uri, "unknown", "error", error.problem),), complaints=(str(error),))
    except Exception as error:  # noqa: BLE001, as in _judge
        return _fault(file.uri, error, task)
    said = tuple(f"{row.uri}: {row.reason}" for row in rows if row.status == "error")
    return Judged(tuple(rows), report, said)


def _too_large(uri: str, error: RecursionError | MemoryError) -> Judged:
    what = (
        "it nests too deeplylylyly" if isinstance(error, RecursionError) else "it needs more memory than is available"
    )
    reason = f"{what}, so it was not judged"
    return Judged((Input(uri, "unknown", "error", reason),), complaints=(f"{uri}: {reason}",))


def _fault(uri: str, error: Exception, task: Task) -> Judged:
    what = f"internal error in wa-lint, please report it ({type(error).__name__})"
    shown = "".join(traceback.format_exception(error)) if task.is_debug else f"{uri}: {what}"
    return Judged((Input(uri, "unknown", "error", what),), complaints=(shown,))


# --- templates, for each stage ----------------------------------------------------------------------


def _judge_template(template: TemplateInput, rules: Sequence[Rule], task: Task) -> Judged:
    """Judge a template for each stage whose values it does not refuse. The others cost no stage its verdict."""
    uri = template.document.uri
    refused = {stage.name: list(_refusals(template, stage)) for stage in task.stages}
    stages = [stage for stage in task.stages or (Stage("", {}),) if not refused.get(stage.name)]
    reports, snapshots = _reports(template, stages, rules, task)
    resources = max((len(snapshot.resources) for snapshot in snapshots), default=0)
    names = tuple(stage.name for stage in stages if stage.name)
    judged = [Input(uri, "template", "judged", None, resources, names)] if stages else []
    broken = [
        Input(uri, "template", "error", "; ".join(said), 0, (stage,) if stage else ())
        for stage, said in refused.items()
        if said
    ]
    return Judged(
        (*judged, *broken),
        lightened(combine(reports)) if reports else None,
        tuple(line for said in refused.values() for line in said),
        tuple(template.declared),
        {id_: uri for snapshot in snapshots for id_, uri in snapshot.nested.items()},
        frozenset[str]().union(*(snapshot.exports for snapshot in snapshots)),
        frozenset[str]().union(*(snapshot.imports for snapshot in snapshots)),
    )


def _refusals(template: TemplateInput, stage: Stage) -> Iterator[str]:
    """Yield a line for each value that the template's own constraints refuse, as CloudFormation would."""
    declared = template.declared
    for name, value in stage.pins.items():
        why = refusal(name, declared[name], value) if name in declared else None
        if why:
            yield f"{stage.places[name]}: {name} {why}; see {template.document.locate_key(('Parameters', name))}"


def _reports(
    template: TemplateInput | Together, stages: Iterable[Stage], rules: Sequence[Rule], task: Task
) -> tuple[Mapping[str, Report], Sequence[Snapshot]]:
    """Return the report of each stage, and the snapshots that they are of. Stages with equal values share one."""
    known: dict[str, tuple[Report, Snapshot]] = {}
    reports: dict[str, Report] = {}
    declared = template.declared
    for stage in stages:
        given = sorted(name for name in stage.pins if name in declared or name.startswith("AWS::"))
        pins = {name: stage.pins[name] for name in given}
        if repr(pins) not in known:
            snapshot = template.snapshot(pins)
            day_ = task.now or task.today
            known[repr(pins)] = lint_within(task.choice, snapshot, rules, day_, lists_all=task.lists_all), snapshot
        reports[stage.name], _ = known[repr(pins)]
    return reports, [snapshot for _, snapshot in known.values()]


# --- templates that belong together -----------------------------------------------------------------


def _each_once(judged: Sequence[Judged]) -> Sequence[Judged]:
    """Return what became of the files. What is judged as a nested stack of another one has no report of its own."""
    templates = {one.entries[0].uri: one for one in judged if one.declares is not None}
    within = judged_within({uri: one.nested for uri, one in templates.items()})
    return [
        Judged((Input(uri, "template", "judged", within[uri]),), declares=one.declares)
        if (uri := one.entries[0].uri) in within and one.declares is not None
        else one
        for one in judged
    ]


def _together(files: Sequence[File], judged: Sequence[Judged], task: Task, rules: Sequence[Rule]) -> Sequence[Judged]:
    """Return what became of the files, those that import from or name each other judged again, as one.

    Their one report is with the first of them. A file that some stage's values do not fit is left as it was.
    """
    whole = [i for i, one in enumerate(judged) if one.report and all(entry.status == "judged" for entry in one.entries)]
    found = list(judged)
    for group in connected([judged[i].exports for i in whole], [judged[i].imports for i in whole]):
        first, *others = [whole[number] for number in group]
        found[first] = _anew([files[i] for i in (first, *others)], judged[first], task, rules)
        if found[first].report is not judged[first].report:
            for i in others:
                found[i] = msgspec.structs.replace(judged[i], report=None)
    return found


def _anew(files: Sequence[File], first: Judged, task: Task, rules: Sequence[Rule]) -> Judged:
    """Return what became of the first of `files`, with the report on all of them."""
    try:
        with limited(task.budget, files[0].uri, sum(map(size_of, files))):
            documents = [(file, read(file)) for file in files]
            templates = [
                TemplateInput(document, neighbours(file, task.changed), file.constructs)
                for file, document in documents
                if isinstance(document, Document)
            ]
            reports, _ = _reports(Together(templates), task.stages or (Stage("", {}),), rules, task)
    except SourceError as error:
        return msgspec.structs.replace(first, complaints=(*first.complaints, str(error)))
    except Exception as error:  # noqa: BLE001, as in _judge; each of them was judged alone
        return msgspec.structs.replace(
            first, complaints=(*first.complaints, *_fault(files[0].uri, error, task).complaints)
        )
    return msgspec.structs.replace(first, report=lightened(combine(reports)))


def _demand_declared(judged: Iterable[Judged], stages: Sequence[Stage]) -> None:
    """Raise `ConfigError` at names that no template has, unless one could not be read, or has them from a macro."""
    entries = [entry for one in judged for entry in one.entries]
    templates = [one.declares for one in judged if one.declares is not None]
    declared = {name for names in templates for name in names}
    is_whole = not any(entry.kind == "unknown" and entry.status == "error" for entry in entries)
    if templates and is_whole and "Fn::Transform" not in declared:
        demand_declared(stages, declared)


# --- answers of AWS ---------------------------------------------------------------------------------


def _judge_export(snapshot: Snapshot, rules: Sequence[Rule], task: Task) -> Judged:
    entry = Input(snapshot.uri, snapshot.kind.value, "judged", None, len(snapshot.resources))
    if _is_loose(snapshot):
        return Judged((entry,), loose=snapshot)
    return Judged((entry,), judge_snapshot(snapshot, rules, task))


def _is_loose(snapshot: Snapshot) -> bool:
    """Whether its resources may be beside those of other files: each goes by an ARN, so none is two."""
    return snapshot.kind is SourceKind.EXPORT and all(resource.id.startswith("arn:") for resource in snapshot.resources)


def _judge_loose(snapshot: Snapshot, rules: Sequence[Rule], task: Task) -> Judged:
    try:
        return Judged((), judge_snapshot(snapshot, rules, task))
    except Exception as error:  # noqa: BLE001, as in _judge
        return _fault(snapshot.uri, error, task)


def _with(one: Judged, together: Judged) -> Judged:
    return Judged((*one.entries, *together.entries), together.report, together.complaints)


# --- the report, lighter ----------------------------------------------------------------------------


def lightened(report: Report) -> Report:
    """Return the report without the bodies of its resources, which no reporter reads: it travels and waits."""
    bare = {id(finding.resource): finding.resource for finding in report.findings}
    bare = {key: _without_body(resource) for key, resource in bare.items()}
    findings = (msgspec.structs.replace(f, resource=bare[id(f.resource)]) for f in report.findings)
    return msgspec.structs.replace(report, findings=tuple(findings))


def _without_body(resource: Resource) -> Resource:
    place = Listed(resource.origin.locate(()))  # suppressions and --diff ask where a resource stands
    return msgspec.structs.replace(resource, properties={}, origin=place, exists=True, observed=None)
