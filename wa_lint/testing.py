"""Asks a rule's own examples. Used by our tests, by ``wa-lint test``, and by rule packs; judges nothing itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from wa_lint.cel.evaluate import compile as compile_expression
from wa_lint.cel.mutate import operands, with_operand
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Node, shown
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.facts import FUNCTIONS
from wa_lint.fixing import NotMechanical, patch_of, rewritten
from wa_lint.model import (
    Edit,
    Finding,
    Listed,
    Location,
    Outcome,
    Path,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unknown,
    Value,
    path_text,
)
from wa_lint.rule import Example, Programs, Rule
from wa_lint.sources.template import read_template

TODAY = "2026-11-23"
"""The day on which examples are judged, so that a rule about dates says the same for ever."""

_GRAVEST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


class Failure(msgspec.Struct, frozen=True):
    rule: str
    example: str
    problem: str

    def __str__(self) -> str:
        where = f"{self.rule}: example {self.example!r}" if self.example else self.rule
        return f"{where}: {self.problem}"


def run_examples(rules: Iterable[Rule]) -> list[Failure]:
    """Return what the examples of `rules` expect and do not get."""
    return [
        Failure(rule.info.id, e.name, problem) for rule in rules for e in rule.examples for problem in _faults(rule, e)
    ]


def dishonesties(rule: Rule) -> Iterator[Failure]:
    """Yield what keeps `rule` from being trusted: an outcome without example, a flip by a hidden value, a dead operand.

    The examples themselves are `run_examples`' matter; call this for a rule whose examples hold.
    """
    for problem in (
        *_unfinished(rule),
        *_missing_outcomes(rule),
        *_unnamed_unknowns(rule),
        *survivors(rule),
        *unfixed(rule),
    ):
        yield Failure(rule.info.id, "", problem)
    for example in rule.examples:
        yield from (Failure(rule.info.id, example.name, problem) for problem in flips(rule, example))


def _unfinished(rule: Rule) -> Iterator[str]:
    info = rule.info
    texts = {"title": info.title, "message": rule.message, "why": info.why, "fix": info.fix}
    texts |= {"references": " ".join(info.references)}
    yield from (f"{key} still says TODO" for key, text in texts.items() if "TODO" in text)


def _missing_outcomes(rule: Rule) -> Iterator[str]:
    shown = {example.expect for example in rule.examples}
    wanted = [Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, *([Outcome.NOT_APPLICABLE] if rule.where else [])]
    yield from (f"no example expects {outcome.value}" for outcome in wanted if outcome not in shown)


def _unnamed_unknowns(rule: Rule) -> Iterator[str]:
    unknowns = [f for e in rule.examples if e.expect is Outcome.UNKNOWN for f in findings_of(rule, e)]
    if unknowns and not any(e.path and e.path in f.message for f in unknowns for e in f.evidence):
        yield f"no unknown example names the path that is not known: {unknowns[0].message}"


def flips(rule: Rule, example: Example) -> Iterator[str]:
    """Yield each outcome of another resource or value that changes, other than to unknown, when a value is hidden."""
    snapshot = snapshot_of(example)
    rule = rule.with_settings(example.settings)
    before = outcomes(rule, snapshot)
    for resource, path, hidden in hidings(snapshot):
        for subject, outcome in outcomes(rule, hidden).items():
            was = before.get(subject, Outcome.NOT_APPLICABLE)
            if outcome not in {was, Outcome.UNKNOWN}:
                place = f"without {resource} {path_text(path)}"
                yield f"{place}, {subject} goes from {was.value} to {outcome.value}; it must become unknown"


def findings_of(rule: Rule, example: Example) -> Sequence[Finding]:
    return lint(snapshot_of(example), [rule.with_settings(example.settings)], TODAY).findings


def gravest(findings: Iterable[Finding]) -> Outcome:
    """Return the gravest outcome; not applicable where there is none."""
    outcomes = {finding.outcome for finding in findings}
    return next((o for o in _GRAVEST_FIRST if o in outcomes), Outcome.NOT_APPLICABLE)


def snapshot_of(example: Example) -> Snapshot:
    """Read an example's template by the real reader, or take its snapshot as a whole live account."""
    if example.template is not None:
        return read_template(json.dumps(example.template).encode(), example.name, example.parameters)
    resources = tuple(_live(raw) for raw in example.snapshot or [])
    scopes = frozenset(Scope(t, "123456789012", r) for t in _every_type() for r in ("eu-west-1", None))
    return Snapshot(SourceKind.LIVE, example.name, resources, complete=scopes, taken_at=f"{TODAY}T00:00:00Z")


def outcomes(rule: Rule, snapshot: Snapshot) -> Mapping[str, Outcome]:
    """Return the gravest outcome of `rule` for each resource of `snapshot` that it speaks of."""
    by_resource: dict[str, list[Finding]] = {}
    for finding in lint(snapshot, [rule], TODAY).findings:
        by_resource.setdefault(finding.resource.id, []).append(finding)
    return {id_: gravest(findings) for id_, findings in by_resource.items()}


def survivors(rule: Rule) -> Iterator[str]:
    """Yield each operand of `where` and `require` whose answer no example would miss if it were fixed."""
    for name in ("where", *(f"require[{i}]" for i in range(len(rule.require)))):
        text = rule.expressions.get(name)
        if text is None:
            continue
        root = parse(text)
        for operand in operands(root):
            for answer in (True, False):
                if _survives(rule, name, with_operand(root, operand, answer)):
                    yield f"{name}: no example fails when {_text(text, operand)!r} is always {str(answer).lower()}"


def unfixed(rule: Rule) -> Iterator[str]:
    """Yield why the snippet or an edit of `rule` does not do what it is for."""
    if rule.info.snippet is not None:
        template = {"Resources": read_document(rule.info.snippet, "snippet").value}
        tries = [Example("snippet", Outcome.PASS, settings=s, template=template) for s in _settings_of_examples(rule)]
        got = gravest([finding for example in tries for finding in findings_of(rule, example)])
        if got not in {Outcome.PASS, Outcome.NOT_APPLICABLE}:
            yield f"the snippet does not pass: {got.value}"
        elif got is Outcome.NOT_APPLICABLE and any(e.template and e.expect is Outcome.PASS for e in rule.examples):
            yield "the rule does not apply to its snippet"
    yield from _needless_edits(rule)


def _settings_of_examples(rule: Rule) -> Sequence[dict[str, bool | int | float | str | tuple[str, ...]]]:
    """Return the values of settings that the examples have, the defaults first."""
    return [{}, *(example.settings for example in rule.examples if example.settings)]


def _needless_edits(rule: Rule) -> Iterator[str]:
    """Yield each edit of `rule` that no failing example needs to pass."""
    edits = rule.info.edits
    fixed = [fixed for example in rule.examples if (fixed := _fixed(rule, edits, example)) is not None]
    if edits and not fixed:
        yield "the edits make no failing example pass"
    for edit in (edit for edit in edits if fixed and not edit.avoids):
        others = tuple(other for other in edits if other is not edit)
        if all(_fixed(rule, others, example) is not None for example in rule.examples if example in fixed):
            yield f"no failing example needs the edit of {edit.set or edit.add}"


def _fixed(rule: Rule, edits: Sequence[Edit], example: Example) -> Example | None:
    """Return a failing example where `edits` make it pass, else None. What they do not change is there as it was."""
    if example.template is None or example.expect is not Outcome.FAIL:
        return None
    given = msgspec.structs.replace(rule, info=msgspec.structs.replace(rule.info, edits=tuple(edits)))
    document = read_document(json.dumps(example.template), example.name)
    failing = [finding for finding in findings_of(rule, example) if finding.outcome is Outcome.FAIL]
    try:
        patches = [patch_of(finding, given, document) for finding in failing]
    except NotMechanical:
        return None
    result = rewritten(document, patches)
    template = json.loads(result.text)
    again = findings_of(rule, msgspec.structs.replace(example, template=template))
    return example if not result.refused and gravest(again) is not Outcome.FAIL else None


def hidings(snapshot: Snapshot) -> Iterator[tuple[str, Path, Snapshot]]:
    """Yield (resource, path, snapshot) for each value of each resource, with that value unknown."""
    for index, resource in enumerate(snapshot.resources):
        for path in _paths(resource.properties, ()):
            hidden = msgspec.structs.replace(resource, properties=_hide(resource.properties, path))
            resources = (*snapshot.resources[:index], hidden, *snapshot.resources[index + 1 :])
            yield resource.id, path, msgspec.structs.replace(snapshot, resources=resources)


def _faults(rule: Rule, example: Example) -> Iterator[str]:
    findings = findings_of(rule, example)
    got = gravest(findings)
    if got is not example.expect:
        said = "; ".join(f.message for f in findings if f.outcome is got)
        yield f"expected {example.expect.value}, got {got.value}: {said}"
        return
    relevant = [f for f in findings if f.outcome is got]
    if example.at is not None and not any(example.at in _places(f) for f in relevant):
        yield f"expected the finding at {example.at}, but it is at {_or_whole({f.path for f in relevant})}"
    if example.when is not None and not any(example.when == f.when for f in relevant):
        yield f"expected it when {example.when!r}, got {[f.when for f in relevant]}"
    if got is Outcome.FAIL and not all(f.evidence for f in relevant):
        yield "fails without evidence"


def _or_whole(paths: Iterable[str]) -> str:
    return " or ".join(path or 'the resource itself (write at: "")' for path in sorted(paths))


def _places(finding: Finding) -> set[str]:
    return {finding.path, *(e.path for e in finding.evidence)}


def _survives(rule: Rule, name: str, mutant: Node) -> bool:
    program = compile_expression(mutant, FUNCTIONS)
    programs = rule.programs
    if name == "where":
        programs = msgspec.structs.replace(programs, where=program)
    else:
        index = int(name.removeprefix("require[").rstrip("]"))
        programs = msgspec.structs.replace(
            programs, require=(*programs.require[:index], program, *programs.require[index + 1 :])
        )
    mutated = _with_programs(rule, programs)
    return all(gravest(findings_of(mutated, e)) is e.expect for e in rule.examples)


def _with_programs(rule: Rule, programs: Programs) -> Rule:
    mutated = msgspec.structs.replace(rule)
    mutated.__dict__["programs"] = programs  # where the cached property keeps them
    return mutated


def _text(text: str, node: Node) -> str:
    return " ".join(text[node.span.start : node.span.end].split()) or shown(node)


def _live(raw: Mapping[str, object]) -> Resource:
    id_ = str(raw["id"])
    return Resource(
        id=id_,
        type=str(raw["type"]),
        properties=raw.get("properties", {}),
        origin=Listed(Location(id_)),
        name=id_.rpartition("/")[2].rpartition(":")[2],
        arn=id_ if id_.startswith("arn:") else None,
        account="123456789012",
        region="eu-west-1",
        observed=msgspec.convert(raw.get("observed", {}), dict[str, object]),
    )


def _every_type() -> Iterable[str]:
    from wa_lint.schema import types  # noqa: PLC0415

    return types()


def _paths(value: Value, path: Path) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))


def _hide(value: Value, path: Path) -> Value:
    if not path:
        return Unknown("hidden")
    if isinstance(value, dict):
        return {**value, path[0]: _hide(value[path[0]], path[1:])}
    assert isinstance(value, list)  # noqa: S101, paths come from _paths
    return [_hide(item, path[1:]) if i == path[0] else item for i, item in enumerate(value)]
