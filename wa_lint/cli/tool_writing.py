"""A workload of the Well-Architected Tool, opened to plan and to write its answers. It imports boto3."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import click
import msgspec

from wa_lint import aws
from wa_lint import lens as catalogue
from wa_lint.cli.exits import BLIND, CLEAN
from wa_lint.cli.output import complain, to_stdout
from wa_lint.cli.tool_access import ToolAccess
from wa_lint.errors import ConfigError, SourceError
from wa_lint.publish import answers_apply, review_tool
from wa_lint.publish.answers_apply import CURRENT, WRITTEN, AnswerOutcome, ApplyJournal
from wa_lint.publish.answers_plan import VERSION, AnswersPlan, plan_of
from wa_lint.publish.lens_export import NAME
from wa_lint.publish.plan_text import plan_lines
from wa_lint.publish.workload_answers import ToolLens
from wa_lint.redact import mask
from wa_lint.review.practice_status import PracticeStatus
from wa_lint.writing import atomic


class OpenedTool:
    """The workload that the options name, found."""

    def __init__(self, access: ToolAccess) -> None:
        if access.workload_id is None:
            raise ConfigError("--workload-id", "which workload of the Well-Architected Tool? Its id ends its ARN")
        id_ = review_tool.workload_id(access.workload_id)
        session = aws.open_session(access.profile, access.region)
        region = session.region_name
        if not region:
            raise ConfigError("--region", "where was the workload defined? A workload id is known in one region only")
        if access.role_arn:
            session = aws.assume(session, access.role_arn, external_id=access.external_id)
        identity = aws.account_of(session, region)
        elsewhere = f", answered by {identity.endpoint}" if identity.endpoint else ""
        complain(f"account {identity.id} as {identity.arn} in {region}{elsewhere}")
        if access.expect_account not in {None, identity.id}:
            raise ConfigError(
                "--expect-account", f"the credentials are of {identity.id}, not of {access.expect_account}"
            )
        self.call = review_tool.calls(session.client("wellarchitected", region_name=region, config=review_tool.CONFIG))
        self.workload = review_tool.read_workload(self.call, id_, identity, region, dt.datetime.now(dt.UTC))
        self._access = access

    def lens(self) -> ToolLens | None:
        """Return the lens that is meant; None where ListLenses has none."""
        return review_tool.find_lens(self.call, self.workload, self._access.lens, NAME)

    def plan(self, lens: ToolLens, found: Mapping[str, PracticeStatus]) -> AnswersPlan:
        """Return what `found` would change; nothing, as long as the workload does not have the lens."""
        if not lens.is_associated:
            return AnswersPlan(self.workload, lens)
        answers = review_tool.read_answers(self.call, self.workload, lens)
        return plan_of(self.workload, lens, answers, found, include_answered=self._access.include_answered)


# --- plans in files ---------------------------------------------------------------------------------


def read_plan(file: Path) -> AnswersPlan:
    """Return what ``review plan --save`` wrote. Raise SourceError if it is not one, or changes what is not ours."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=AnswersPlan)
    except (OSError, msgspec.DecodeError) as error:
        raise SourceError(str(file), f"no plan of `wa-lint review plan --save`: {error}") from error
    if found.version != VERSION:
        raise SourceError(str(file), f"a plan of version {found.version}; this wa-lint applies {VERSION}")
    if not found.lens.is_associated:
        raise SourceError(str(file), "the plan has no answers: the workload had no lens; run apply without --plan")
    answers_apply.demand_harmless(found, str(file))
    return found


def of_plan(access: ToolAccess, found: AnswersPlan) -> ToolAccess:
    """Return the options with the workload, region and account of the plan. Raise ConfigError where they differ."""
    workload = found.workload
    if access.workload_id is not None and review_tool.workload_id(access.workload_id) != workload.id:
        raise ConfigError("--workload-id", f"the plan is of {workload.id}")
    if access.region not in {None, workload.region}:
        raise ConfigError("--region", f"the plan is of {workload.region}")
    return msgspec.structs.replace(
        access,
        workload_id=workload.id,
        region=workload.region,
        expect_account=access.expect_account or workload.account,
    )


def json_of(value: object) -> str:
    """Return a plan, or a journal, as it is written to a file."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def text_of(found: AnswersPlan) -> str:
    """Return a plan in words."""
    return _masked(plan_lines(found))


def _masked(lines: Iterable[str]) -> str:
    return mask("\n".join(lines)) + "\n"


# --- writing ----------------------------------------------------------------------------------------

Ask: TypeAlias = Callable[[str], None]
"""Returns once somebody agreed; raises ConfigError where nobody does."""


def asking(*, is_agreed: bool) -> Ask:
    """Return what asks. Raise ConfigError where there is nobody to ask."""
    is_there = sys.stdin is not None and sys.stdin.isatty() and not os.environ.get("CI")
    if not is_agreed and not is_there:
        raise ConfigError("apply", "this writes to AWS, and nobody is there to ask; --yes agrees beforehand")

    def ask(question: str) -> None:
        if not is_agreed and not click.confirm(question, err=True):
            raise ConfigError("apply", "not agreed to; nothing more was written")

    return ask


class ToolWriter:
    """Shows, asks, and then writes to one workload; keeps the journal of it."""

    def __init__(self, tool: OpenedTool, file: Path, ask: Ask) -> None:
        review_tool.demand_own(tool.workload)
        self._tool, self._file, self._ask = tool, file, ask
        self._has_milestone = False
        self._journal = _journal(file, tool.workload.id, dt.datetime.now(dt.UTC))

    def add_lens(self, lens: ToolLens | None, text: str) -> ToolLens:
        """Give the workload its lens, behind a milestone; None: import the one that is `text` first."""
        call, workload = self._tool.call, self._tool.workload
        name = NAME if lens is None else lens.name
        done = "import a lens, publish it, and add it" if lens is None else "add a lens"
        self._ask(f"Take a milestone of {workload.name}, then {done} ({name})?")
        self._take_milestone()
        if lens is None:
            token = f"{self._journal.token}-lens"
            arn = review_tool.import_lens(call, text, catalogue.version(), token, time.sleep)
            complain(f"the lens {NAME} is imported and published: {arn}")
            lens = ToolLens(arn, arn, NAME, catalogue.version(), "CUSTOM_SELF")
        lens = review_tool.associate(call, workload, lens)
        complain(f"the workload has the lens {lens.name} now")
        return lens

    def write(self, found: AnswersPlan) -> int:
        """Show the plan, ask, write it, and return the exit code."""
        to_stdout(text_of(found))
        if not found.updates:
            complain("nothing to write")
            if self._journal.number is not None:
                self._save(msgspec.structs.replace(self._journal, is_finished=True))
            return CLEAN
        self._ask(f"Write {len(found.updates)} answers of {found.workload.name}?")
        self._take_milestone()
        return _told([*answers_apply.apply(self._tool.call, found, self._journal, self._save)])

    def _take_milestone(self) -> None:
        if self._has_milestone:
            return
        workload = self._tool.workload
        now, call = dt.datetime.now(dt.UTC), self._tool.call
        if answers_apply.has_lost_milestone(call, workload, self._journal, now):
            self._journal = _fresh(workload.id, now)
        self._journal = answers_apply.with_milestone(call, workload, self._journal, self._save, now)
        complain(f"milestone {self._journal.number} ({self._journal.milestone}) has the answers as they were")
        self._has_milestone = True

    def _save(self, journal: ApplyJournal) -> None:
        with atomic(self._file, is_private=True) as stream:
            stream.write(json_of(journal).encode())


def _journal(file: Path, workload: str, now: dt.datetime) -> ApplyJournal:
    """Return the journal of the run that ended early, or a new one. Raise ConfigError where it is of another one."""
    try:
        old = msgspec.json.decode(file.read_bytes(), type=ApplyJournal) if file.exists() else None
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(str(file), f"no journal of `wa-lint review apply`: {error}") from error
    if old is not None and not old.is_finished and now - old.started < review_tool.NEWEST:
        if old.workload != workload:
            raise ConfigError(str(file), f"an unfinished run on workload {old.workload}; name another with --journal")
        complain(f"going on with the run in {file}: {len(old.written)} answers were written")
        return old
    return _fresh(workload, now)


def _fresh(workload: str, now: dt.datetime) -> ApplyJournal:
    name = f"wa-lint {now.strftime('%Y-%m-%d %H:%M:%S')} UTC"
    return ApplyJournal(workload=workload, started=now, milestone=name, token=uuid.uuid4().hex)


def _told(outcomes: Sequence[AnswerOutcome]) -> int:
    """Say what became of each answer, and return the exit code."""
    for one in outcomes:
        if one.why:
            complain(f"{one.question}: {one.outcome}: {one.why}")
    written = sum(one.outcome == WRITTEN for one in outcomes)
    current = sum(one.outcome == CURRENT for one in outcomes)
    left = len(outcomes) - written - current
    complain(f"{written} answers written, {current} were so already, {left} not written")
    if left:
        complain("what is written stays; run it again for the rest")
    return BLIND if left or any(one.why for one in outcomes) else CLEAN
