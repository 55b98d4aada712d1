"""``wa-lint test``, ``new-rule`` and ``eval``: what the authors of rules work with."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import click

from wa_lint import packs, schema
from wa_lint.cel.syntax import CelError, caret
from wa_lint.cli.exits import BROKEN, CLEAN, FOUND, NOTHING
from wa_lint.cli.output import complain, to_stdout
from wa_lint.cli.pack_option import Pack
from wa_lint.cli.schema_command import schema_text
from wa_lint.cli.watching import changes
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Snapshot
from wa_lint.new_rule import folder_of, text_of_new_rule
from wa_lint.probe import Result, results
from wa_lint.reporters import visible_lines
from wa_lint.rule import Rule
from wa_lint.run.given_parameters import OPTION, stages_of
from wa_lint.run.inputs import find, neighbours, read
from wa_lint.run.joined_templates import TemplateInput
from wa_lint.run.settle import today
from wa_lint.writing import atomic, create, make_folder


@click.command()
@click.argument("folder", metavar="[PACK]", required=False, type=Pack())
@click.option("--examples-only", is_flag=True, help="Run the examples only, without the other checks of each rule.")
@click.option("--watch", is_flag=True, help="Go on: run the rules of each file again that is saved, until Ctrl-C.")
def test(folder: Path | None, *, examples_only: bool, watch: bool) -> int:
    """Run the examples of every rule file in a pack (default: the built-in rules), and check that rules are honest.

    A pack is a folder, or an installed Python package. An honest rule has an example for each outcome, never turns a
    value that it cannot see into a pass or a fail, and has no condition that no example needs. One broken file does
    not stop the others.
    """
    code = _tested(folder, None, examples_only=examples_only)
    if watch:
        with contextlib.suppress(KeyboardInterrupt):
            for changed in changes(folder or packs.rules_folder()):
                complain(f"changed: {', '.join(sorted(file.name for file in changed))}")
                code = _tested(folder, changed, examples_only=examples_only)
    return code


def _tested(folder: Path | None, changed: frozenset[Path] | None, *, examples_only: bool) -> int:
    """Run the rules of a pack, or those of its `changed` files; say what came of it and return the exit code."""
    from wa_lint import testing  # noqa: PLC0415, it brings the template source along

    book = packs.read_folder(folder) if folder else packs.Book(tuple(packs.examples_of(packs.built_in())))
    ids = None if changed is None else {file.stem for file in changed}
    rules = [rule for rule in book.rules if ids is None or rule.info.id in ids]
    broken_files = [one for one in book.broken if changed is None or one.path in changed]
    for one in broken_files:
        complain(str(one.error))
    failures = [failure for rule in rules for failure in _failures(testing, rule, examples_only=examples_only)]
    to_stdout(visible_lines("".join(f"{failure}\n" for failure in failures)))
    examples = sum(len(rule.examples) for rule in rules)
    broken = f", {_count(len(broken_files), 'broken file')}" if broken_files else ""
    result = _count(len(failures), "problem") if failures else "all passed" if examples else "nothing to run"
    complain(f"{_count(len(rules), 'rule')}, {_count(examples, 'example')}{broken}: {result}")
    return BROKEN if broken_files else FOUND if failures else CLEAN if examples else NOTHING


def _failures(testing: ModuleType, rule: Rule, *, examples_only: bool) -> Sequence[object]:
    failures = testing.run_examples([rule])
    return failures if failures or examples_only else list(testing.dishonesties(rule))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@click.command()
@click.argument("rule_id", metavar="ID")
@click.option("--type", "type_", required=True, metavar="T", help="The CloudFormation type that the rule is about.")
@click.option(
    "--folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write it.  [default: rules/<service>]",
)
def new_rule(rule_id: str, type_: str, folder: Path | None) -> int:
    """Write the file of a new rule; `wa-lint test` says what is left to fill in."""
    if not _ID.fullmatch(rule_id):
        raise ConfigError("ID", f"{rule_id!r} is not an id: use lower-case words joined by -, such as notebook-open")
    if not schema.known(type_):
        raise ConfigError("--type", f"no type {type_!r}{did_you_mean(type_, schema.types())}")
    if any(rule_id in (rule.info.id, *rule.info.aliases) for rule in packs.built_in()):
        raise ConfigError("ID", f"{rule_id!r} is the id of a built-in rule; choose another")
    file = (folder or Path("rules", folder_of(type_))) / f"{rule_id}.yaml"
    where = _schema_for(file)
    create(file, f"# yaml-language-server: $schema={where.as_posix()}\n{text_of_new_rule(rule_id, type_)}")
    to_stdout(f"{file}\n")
    complain(f"next: fill in what says TODO, then run wa-lint test {file.parent}")
    return CLEAN


def _schema_for(file: Path) -> Path:
    """Return where an editor finds the schema of a rule file, from its folder: beside it, unless it is one of ours."""
    ours = packs.rules_folder().parent / "wa_lint" / "schemas" / "rule.schema.json"
    if file.resolve().is_relative_to(packs.rules_folder().resolve()) and ours.is_file():
        return Path(os.path.relpath(ours, file.resolve().parent))
    beside = file.parent / "rule.schema.json"
    if not beside.exists() and not file.exists():
        make_folder(beside.parent)
        with atomic(beside) as stream:
            stream.write(schema_text("rule"))
    return Path(beside.name)


_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.command(name="eval")
@click.argument("expression", metavar="CEL")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--resource", "wanted", multiple=True, metavar="ID|TYPE", help="Only this resource, or this type.")
@click.option(OPTION, "parameters", multiple=True, metavar="NAME=VALUE", help="Values of the template's parameters.")
def eval(expression: str, file: Path, wanted: Sequence[str], parameters: Sequence[str]) -> int:  # noqa: A001, the name of the command
    """Evaluate an expression of the rule language about the resources of FILE: value, truth, evidence."""
    try:
        found = list(results(expression, _snapshot(file, parameters), today(None), wanted))
    except CelError as error:
        raise ConfigError("CEL", f"{error.problem}\n{caret(expression, error.line, error.column)}") from error
    to_stdout(visible_lines("\n".join(_lines(result) for result in found)))
    if not found:
        complain(f"{file}: no resource to evaluate the expression on")
    return CLEAN if found else NOTHING


def _snapshot(file: Path, parameters: Sequence[str]) -> Snapshot:
    """Read a template or an export. Raise `SourceError` where it is neither."""
    entry = find([file], Path.cwd())[0]
    content = read(entry)
    if isinstance(content, Snapshot):
        return content
    stages = stages_of(parameters, Path.cwd())
    return TemplateInput(content, neighbours(entry), entry.constructs).snapshot(stages[0].pins if stages else {})


def _lines(result: Result) -> str:
    """Return the result as indented lines: the resource, the value, then what it rests on."""
    resource = result.resource
    when = f" when {result.when}" if result.when else ""
    truth = "" if result.shown == result.truth else f" ({result.truth})"
    evidence = "".join(f"    {each.name} = {each.shown}  {each.location}\n" for each in result.evidence)
    return f"{resource.id} ({resource.type})\n  {result.shown}{truth}{when}\n{evidence}"
