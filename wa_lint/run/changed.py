"""``--diff REF``: what is new or worse since a commit.

The files of the commit are judged with their own configuration, and the present ones with both configurations: a
change cannot hide what it adds by what it configures.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import msgspec

from wa_lint.config import NAMES, Config, Open
from wa_lint.errors import ConfigError, SourceError, WaLintError
from wa_lint.findings import sort_key
from wa_lint.model import Compared, Finding, Known, Outcome, Raw, Report, Suppression
from wa_lint.run.accounting import kept_findings
from wa_lint.run.choice import Delivery
from wa_lint.run.repository import OPTION, Checkout, History
from wa_lint.suppress.allow import FAULTS
from wa_lint.suppress.news import KEPT, NEW, UPDATED, compared, known_of
from wa_lint.writing import make_scratch_folder

Lines: TypeAlias = Callable[[str], Sequence[str]]

Choose: TypeAlias = Callable[[str, str, bool], str | None]
"""Gets the name of an option, a value of it, and whether the command line says it; gives the one to take."""

Judge: TypeAlias = Callable[[Config, Choose], tuple[Report, Lines]]
"""Judges what the options name under another configuration, and says nothing on stderr."""

Laid: TypeAlias = Callable[[str, Config, Callable[[str, bool], str | None]], Raw]
"""Returns what an option of the command that runs comes to under a configuration; the last one chooses its values."""


class Command(msgspec.Struct, frozen=True):
    """The command that runs: what it is configured by, and how its options are read under another configuration."""

    config: Config
    named: Path | bool
    """The file that --config names; False with --no-config, True where the nearest file counts."""
    laid: Laid
    load: Callable[[Path | None, Path, Open, Path], Config]
    """Loads a configuration, or the nearest one to a folder, through an opener, within a root."""
    judge: Judge
    always: frozenset[str]
    """Ids of the rules that are enforced: what is not new fails too."""
    say: Callable[[str], None]


_PATHS: Final = frozenset({"paths", "parameters", "allow", "rules", "baseline"})
"""Options whose values are files or folders."""

_INPUTS: Final = frozenset({"paths", "parameters"})
"""Those of them that are judged. The others say how, and a change may not loosen them for itself."""

_MOVED: Final = frozenset({"paths", "overrides", "profiles"})
"""What a configuration says of inputs, with paths that start from its own folder."""

_SUPPRESSED_BY_PEOPLE: Final = frozenset({"comment", "metadata", "tag", "file"})


def against(
    ref: str, report: Report, delivery: Delivery, lines: Lines, command: Command
) -> tuple[Report, Delivery, Lines]:
    """Return `report` with what became of each finding since `ref`, and how it is to be delivered.

    Raise `ConfigError` where there is no such commit, or where something can be read only once.
    """
    _demand_readable_twice(command)
    history = History(Path.cwd(), ref)
    with TemporaryDirectory(prefix="wa-lint-") as folder:
        checkout = Checkout(history, Path(folder), Path.cwd())
        before = _configuration(checkout, command, ref)
        _gather(checkout, command, before)
        is_same = _is_same_configuration(checkout, command, before)
        base = report if is_same and checkout.is_as_now() else _base(checkout, command, before, ref)
        if not is_same:
            as_before, lines_before = command.judge(_of_the_present(checkout, before), _choose_for_head(checkout))
            report, lines = _with_switched_off(report, as_before, ref), _either(lines, lines_before)
        delivery = _strictest(delivery, command, before)
    report = _compared(report, base, ref)
    kept, _ = kept_findings(report.findings, command.always)
    return msgspec.structs.replace(report, findings=kept), delivery, lines


def _demand_readable_twice(command: Command) -> None:
    """Raise `ConfigError` at stdin and at pipes: they have no earlier version, and are read more than once here."""
    for name in ("paths", "parameters"):
        for text in command.laid(name, command.config, lambda text, _: text):
            if str(text) == "-":
                raise ConfigError(
                    OPTION, "cannot be used with stdin, which is in no commit; write it to a file in the repository"
                )
            path = Path(str(text))
            if path.exists() and not path.is_file() and not path.is_dir():
                raise ConfigError(OPTION, f"{text} is a pipe, which can be read only once; write it to a file")


# --- the base ---------------------------------------------------------------------------------------


def _configuration(checkout: Checkout, command: Command, ref: str) -> Config:
    """Return the configuration as it was; an empty one where there was none, or none that can be read."""
    file = command.named
    if file is False:
        return Config()
    try:
        with contextlib.chdir(_made(checkout.here)):
            if isinstance(file, Path):
                return _named_configuration(checkout, command, file)
            for folder in (checkout.here, *checkout.here.parents):
                if folder.is_relative_to(checkout.folder):
                    for name in NAMES:
                        checkout.add(folder / name)
            return command.load(None, checkout.here, _opener(checkout), checkout.folder)
    except (ConfigError, SourceError) as error:
        command.say(f"{OPTION}: the configuration at {ref} cannot be read, so none is used for it: {error}")
        return Config()


def _named_configuration(checkout: Checkout, command: Command, file: Path) -> Config:
    target = checkout.locate(str(file))
    if target is None:
        return command.config
    checkout.add(target)
    return command.load(target, checkout.here, _opener(checkout), checkout.folder) if target.is_file() else Config()


def _opener(checkout: Checkout) -> Callable[[Path], bytes]:
    def open_file(path: Path) -> bytes:
        target = Path(os.path.normpath(path))
        if target.is_relative_to(checkout.folder):
            checkout.add(target)
        return path.read_bytes()

    return open_file


def _gather(checkout: Checkout, command: Command, before: Config) -> None:
    """Write all that the options name, as it was."""
    choose = _choose_for_base(checkout)
    with contextlib.chdir(_made(checkout.here)):
        if not command.laid("paths", before, lambda text, _: text):
            checkout.add(checkout.here)
        for name in sorted(_PATHS):
            command.laid(name, before, _of(choose, name))


def _base(checkout: Checkout, command: Command, before: Config, ref: str) -> Report:
    """Return the report on what was, as it was configured; an empty one where nothing can be said of it."""
    try:
        with contextlib.chdir(_made(checkout.here)):
            report, _ = command.judge(before, _choose_for_base(checkout))
    except WaLintError as error:
        said = " ".join(str(error).split())
        command.say(f"{OPTION}: the files at {ref} cannot be checked, so every finding counts as new: {said}")
        return Report((), ())
    return report


def _made(folder: Path) -> Path:
    return make_scratch_folder(folder)


def _choose_for_base(checkout: Checkout) -> Choose:
    """Return what gives each file as it was. What is outside of the repository is taken as it is, but never judged."""

    def choose(name: str, text: str, is_given: bool) -> str | None:
        del is_given
        if name not in _PATHS or _is_word(name, text, checkout):
            return text
        target = checkout.locate(text)
        if target is None:
            outside = checkout.start / text
            return str(outside) if name not in _INPUTS - {"parameters"} and outside.exists() else None
        checkout.add(target)
        if name == "paths" and target.is_file():
            checkout.add_around(target)
        if not target.exists():
            return None
        return os.path.relpath(target, checkout.here) if name in _INPUTS else str(target)

    return choose


def _is_word(name: str, text: str, checkout: Checkout) -> bool:
    """Whether a parameter is given as ``Name=Value``: it is no file, neither now nor then."""
    if name != "parameters" or "=" not in text or (checkout.start / text).exists():
        return False
    target = checkout.locate(text)
    if target is not None:
        checkout.add(target)
    return target is None or not target.exists()


# --- the present, as it was configured --------------------------------------------------------------


def _of_the_present(checkout: Checkout, before: Config) -> Config:
    """Return the earlier configuration so that what it says of inputs is said of those of the present."""
    moved = {
        key: tuple(
            msgspec.structs.replace(one, folder=checkout.present(one.folder))
            if key in _MOVED and one.folder.is_relative_to(checkout.folder)
            else one
            for one in said
        )
        for key, said in before.said.items()
    }
    return msgspec.structs.replace(before, said=moved)


def _choose_for_head(checkout: Checkout) -> Choose:
    """Return what gives the inputs as they are, and suppressions, rules and baseline as they were."""

    def choose(name: str, text: str, is_given: bool) -> str | None:
        if name not in _PATHS:
            return text
        if name in _INPUTS:
            return text if is_given or "=" in text or (checkout.start / text).exists() else None
        target = checkout.locate(text)
        if target is None:
            return text
        checkout.add(target)
        return str(target) if target.exists() else None

    return choose


def _is_same_configuration(checkout: Checkout, command: Command, before: Config) -> bool:
    now = _signature(command, command.config, lambda _name, text, _given: text, checkout.history.root)
    then = _signature(command, before, _choose_for_head(checkout), checkout.folder)
    return bool(now == then)


def _signature(command: Command, found: Config, choose: Choose, root: Path) -> Raw:
    """Return all that a configuration says and the content of the files that it and the command line name."""
    said = {
        key: [(one.value, os.path.relpath(one.folder, root) if key in _MOVED else "") for one in all_]
        for key, all_ in found.said.items()
    }
    files = {
        name: [_content(Path(path)) for path in _listed(command.laid(name, found, _of(choose, name)))]
        for name in sorted(_PATHS - _INPUTS)
    }
    return said, files


def _of(choose: Choose, name: str) -> Callable[[str, bool], str | None]:
    return lambda text, is_given: choose(name, text, is_given)


def _listed(value: Raw) -> Sequence[Raw]:
    return value if isinstance(value, tuple) else [] if value is None else [value]


def _content(path: Path) -> Mapping[str, bytes]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {os.path.relpath(file, path): file.read_bytes() for file in files if file.is_file()}


def _with_switched_off(report: Report, as_before: Report, ref: str) -> Report:
    """Return `report` with what only the changed configuration hides, or takes less seriously."""
    inputs = {entry.uri for entry in as_before.inputs if entry.status == "judged"}
    mine: dict[object, Finding] = {_same(finding): finding for finding in report.findings}
    added: list[Finding] = []
    hidden: set[int] = set()
    for finding in as_before.findings:
        if not _counts(finding) or (finding.rule.id in FAULTS and finding.location.uri not in inputs):
            continue
        own = mine.get(_same(finding))
        if own is None or not _is_as_grave(own, finding):
            hidden |= {id(own)} if own else set()
            why = f"the changed configuration switches it off, and the one at {ref} does not"
            added.append(msgspec.structs.replace(finding, change=why))
    if not added:
        return report
    known = {rule.id for rule in report.rules}
    uris = {entry.uri for entry in report.inputs if entry.status == "judged"}
    findings = [*(finding for finding in report.findings if id(finding) not in hidden), *added]
    return msgspec.structs.replace(
        report,
        rules=(*report.rules, *(rule for rule in as_before.rules if rule.id not in known)),
        findings=tuple(sorted(findings, key=sort_key)),
        inputs=(
            *(entry for entry in report.inputs if entry.uri in uris or entry.uri not in inputs),
            *(entry for entry in as_before.inputs if entry.uri not in uris and entry.status == "judged"),
        ),
    )


def _same(finding: Finding) -> object:
    return (finding.rule.id, finding.resource.id, finding.location, finding.path, finding.stages)


def _counts(finding: Finding) -> bool:
    return finding.outcome in KEPT and finding.suppressed is None


def _is_as_grave(own: Finding, other: Finding) -> bool:
    """Whether the finding of the changed configuration says at least what the one of the earlier says."""
    is_decided = own.outcome is Outcome.FAIL or other.outcome is Outcome.UNKNOWN
    return _counts(own) and is_decided and own.rule.severity.rank >= other.rule.severity.rank


def _either(one: Lines, other: Lines) -> Lines:
    return lambda uri: one(uri) or other(uri)


def _strictest(delivery: Delivery, command: Command, before: Config) -> Delivery:
    """Return what fails the build: what either configuration says does."""
    ranks = ("low", "medium", "high", "critical", "never")
    earlier = str(command.laid("fail_on", before, lambda text, _: text))
    return msgspec.structs.replace(
        delivery,
        fail_on=min(delivery.fail_on, earlier, key=ranks.index),
        strict=delivery.strict or bool(command.laid("strict", before, lambda text, _: text)),
    )


# --- comparing --------------------------------------------------------------------------------------


def _compared(report: Report, base: Report, ref: str) -> Report:
    """Return `report` with the state of each finding, and with what is fixed."""
    known = [known_of(finding) for finding in base.findings if finding.outcome in KEPT and not _is_accepted(finding)]
    accepted = [finding for finding in base.findings if finding.outcome in KEPT and _is_accepted(finding)]
    grown = dict(_grown(report.findings, accepted, ref))
    findings = [_without_suppression(f, grown[n]) if n in grown else f for n, f in enumerate(report.findings)]
    open_ = [n for n, finding in enumerate(findings) if _counts(finding)]
    news = compared([findings[n] for n in open_], known, ref)
    was_accepted = compared([findings[n] for n in open_], [known_of(finding) for finding in accepted], ref).states
    for n, state, accepted_state in zip(open_, news.states, was_accepted, strict=True):
        if state is None or n in grown:
            continue
        change = state.change or (findings[n].change if state.state == NEW else None)
        if state.state == NEW and change is None and accepted_state and accepted_state.state != NEW:
            change = f"it was suppressed at {ref} and no longer is"
        findings[n] = msgspec.structs.replace(findings[n], state=state.state, change=change or findings[n].change)
    return msgspec.structs.replace(
        report, findings=tuple(findings), compared=Compared(ref, _fixed(report, news.left, findings))
    )


def _is_accepted(finding: Finding) -> bool:
    return finding.suppressed is not None and finding.suppressed.kind in _SUPPRESSED_BY_PEOPLE


def _fixed(report: Report, left: Sequence[Known], findings: Sequence[Finding]) -> tuple[Known, ...]:
    """Return what was found and is not any more: neither suppressed now, nor in a file that cannot be read."""
    broken = {entry.uri for entry in report.inputs if entry.status == "error"}
    suppressed = [finding for finding in findings if finding.suppressed is not None]
    gone = compared(suppressed, left, "").left
    return tuple(known for known in gone if known.uri not in broken)


def _grown(findings: Sequence[Finding], accepted: Sequence[Finding], ref: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield the suppressed findings that reach further than what the same suppression accepted: number, state and why.

    A suppression whose text is not what it was is a decision of today.
    """
    old = {_decision(finding) for finding in accepted}
    mine = [n for n, finding in enumerate(findings) if _is_accepted(finding) and _decision(finding) in old]
    for place in {_decision(findings[n]) for n in mine}:
        numbers = [n for n in mine if _decision(findings[n]) == place]
        known = [known_of(finding) for finding in accepted if _decision(finding) == place]
        for n, state in zip(numbers, compared([findings[n] for n in numbers], known, ref).states, strict=True):
            finding = findings[n]
            where = _said(finding.suppressed)
            if state and state.state == UPDATED:
                yield n, (UPDATED, f"{state.change}; change {where} to accept it")
            if state and state.state == NEW and finding.extent.grants:
                yield n, (NEW, f"{where} is older than this statement; change it to accept it")


def _said(why: Suppression | None) -> str:
    if why is None:
        return "the suppression"
    return f"the {why.kind if why.kind != 'file' else 'entry'} at {why.location}" if why.location else why.kind


def _decision(finding: Finding) -> tuple[Raw, ...]:
    """Return what a suppression says, and of which rule and resource: all but where it is written."""
    why, resource = finding.suppressed, finding.resource
    own = resource.id.removeprefix(f"{finding.location.uri}#")
    return (finding.rule.id, own, *((why.kind, why.reason, why.owner, why.until) if why else ()))


def _without_suppression(finding: Finding, state: tuple[str, str]) -> Finding:
    return msgspec.structs.replace(finding, suppressed=None, state=state[0], change=state[1])
