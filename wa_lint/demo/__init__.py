"""``wa-lint demo``: one workload, judged as a template and as an account, in this process. It opens no socket."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import engine, findings, packs, schema
from wa_lint.demo.deploy import Missed, deploy, read_as_deployed
from wa_lint.demo.embedded_account import embedded_account
from wa_lint.demo.seed import read_seed, sow
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.drift import DriftOutcome, DriftSide, drift, drift_text, options_for
from wa_lint.model import Finding, Input, Outcome, Raw, Report, Snapshot
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.reporters.waste import said
from wa_lint.rule import Rule
from wa_lint.sources.template import read_template
from wa_lint.writing import atomic, make_folder

_TEMPLATE: Final = "template.yaml"
_SEED: Final = "seed.yaml"

_UNLIMITED: Final = 1e6
"""Calls per second: nobody is throttled in here."""

_STACK: Final = "workload"

_CHANGED: Final = frozenset({"AWS::S3::Bucket"})
"""The types that the change by hand is about."""

_FILES: Final = {"sarif": "wa-lint.sarif", "json": "wa-lint.json"}
"""Format -> the file that it is written to."""


class Headline(msgspec.Struct, frozen=True):
    """What the demo puts on its first screen: the first of `rules` that fails."""

    says: str
    rules: tuple[str, ...]


HEADLINES: Final = (
    Headline("Anybody can ask the model: its API wants no credentials.", ("unauthenticated-inference",)),
    Headline("An endpoint waits most of the day, and is paid for.", ("endpoint-always-on-spiky-load",)),
    Headline(
        "Training reads a data set that no key of yours encrypts.",
        ("bucket-unencrypted", "data-bucket-default-key", "training-volume-default-key"),
    ),
)


class Demo(msgspec.Struct, frozen=True):
    """What the demo found."""

    template: Report
    account: Report
    read: Snapshot
    """The template."""
    scanned: Snapshot
    """The account."""
    missed: tuple[Missed, ...]
    """What of the template did not reach the account."""
    drifts: tuple[DriftOutcome, ...] = ()
    """The template against the account: as it was deployed, and after a change by hand."""


def run(out: Path, write: Callable[[str], None], options: RenderOptions | None = None) -> None:
    """Judge the demo's workload twice, `write` what was found, and put SARIF, JSON and the template into `out`.

    Raise `MissingExtra` where moto is not installed, `ConfigError` where `out` cannot be written.
    """
    write(
        "wa-lint demo: a workload is judged as a template, deployed into an account inside this process, and scanned."
        "\n\n"
    )
    content = _read(_TEMPLATE)
    uri = f"{out.name}/{_TEMPLATE}"
    found = judge(content, uri, packs.load())
    lines = content.decode().splitlines()
    options = msgspec.structs.replace(options or RenderOptions(), lines=lambda asked: lines if asked == uri else ())
    whole = findings.merge([found.template, found.account], _inputs(found))
    files = {name: reporter(format_)(whole, options).encode("utf-8", "replace") for format_, name in _FILES.items()}
    _save(out, {**files, _TEMPLATE: content})
    write("\n".join(_screens(found, options)))
    write(f"Both reports together, and the template: {', '.join(str(out / name) for name in (*files, _TEMPLATE))}\n")


def judge(content: bytes, uri: str, rules: Sequence[Rule]) -> Demo:
    """Judge the template as it is, then the account that it and the seed make."""
    from wa_lint.sources.live.account_reader import read_live  # noqa: PLC0415, it imports boto3

    seed = _read(_SEED)
    now = read_seed(seed, _SEED).now
    today = now.date().isoformat()
    read, deployed = read_template(content, uri), read_as_deployed(content, uri)
    with embedded_account() as session:
        made = deploy(deployed, session)
        sow(seed, _SEED, session)
        looks = [read_live(session, REGION, now=now, max_rps=_UNLIMITED)]
        _open_by_hand(session)
        looks.append(read_live(session, REGION, now=now, max_rps=_UNLIMITED, types=_CHANGED))
    template, account = (engine.lint(snapshot, rules, today) for snapshot in (read, looks[0]))
    written = DriftSide(deployed, engine.lint(deployed, rules, today))
    options = options_for(rules, (_STACK,))
    drifts = []
    for scanned, judged in ((looks[0], account), (changed := _with(*looks), engine.lint(changed, rules, today))):
        found = DriftSide(_with_tags(scanned, made.ids), judged)
        drifts.append(DriftOutcome(drift(written, found, options), (uri,), f"{ACCOUNT}/{REGION}", (_STACK,)))
    return Demo(template, account, read, looks[0], made.missed, tuple(drifts))


def _open_by_hand(session: Raw) -> None:
    """Do what somebody does who is in a hurry: let policies make the bucket of captured data public."""
    session.client("s3").put_public_access_block(
        Bucket=f"delivery-times-capture-prod-{ACCOUNT}",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": False,
            "BlockPublicPolicy": False,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": False,
        },
    )


def _with(before: Snapshot, after: Snapshot) -> Snapshot:
    """Return the account as it is after a change, of which only some types were read again."""
    kept = (resource for resource in before.resources if resource.type not in _CHANGED)
    return msgspec.structs.replace(before, resources=(*kept, *after.resources))


def _with_tags(account: Snapshot, ids: Mapping[str, str]) -> Snapshot:
    """Return the account with the tags that CloudFormation would have written on what bears tags."""
    made = {identity: f"{_STACK}/{id_}" for id_, identity in ids.items()}
    return msgspec.structs.replace(
        account,
        resources=tuple(
            msgspec.structs.replace(one, made_by=made[one.id])
            if one.id in made and "Tags" in schema.resource_type(one.type).members()
            else one
            for one in account.resources
        ),
    )


def _read(name: str) -> bytes:
    return resources.files("wa_lint").joinpath("data", "demo", name).read_bytes()


def _save(out: Path, files: Mapping[str, bytes]) -> None:
    make_folder(out)
    for name, content in files.items():
        with atomic(out / name) as stream:
            stream.write(content)


def _inputs(found: Demo) -> list[Input]:
    return [Input(s.uri, s.kind.value, "judged", None, len(s.resources)) for s in (found.read, found.scanned)]


# --- what a person sees -----------------------------------------------------------------------------


def _screens(found: Demo, options: RenderOptions) -> Iterator[str]:
    yield from _first_screen(found, options.width)
    text = reporter("text")
    yield _title(f"The template ({len(found.read.resources)} resources)")
    yield text(found.template, options)
    yield _title(f"The account ({len(found.scanned.resources)} resources)")
    yield text(found.account, options)
    before, after = found.drifts
    yield _title("The template against the account (wa-lint drift)")
    yield drift_text.render(before, options)
    yield "Then somebody opens the bucket of captured data by hand.\n"
    yield drift_text.render(after, options)


def _first_screen(found: Demo, width: int) -> Iterator[str]:
    for number, headline in enumerate(HEADLINES, start=1):
        in_template, in_account = (_foremost(headline, report) for report in (found.template, found.account))
        yield f"{number}. {headline.says}"
        finding = in_template or in_account
        if finding:
            message = f"{finding.rule.severity.value}  {finding.rule.id}: {finding.message}"
            yield textwrap.fill(message, width, initial_indent="   ", subsequent_indent="   ")
            if finding.waste:
                yield f"   waste            {said(finding.waste)}"
        yield f"   in the template  {_place(in_template)}"
        yield f"   in the account   {_place(in_account)}"
        yield ""


def _foremost(headline: Headline, report: Report) -> Finding | None:
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL]
    return next((f for rule in headline.rules for f in failing if f.rule.id == rule), None)


def _place(finding: Finding | None) -> str:
    return str(finding.location) if finding else "(it cannot tell)"


def _title(text: str) -> str:
    return f"--- {text} {'-' * max(0, 74 - len(text))}\n"
