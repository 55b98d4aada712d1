"""Where rules come from: the book in the wheel, prepared; the files of a checkout; folders of yours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from wa_lint.errors import RuleFileError
from wa_lint.rule import Rule, load_file


class Book(msgspec.Struct, frozen=True):
    """The rules of a folder, and what is wrong with the files that hold none."""

    rules: tuple[Rule, ...]
    errors: tuple[RuleFileError, ...] = ()


PREPARED = "rules.msgpack"
"""The book in the wheel, beside this module: every built-in rule without its examples."""

_HERE = Path(__file__).parent


def load(extra_folders: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Return the built-in rules and those of `extra_folders`, by id. Raise `RuleFileError` if two bear one id."""
    rules: dict[str, Rule] = {}
    for rule in (*built_in(), *(rule for folder in extra_folders for rule in load_folder(folder))):
        _demand_free(rule, rules)
        rules |= dict.fromkeys((rule.info.id, *rule.info.aliases), rule)
    return tuple(rule for name, rule in sorted(rules.items()) if rule.info.id == name)


def built_in() -> Sequence[Rule]:
    prepared = _HERE / PREPARED
    if prepared.is_file():
        return msgspec.msgpack.decode(prepared.read_bytes(), type=list[Rule])
    return list(load_folder(rules_folder(), is_trusted=True))


def rules_folder() -> Path:
    """Return the folder of the built-in rule files: inside the wheel, or at the top of a checkout."""
    shipped = _HERE / "_rules"
    return shipped if shipped.is_dir() else _HERE.parent / "rules"


def load_folder(folder: Path, *, is_trusted: bool = False) -> Iterator[Rule]:
    """Yield the rules of a folder and its sub-folders, in the order of their paths."""
    for file in sorted(folder.rglob("*.yaml")):
        yield _rule_in(folder, file, is_trusted=is_trusted)


def _rule_in(folder: Path, file: Path, *, is_trusted: bool) -> Rule:
    name = file.relative_to(folder).as_posix()
    if not is_trusted and not file.resolve().is_relative_to(folder.resolve()):
        raise RuleFileError(name, "a link that leads out of the folder; a pack brings all its rules along")
    return load_file(file, name, is_trusted=is_trusted)


def read_folder(folder: Path) -> Book:
    """Return the rules of a folder, each id once, and the error of each file that cannot be read as a rule."""
    rules: dict[str, Rule] = {}
    errors: list[RuleFileError] = []
    for file in sorted(folder.rglob("*.yaml")):
        try:
            rule = _rule_in(folder, file, is_trusted=False)
            _demand_free(rule, rules)
        except RuleFileError as error:
            errors.append(error)
            continue
        rules |= dict.fromkeys((rule.info.id, *rule.info.aliases), rule)
    return Book(tuple(dict.fromkeys(rules.values())), tuple(errors))


def _demand_free(rule: Rule, taken: Mapping[str, Rule]) -> None:
    for name in (rule.info.id, *rule.info.aliases):
        if name in taken:
            raise RuleFileError(rule.file, f"the id {name!r} is taken by {taken[name].file}")


def prepare(folder: Path) -> bytes:
    """Return the rule files of `folder` as the book that the wheel carries."""
    return msgspec.msgpack.encode([_without_examples(rule) for rule in load_folder(folder, is_trusted=True)])


def _without_examples(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, examples=())


def examples_of(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield built-in rules with their examples, from their files: the prepared book has none."""
    folder = rules_folder()
    files = {file.stem: file for file in folder.rglob("*.yaml")}
    for rule in rules:
        file = files.get(rule.info.id)
        yield (
            load_file(file, file.relative_to(folder).as_posix(), is_trusted=True)
            if file and not rule.examples
            else rule
        )
