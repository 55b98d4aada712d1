"""``wa-lint drift``: templates and the snapshot of an account are read and judged, then compared. Opens no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from wa_lint.document import Document
from wa_lint.drift import DriftOutcome, DriftSide, drift, options_for
from wa_lint.drift.partners import stacks_of
from wa_lint.engine import lint
from wa_lint.errors import ConfigError
from wa_lint.model import Snapshot, SourceKind, Value
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.given_parameters import OPTION, demand_declared, stages_of
from wa_lint.run.inputs import File, find, is_index_file, neighbours, read
from wa_lint.run.joined_snapshots import join
from wa_lint.run.joined_templates import TemplateInput, Together
from wa_lint.run.settle import today
from wa_lint.run.snapshot_folder import read_index, read_parts
from wa_lint.sources.live.collectors import all_collectors
from wa_lint.sources.template import Pins


class DriftInputs(msgspec.Struct, frozen=True):
    """What is compared, and how."""

    templates: Sequence[Path]
    account: Path
    parameters: Sequence[str] = ()
    assume_defaults: bool = False
    stacks: tuple[str, ...] = ()
    place: str | None = None
    """``ACCOUNT/REGION``, where the snapshot has several."""
    whole_account: bool = False
    now: dt.datetime | None = None


def drifted(asked: DriftInputs, choice: Choice) -> DriftOutcome:
    """Return how the account differs from the templates.

    Raise `ConfigError` or `SourceError` where one of them cannot be read, or which account or stack is meant is open.
    """
    rules = chosen_rules(choice)
    files = find(asked.templates, Path.cwd())
    templates = Together([_template(file) for file in files])
    account, place = _of_place(_account(asked.account), asked.place)
    given = _given(asked.parameters, templates)
    stacks = frozenset(asked.stacks) or stacks_of(templates.snapshot(given), account)
    pins = {**_pseudo(account, place, stacks), **(_defaults(templates) if asked.assume_defaults else {}), **given}
    day = asked.now.date().isoformat() if asked.now else (account.taken_at or today(None))[:10]
    written, found_there = (DriftSide(one, lint(one, rules, day)) for one in (templates.snapshot(pins), account))
    options = options_for(rules, tuple(sorted(stacks)), whole_account=asked.whole_account)
    passing = frozenset(collector.type for collector in all_collectors() if collector.window_days)
    options = msgspec.structs.replace(options, passing=passing)
    found = drift(written, found_there, options)
    return DriftOutcome(found, tuple(file.uri for file in files), "/".join(filter(None, place)), options.stacks)


# --- the templates ----------------------------------------------------------------------------------


def _template(file: File) -> TemplateInput:
    found = read(file)
    if not isinstance(found, Document):
        raise ConfigError(file.uri, "is not a template: name the templates first, and the snapshot of the account last")
    return TemplateInput(found, neighbours(file), file.constructs)


def _given(parameters: Sequence[str], templates: Together) -> Pins:
    stages = stages_of(parameters, Path.cwd())
    if len(stages) > 1:
        raise ConfigError(OPTION, "an account is one stage; give the values of that one")
    demand_declared(stages, templates.declared)
    return dict(stages[0].pins) if stages else {}


def _defaults(templates: Together) -> Pins:
    """Return the defaults of the parameters: a deployment that gave no other values used them."""
    found = {name: body.get("Default") for name, body in templates.declared.items() if isinstance(body, dict)}
    return {name: _text(value) for name, value in found.items() if value is not None}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pseudo(account: Snapshot, place: tuple[str | None, str | None], stacks: Collection[str]) -> Pins:
    """Return what the account says of AWS's own parameters."""
    number, region = place
    arns = (resource.arn or "" for resource in account.resources)
    partitions = {arn.split(":")[1] for arn in arns if arn.startswith("arn:")}
    partition = partitions.pop() if len(partitions) == 1 else None
    stack = next(iter(stacks)) if len(stacks) == 1 else None
    suffix = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}.get(partition or "")
    named = {"AccountId": number, "Region": region, "Partition": partition, "StackName": stack, "URLSuffix": suffix}
    return {f"AWS::{name}": value for name, value in named.items() if value}


# --- the account ------------------------------------------------------------------------------------


def _account(path: Path) -> Snapshot:
    """Return what is in the files of a snapshot, or of an export, together."""
    files = find([path], Path.cwd())
    found = [snapshot for file in files for snapshot in _snapshots(file)]
    if not found:
        raise ConfigError(path.as_posix(), "holds no snapshot of an account")
    return join(found)


def _snapshots(file: File) -> Sequence[Snapshot]:
    if is_index_file(file):
        index = read_index(Path(file.path), file.uri)
        return [snapshot for _, snapshot in read_parts(Path(file.path).parent, file.uri, index.parts)]
    found = read(file)
    if isinstance(found, Document) or found.kind is SourceKind.TEMPLATE:
        raise ConfigError(file.uri, "is a template: the last argument is the snapshot of an account")
    return [found]


def _of_place(account: Snapshot, wanted: str | None) -> tuple[Snapshot, tuple[str | None, str | None]]:
    """Return the part of one account and region, and which these are; what is global belongs to each region."""
    places = sorted({(r.account or "", r.region) for r in account.resources if r.region})
    if wanted is None and len(places) > 1:
        raise ConfigError("--place", f"--place is required: {', '.join('/'.join(map(str, place)) for place in places)}")
    if wanted is None:
        number = next((r.account for r in account.resources if r.account), None)
        return account, (places[0] if places else (number, None))
    number, _, region = wanted.partition("/")
    kept = tuple(r for r in account.resources if r.account == number and r.region in {None, region})
    if not kept:
        raise ConfigError("--place", f"the snapshot has nothing of {wanted}")
    return msgspec.structs.replace(account, resources=kept), (number, region)
