"""Which configuration a run used, what each switched off, and what enforcement refused. It changes no verdict."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.config import FOUND, ProfileEntry, texts_of
from wa_lint.enforce import EXCLUDE, Enforcement, stricter
from wa_lint.model import Configuration, Effect, Finding, Outcome, Report, RuleInfo, Severity
from wa_lint.run.choice import Choice, firm_rules, matching_rules, profile_leaves_out, rule_infos
from wa_lint.run.layers import COMMAND_LINE, Layer, Layers
from wa_lint.suppress import allow
from wa_lint.suppress.allow import FAULTS
from wa_lint.suppress.apply import Dropped

ENFORCED: Final = "enforced"

_MOST_NAMED: Final = 5
"""Rules that a sentence names; the JSON report lists all."""

_OF_FILES: Final = ("paths", "parameters", "overrides")
"""What is refused to a configuration only: on the command line it is what the run is about."""

_STRONGEST_FIRST: Final = (ENFORCED, COMMAND_LINE, "named", "found")


class Settlement(msgspec.Struct, frozen=True):
    """What is known of a run once it is settled."""

    report: Report
    choice: Choice
    layers: Layers = Layers()
    dropped: Sequence[Dropped] = ()
    catch_all: frozenset[str] = frozenset()
    """Where entries stand that suppress every finding."""
    kept: int = 0
    """How many findings of enforced rules were suppressed, and are not."""


def accounted(account: Settlement) -> Report:
    """Return the report with what is to be said of each configuration, the strongest first."""
    rows: dict[tuple[str, str], list[Effect]] = {}
    found, strict = account.layers.config, account.layers.enforcement
    for file in found.files:
        rows[found.trust, file] = []
    for trust, source, effect in _effects(account):
        rows.setdefault((trust, source), []).append(effect)
    ranked = sorted(rows.items(), key=lambda row: _STRONGEST_FIRST.index(row[0][0]))
    enforced = [Configuration(_shown(file, ENFORCED), ENFORCED) for file in strict.files]
    if enforced:
        enforced[0] = msgspec.structs.replace(enforced[0], overruled=tuple(_overruled(account, strict)))
    said = (Configuration(_shown(source, trust), trust, tuple(effects)) for (trust, source), effects in ranked)
    return msgspec.structs.replace(account.report, configuration=(*enforced, *said))


def _shown(source: str, trust: str) -> str:
    """Return what a report calls a file: its name alone where it lies elsewhere. No folder of a machine is reported."""
    return source if trust == FOUND or not source.startswith("../") else source.rpartition("/")[2]


def _effects(account: Settlement) -> Iterator[tuple[str, str, Effect]]:
    for layer, effect in _of_layers(account):
        yield layer.trust, layer.source, effect
    yield from _of_entries(account)
    trust = account.layers.config.trust
    for dropped in account.dropped:
        yield trust, dropped.override.said.file, _override(dropped, account)
    yield from _suppressing(account)


def _of_layers(account: Settlement) -> Iterator[tuple[Layer, Effect]]:
    strict = account.layers.enforcement
    for layer, key, ids in _leaving_out(account.choice, account.layers):
        if gone := ids - account.choice.always:
            yield layer, Effect(key, _left_out(key, layer, gone, account.choice), tuple(sorted(gone)), len(gone))
    yield from _of_settings(account)
    yield from _of_files(account, strict)
    for layer in account.layers.of("fail_on"):
        if layer.value != "low" and stricter(layer.value, strict.fail_on) == layer.value:
            yield layer, Effect("fail-on", _fail_on(layer.value, strict), (layer.value,))
    for layer in account.layers.of("nothing_ok"):
        if layer.value and strict.permits("nothing-ok"):
            yield layer, Effect("nothing-ok", "passes when there is nothing to check")
    extent = account.report.workload
    for layer in account.layers.of("workload"):
        if layer.value and extent is not None:
            text = f"judges only the workload {extent.name} ({count(extent.outside, 'resource')} left out)"
            yield layer, Effect("workload", text, (extent.name,), extent.outside)


def _of_settings(account: Settlement) -> Iterator[tuple[Layer, Effect]]:
    for layer in account.layers.of("rule_profile"):
        if layer.value:
            gone = sorted(set(profile_leaves_out(account.choice)) - account.choice.always)
            without = f" ({_rules(gone, 0)} left out)" if gone else ""
            yield layer, Effect("rule-profile", f"checks by the profile {layer.value}{without}", tuple(gone), len(gone))
    for layer in account.layers.of("settings"):
        texts = [text for text in texts_of(layer.value) if text.partition(".")[0] not in account.choice.always]
        if texts:
            named = f" ({', '.join(texts)})" if len(texts) <= _MOST_NAMED else ""
            yield layer, Effect("settings", f"changes {count(len(texts), 'setting')}{named}", tuple(texts), len(texts))


def _of_entries(account: Settlement) -> Iterator[tuple[str, str, Effect]]:
    """Yield what each entry of ``profiles`` was for in this run, and whom it could not be told to be for."""
    trust = account.layers.config.trust
    for entry in account.choice.profiles:
        file = entry.where.rsplit(":", 2)[0]
        seen = [one for one in account.report.assigned if one.where == entry.where]
        number = sum(one.count for one in seen if not one.reason and not one.is_replaced)
        assumed = sorted({said for one in seen for said in one.assumes})
        assuming = f", assuming {' and '.join(assumed)}" if assumed else ""
        text = f"checks {count(number, 'resource')} {_by(entry)} ({entry.where}){assuming}"
        yield trust, file, Effect("profiles", text, (entry.where,), number)
        if replaced := sum(one.count for one in seen if one.is_replaced):
            text = f"gives {count(replaced, 'resource')} of the entry at {entry.where} the profile of a later one"
            yield trust, file, Effect("profiles", text, (entry.where,), replaced)
        for one in seen:
            if one.reason:
                those = f"checks {count(one.count, 'resource')} without the entry at {entry.where}"
                text = f"{those}, as it is not known whether it applies: {one.reason}"
                yield trust, file, Effect("profiles", text, (entry.where,), one.count)


def _by(entry: ProfileEntry) -> str:
    named = f" ({', '.join(entry.settings)})" if 0 < len(entry.settings) <= _MOST_NAMED else ""
    settings = f"with {count(len(entry.settings), 'other setting')}{named}" if entry.settings else ""
    return (
        " ".join(part for part in (entry.profile and f"by the profile {entry.profile}", settings) if part)
        or "as before"
    )


def _of_files(account: Settlement, strict: Enforcement) -> Iterator[tuple[Layer, Effect]]:
    for layer in account.layers.of("exclude"):
        if patterns := [pattern for pattern in layer.value if _counts(pattern, strict)]:
            yield layer, _exclude(patterns, account.report.left_out)
    for key in ("paths", "parameters"):
        for layer in account.layers.of(key):
            if layer.is_file and strict.permits(key):
                yield layer, _given(key, layer.value)


def _counts(pattern: str, strict: Enforcement) -> bool:
    return strict.permits(EXCLUDE) or pattern in strict.exclude


# --- rules that are not checked ---------------------------------------------------------------------


def _leaving_out(choice: Choice, layers: Layers) -> Iterator[tuple[Layer, str, frozenset[str]]]:
    """Yield what each source leaves out of the rules, enforced ones too."""
    rules = {info.id: info for info in rule_infos(choice)}
    every = frozenset(rules)
    firm = firm_rules(choice) - choice.always
    for layer in layers.of("select"):
        ids = every - matching_rules(layer.value, choice, layer.where)
        yield layer, "select", ids - firm if layer.is_file else ids
    for layer in layers.of("ignore"):
        ids = matching_rules(layer.value, choice, layer.where)
        yield layer, "ignore", ids - firm if layer.is_file else ids
    for layer in _narrowing("pillar", layers):
        listed = [layer.value] if isinstance(layer.value, str) else layer.value
        yield layer, "pillar", frozenset(id_ for id_, info in rules.items() if listed and _pillar(info) not in listed)
    for layer in _narrowing("severity", layers):
        least = Severity(layer.value).rank
        yield layer, "severity", frozenset(id_ for id_, info in rules.items() if info.severity.rank < least)


def _narrowing(name: str, layers: Layers) -> list[Layer]:
    """Return what narrows a choice of rules: nothing that a configuration says, once the command line selects some."""
    is_selected = any(not layer.is_file for layer in layers.of("select"))
    return [layer for layer in layers.of(name) if not (layer.is_file and is_selected)]


def _pillar(info: RuleInfo) -> str:
    return lens.practice(info.practices[0]).pillar


def _left_out(key: str, layer: Layer, gone: Collection[str], choice: Choice) -> str:
    total = len(rule_infos(choice))
    match key:
        case "ignore":
            return f"ignores {_rules(gone, total)}"
        case "select":
            return f"checks only {total - len(gone)} of {total} rules"
        case "pillar":
            listed = [layer.value] if isinstance(layer.value, str) else layer.value
            pillars = f"{'pillar' if len(listed) == 1 else 'pillars'} {', '.join(listed)}"
            return f"checks only the {pillars} ({len(gone)} rules left out)"
    return f"checks only rules of severity {layer.value} and above ({len(gone)} rules left out)"


def _rules(ids: Collection[str], total: int) -> str:
    shown = set(ids) - set(FAULTS) or set(ids)
    if total and len(shown) >= total:
        return f"all {total} rules"
    named = f" ({', '.join(sorted(shown))})" if len(shown) <= _MOST_NAMED else ""
    return count(len(shown), "rule") + named


# --- files and places -------------------------------------------------------------------------------


def _exclude(patterns: Sequence[str], left_out: Mapping[str, int]) -> Effect:
    total = sum(left_out.get(pattern, 0) for pattern in patterns)
    said = ", ".join(f"{pattern} ({count(left_out.get(pattern, 0), 'file')})" for pattern in patterns)
    if len(patterns) > _MOST_NAMED:
        said = f"{len(patterns)} patterns ({count(total, 'file')})"
    return Effect("exclude", f"excludes {said}", tuple(patterns), total)


def _given(key: str, value: object) -> Effect:
    items = tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)
    if key == "paths":
        return Effect(key, f"checks only {', '.join(items)}", items)
    names = [item.partition("=")[0] for item in items]
    return Effect(key, f"sets parameters ({', '.join(names)})", tuple(names))


def _override(dropped: Dropped, account: Settlement) -> Effect:
    over = dropped.override
    rules = _rules(dropped.ids, len(rule_infos(account.choice)))
    total = len({finding.location.uri for finding in account.report.findings})
    where = "every file" if all(not pattern.strip("*") for pattern in over.paths) else ", ".join(over.paths)
    reach = count(dropped.files, "file") if dropped.files or not total else "no file of this run"
    text = f"ignores {rules} in {where} ({reach}, {count(dropped.findings, 'verdict')} left out)"
    return Effect("overrides", text, tuple(sorted(dropped.ids)), dropped.findings)


def _fail_on(value: str, strict: Enforcement) -> str:
    what = "no finding fails the run" if value == "never" else "findings below it do not fail the run"
    return f"sets fail-on {value} ({what}{', except of enforced rules' if strict.has_rules else ''})"


# --- suppressions -----------------------------------------------------------------------------------


def _suppressing(account: Settlement) -> Iterator[tuple[str, str, Effect]]:
    suppressed = [finding for finding in account.report.findings if finding.suppressed]
    if not suppressed:
        return
    total = sum(finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN} for finding in account.report.findings)
    by_entry: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in suppressed:
        why = finding.suppressed
        if why and why.kind == "file" and why.location:
            by_entry[why.location.uri][str(why.location)] += 1
    owners = dict(_allow_files(account.layers))
    for uri, entries in by_entry.items():
        trust, source = owners.get(uri, (account.layers.config.trust, uri))
        yield trust, source, _allowing(uri, source, entries, total, account.catch_all)
    for kind, key in (("baseline", "baseline"), ("unchanged", "diff")):
        number = sum(bool(f.suppressed and f.suppressed.kind == kind) for f in suppressed)
        for layer in account.layers.of(key):
            if number:
                yield layer.trust, layer.source, _comparing(key, layer, number)


def _allow_files(layers: Layers) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each file of suppressions, as a place in it calls it, and who named it."""
    found = layers.config
    for said in found.said.get("allow", ()):
        for item in said.value:
            if isinstance(item, str):
                yield Path(os.path.relpath(said.folder / item)).as_posix(), (found.trust, said.file)
    for layer in layers.of("allow"):
        if not layer.is_file:
            yield from ((Path(file).as_posix(), (layer.trust, layer.source)) for file in layer.value)


def _allowing(uri: str, source: str, entries: Mapping[str, int], total: int, catch_all: Collection[str]) -> Effect:
    number = sum(entries.values())
    of = f"all {total} findings" if number == total and number > 1 else count(number, "finding")
    by = "" if uri == source else f" by {uri}"
    widest = max(entries, key=lambda place: (place in catch_all, entries[place]))
    at = f", {entries[widest]} of them at {widest}" if len(entries) > 1 else f" at {widest}"
    wide = ", which fits every rule everywhere" if widest in catch_all else ""
    return Effect("allow", f"suppresses {of}{by}{at}{wide}", tuple(entries), number)


def _comparing(key: str, layer: Layer, number: int) -> Effect:
    if key == "baseline":
        return Effect(key, f"suppresses {count(number, 'finding')} of the baseline {layer.value}", (), number)
    return Effect(
        key, f"counts only what changed since {layer.value} ({count(number, 'finding')} left out)", (), number
    )


# --- what enforcement does not permit ---------------------------------------------------------------


def _overruled(account: Settlement, strict: Enforcement) -> Iterator[Effect]:
    total = len(rule_infos(account.choice))
    for layer, key, ids in _leaving_out(account.choice, account.layers):
        kept = ids & account.choice.always
        if kept:
            them = "it" if len(kept) == 1 else "them"
            text = f"checks {_rules(kept, total)} alalalthough the {_of(layer)} leaves {them} out"
            yield Effect(key, text, tuple(sorted(kept)), len(kept))
    for dropped in account.dropped:
        if dropped.refused:
            text = (
                f"checks {_rules(dropped.refused, total)} although overrides in {dropped.override.said.file} ignore it"
            )
            yield Effect("overrides", text, tuple(sorted(dropped.refused)), len(dropped.refused))
    for layer in account.layers.of("settings"):
        untouched = [text for text in texts_of(layer.value) if text.partition(".")[0] in account.choice.always]
        if untouched:
            text = f"keeps {count(len(untouched), 'setting')} of enforced rules although the {_of(layer)} changes them"
            yield Effect("settings", text, tuple(untouched), len(untouched))
    yield from _limited(account.layers)
    yield from _refused(account, strict)
    refused = account.kept + sum(_is_refusal(finding) for finding in account.report.findings)
    if refused:
        yield Effect("allow", f"refuses {count(refused, 'suppression')} of enforced rules", (), refused)


def _is_refusal(finding: Finding) -> bool:
    return finding.rule.id in FAULTS and allow.ENFORCED in finding.message


def _limited(layers: Layers) -> Iterator[Effect]:
    strict = layers.enforcement
    for layer in layers.of("fail_on"):
        if strict.fail_on is not None and Severity(strict.fail_on).rank < _rank(layer.value):
            yield Effect("fail-on", f"limits fail-on to {strict.fail_on} (the {_of(layer)} says {layer.value})")
        elif strict.fail_on is None and strict.has_rules and layer.value != "low":
            yield Effect("fail-on", f"fails for enforced rules although the {_of(layer)} says fail-on {layer.value}")


def _rank(fail_on: str) -> int:
    return len(Severity) if fail_on == "never" else Severity(fail_on).rank


def _refused(account: Settlement, strict: Enforcement) -> Iterator[Effect]:
    for layer in account.layers.of("exclude"):
        if patterns := [pattern for pattern in layer.value if not _counts(pattern, strict)]:
            yield Effect("exclude", f"refuses exclude {', '.join(patterns)} of the {_of(layer)}", tuple(patterns))
    for key in (*_OF_FILES, "allow", "baseline", "diff", "now", "nothing-ok", "workload"):
        given = () if strict.permits(key) else account.layers.of(key.replace("-", "_"))
        for layer in given:
            if layer.value and (layer.is_file or key not in _OF_FILES):
                yield Effect(key, f"refuses {key} of the {_of(layer)}")
    if account.report.notes and not strict.permits("inline-suppressions"):
        number = len({note.location for note in account.report.notes})
        yield Effect("inline-suppressions", f"refuses {count(number, 'suppression')} beside resources", (), number)
    if (name := account.layers.refused_file) is not None:
        yield Effect("configuration", f"does not read {name}")


def _of(layer: Layer) -> str:
    shown = _shown(layer.source, layer.trust)
    return f"configuration {shown}" if layer.is_file else shown


def count(number: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number or 'no'} {noun if number == 1 else plural}"


def kept_findings(findings: Iterable[Finding], always: Collection[str]) -> tuple[tuple[Finding, ...], int]:
    """Return the findings, those of the rules `always` open whatever was accepted, and how many were not."""
    given = tuple(findings)
    wrong = sum(not finding.is_open and finding.rule.id in always for finding in given)
    if not wrong:
        return given, 0
    return tuple(_opened(finding) if finding.rule.id in always else finding for finding in given), wrong


def _opened(finding: Finding) -> Finding:
    return finding if finding.is_open else msgspec.structs.replace(finding, suppressed=None, state=None)
