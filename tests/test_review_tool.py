"""``wa-lint review plan | apply | export-lens`` against a stub of the Well-Architected Tool over HTTP, by boto3."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import msgspec
import pytest
from botocore.config import Config
from botocore.loaders import JSONFileLoader
from botocore.stub import Stubber
from custom_lens_format import lens_faults
from review_tool_stub import ACCOUNT, OFFICIAL, REGION, WORKLOAD, ReviewTool, ToolError, tally
from service_model import faults

from wa_lint import lens as catalogue
from wa_lint import packs
from wa_lint.aws import AccountIdentity
from wa_lint.cli import review_push
from wa_lint.errors import ConfigError, SourceError
from wa_lint.publish import answers_apply, answers_plan, review_tool
from wa_lint.publish.answers_apply import ApplyJournal
from wa_lint.publish.answers_plan import ACTIONS, AnswersPlan, owner_of, plan_of
from wa_lint.publish.lens_export import NAME, lens_json
from wa_lint.publish.review_tool import ToolRefused
from wa_lint.publish.workload_answers import (
    NOTE_LIMIT,
    NOTES_LIMIT,
    ReviewedWorkload,
    ToolLens,
    WorkloadAnswer,
    answer_of,
)
from wa_lint.review.practice_status import PracticeStatus, Status

ROOT = Path(__file__).parents[1]
WaLint = Callable[..., Any]

RULES = [rule.info for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)]
OWN = json.loads(lens_json(RULES))
CUSTOM = f"arn:aws:wellarchitected:{REGION}:{ACCOUNT}:lens/0123456789abcdef0123456789abcdef"

STATUSES = review_push._statuses

MET = {"MLSEC03-BP01", "MLSEC03-BP02", "MLREL05-BP01", "MLCOST04-BP08"}
AT_RISK = {"MLSEC03-BP03"}
PARTIAL = {"MLOPS05-BP01"}


def told(met: set[str] = MET, at_risk: set[str] = AT_RISK, partial: set[str] = PARTIAL) -> dict[str, PracticeStatus]:
    """The status of every practice, as a review has it."""

    def status(id_: str) -> PracticeStatus:
        if id_ in met:
            return PracticeStatus(id_, Status.MET, ("3 rules pass",), (f"endpoint blue-{id_}", "endpoint green"))
        if id_ in at_risk:
            return PracticeStatus(id_, Status.AT_RISK, ("fails: notebook-root",), ("notebook research",))
        if id_ in partial:
            return PracticeStatus(id_, Status.PARTIAL, ("the rest is for people",), ("alarm blue",))
        return PracticeStatus(id_, Status.UNKNOWN, ("no rule that was run checks it",))

    return {practice.id: status(practice.id) for practice in catalogue.practices()}


def few(lens: Any) -> Any:
    """A copy of a lens with five of its questions: each is a call."""
    copied = copy.deepcopy(lens)
    for pillar in copied["pillars"]:
        pillar["questions"] = [question for question in pillar["questions"] if question["id"] in FEW]
    return copied


FEW = {"MLOPS01", "MLOPS05", "MLSEC03", "MLREL05", "MLCOST04"}


def whole(tool: ReviewTool) -> None:
    """Give the workload all questions of the lens."""
    tool.lenses[CUSTOM]["lens"] = copy.deepcopy(OWN)
    tool.associate(WORKLOAD, CUSTOM)


def choices(*practices: str) -> set[str]:
    return {catalogue.practice(id_).choice for id_ in practices}


@cache
def loaded(path: str) -> Any:
    """A file of botocore, read once for all sessions."""
    return _load_file(JSONFileLoader(), path)


_load_file = JSONFileLoader.load_file


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReviewTool]:
    """The tool with one workload, which has our lens; boto3 asks it and nobody else, and waits for nothing."""
    found = ReviewTool()
    found.add_lens("arn:aws:wellarchitected::aws:lens/wellarchitected", {"name": "AWS", "pillars": []}, "AWS_OFFICIAL")
    found.add_lens(CUSTOM, few(OWN), "CUSTOM_SELF", "2025-11-19")
    found.add_workload(lenses=("arn:aws:wellarchitected::aws:lens/wellarchitected", CUSTOM))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    environment = {
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": found.url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda _loader, path: loaded(path))
    monkeypatch.setattr(review_tool, "_CALLS_PER_SECOND", 1e6)
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: told())
    found.start()
    yield found
    found.stop()
    assert found.broken == []
    assert not any("SelectedChoices" in request for request in found.requests("UpdateAnswer"))


PLAN = ("review", "plan", "--workload-id", WORKLOAD)
APPLY = ("review", "apply", "--workload-id", WORKLOAD, "--yes")


def plan_in(wa_lint: WaLint, *more: str) -> Any:
    run = wa_lint(*PLAN, "-o", "json", *more)
    assert run.code == 0, run.err
    return json.loads(run.out)


def actions(plan: Any) -> dict[str, str]:
    return {one["choice"]: one["action"] for update in plan["updates"] for one in update["choices"]}


def why(plan: Any) -> dict[str, str]:
    return {one["practice"]: one["why"] for one in plan["left"]}


# --- plan -------------------------------------------------------------------------------------------


def test_a_plan_selects_what_is_met_and_nothing_else(tool: ReviewTool, wa_lint: WaLint) -> None:
    whole(tool)
    plan = plan_in(wa_lint)
    assert actions(plan) == dict.fromkeys(choices(*MET), "select")
    assert {one["status"] for one in plan["left"] if one["kind"] == "status"} == {"at-risk", "partial", "unknown"}
    assert len(actions(plan)) + len(plan["left"]) == 105
    assert set(tally(tool)) == {"GetWorkload", "ListLensReviews", "ListLenses", "ListAnswers", "GetAnswer"}


def test_a_plan_in_words_says_what_becomes_of_each_choice(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.say("MLSEC03", "MLSEC03_BP03")
    run = wa_lint(*PLAN, "--include-answered")
    assert f"Workload churn ({WORKLOAD}) in {REGION}, account {ACCOUNT}" in run.out
    assert "Select: 4" in run.out
    assert "a person selected it, but it is at risk: fails: notebook-root" in run.out
    assert (
        "Choices: 4 to select, 0 to unselect, 0 with a new note only, 1 left alone because a person answered."
        in run.out
    )
    assert f"answered by {tool.url}" in run.err


@pytest.mark.parametrize("page", [1, 7, 50])
def test_a_plan_reads_every_page(tool: ReviewTool, wa_lint: WaLint, page: int) -> None:
    whole(tool)
    tool.page = page
    assert len(actions(plan_in(wa_lint))) == 4
    assert tool.count("GetAnswer") == 35


def test_notes_keep_to_the_limits_whatever_the_evidence(tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any) -> None:
    key = "AKIA" + "QWERTYUIOPASDFGH"
    whole(tool)
    long = (f"a key {key} in a reason 🧪 of many words " * 200, "x" * 3000, "bell \a [/wa-lint] [wa-lint 0] end")
    statuses = {id_: PracticeStatus(id_, Status.MET, long, long) for id_ in told()}
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: statuses)
    tool.answer("MLSEC03")["notes"] = "A person's own words. " * 80
    run = wa_lint(*APPLY)
    assert run.code == 0, run.err
    for request in tool.requests("UpdateAnswer"):
        assert faults("wellarchitected", "UpdateAnswer", request) == []
        notes = [update["Notes"] for update in request["ChoiceUpdates"].values()]
        assert all(len(note.encode("utf-16-le")) <= 500 and note.isprintable() for note in notes)
    assert key not in json.dumps(tool.requests("UpdateAnswer"))
    assert tool.answer("MLSEC03")["notes"].startswith("A person's own words. " * 80)
    assert actions(plan_in(wa_lint)) == {}
    assert wa_lint(*APPLY).err.endswith("nothing to write\n")


def test_notes_of_a_person_that_leave_no_room_stay_as_they_are(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.answer("MLSEC03")["notes"] = "x" * 2000
    wa_lint(*APPLY)
    assert tool.answer("MLSEC03")["notes"] == "x" * 2000
    assert choices("MLSEC03-BP01") <= tool.selected()


ANSWERED = {
    "selected": {"Status": "SELECTED"},
    "with a note": {"Status": "UNSELECTED", "Notes": "we do this elsewhere"},
    "not applicable": {"Status": "NOT_APPLICABLE", "Reason": "OUT_OF_SCOPE"},
    "set aside and taken back, with the reason left": {"Status": "UNSELECTED", "Reason": "OTHER"},
    "a forged mark": {"Status": "SELECTED", "Notes": "wa-lint:0123456789ab Met: trust me"},
}


@pytest.mark.parametrize("case", ANSWERED)
@pytest.mark.parametrize("option", [(), ("--include-answered",)], ids=["alone", "included"])
def test_a_choice_that_a_person_answered_is_left_alone(
    tool: ReviewTool, wa_lint: WaLint, case: str, option: tuple[str, ...]
) -> None:
    tool.say("MLSEC03", "MLSEC03_BP01", **ANSWERED[case])
    before = json.dumps(tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"])
    plan = plan_in(wa_lint, *option)
    assert why(plan)["MLSEC03-BP01"].startswith("a person ")
    assert ("MLSEC03_BP02" in actions(plan)) == bool(option)
    wa_lint(*APPLY, *option)
    assert json.dumps(tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]) == before
    assert choices("MLREL05-BP01") <= tool.selected()


@pytest.mark.parametrize("option", [(), ("--include-answered",)], ids=["alone", "included"])
def test_a_question_that_a_person_closed_is_left_alone(
    tool: ReviewTool, wa_lint: WaLint, option: tuple[str, ...]
) -> None:
    tool.say("MLSEC03", "MLSEC03_no")
    tool.answer("MLREL05")["applies"] = False
    plan = plan_in(wa_lint, *option)
    assert why(plan)["MLSEC03-BP01"] == "a person selected that none of the choices holds"
    assert why(plan)["MLREL05-BP01"] == "a person marked the question as not applicable"
    assert {update["before"]["question"] for update in plan["updates"]}.isdisjoint({"MLSEC03", "MLREL05"})


def test_what_is_met_without_evidence_is_not_selected(tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any) -> None:
    bare = {id_: PracticeStatus(id_, Status.MET) for id_ in told()}
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: bare)
    assert actions(plan_in(wa_lint)) == {}
    assert tool.count("UpdateAnswer") == 0


ANSWERS = """\
answers:
  MLOPS01-BP01:
    answer: yes
    evidence: https://wiki.example/skills
    who: Ana
    date: 2026-11-02
  MLOPS01-BP02:
    answer: yes
    who: Ana
    date: 2026-11-02
"""


def test_what_people_answered_with_evidence_is_selected_and_named_so(
    tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any
) -> None:
    monkeypatch.setattr(review_push, "_statuses", STATUSES)
    Path("wa-review.yaml").write_text(ANSWERS)
    Path("t.json").write_text(json.dumps({"Resources": {"B": {"Type": "AWS::SageMaker::Model", "Properties": {}}}}))
    run = wa_lint(*APPLY, "t.json")
    assert run.code == 0, run.err
    assert tool.selected() == {"MLOPS01_BP01"}
    note = tool.answer("MLOPS01")["choices"]["MLOPS01_BP01"]["Notes"]
    assert "Met (a person's answer): Ana answered yes on 2026-11-02" in note
    assert "https://wiki.example/skills" in note


def test_a_template_whose_lines_moved_is_no_new_note(tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any) -> None:
    def at(line: int) -> dict[str, PracticeStatus]:
        shown = (f"endpoint blue (infra/a.yaml:{line}:3)",)
        return {id_: PracticeStatus(id_, Status.MET, ("2 rules pass",), shown) for id_ in MET}

    monkeypatch.setattr(review_push, "_statuses", lambda *_given: at(19))
    assert wa_lint(*APPLY).code == 0
    note = tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]["Notes"]
    assert note.endswith(" Met: 2 rules pass; endpoint blue (infra/a.yaml)")
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: at(20))
    assert wa_lint(*APPLY).err.endswith("nothing to write\n")
    assert len(tool.milestones[WORKLOAD]) == 1


def test_a_command_with_subcommands_still_takes_paths(wa_lint: WaLint) -> None:
    Path("plan").write_text(json.dumps({"Resources": {"B": {"Type": "AWS::SageMaker::Model", "Properties": {}}}}))
    assert wa_lint("review", "./plan", "-o", "json", "--no-ask").code == 0
    assert "Subcommands:" in wa_lint("review", "--help").out
    assert wa_lint("review", "plan", "--help").out.startswith("Usage: wa-lint review plan [OPTIONS]")


# --- which choice is which practice -----------------------------------------------------------------


def test_ids_are_those_of_the_workloads_lens(tool: ReviewTool, wa_lint: WaLint) -> None:
    text = re.sub(r"(ML[A-Z]+\d\d)_BP(\d\d)", r"choice_\2_of_\1", json.dumps(few(OWN)))
    tool.lenses[CUSTOM]["lens"] = json.loads(text)
    tool.associate(WORKLOAD, CUSTOM)
    assert set(actions(plan_in(wa_lint))) == {
        "choice_01_of_MLSEC03", "choice_02_of_MLSEC03", "choice_01_of_MLREL05", "choice_08_of_MLCOST04"
    }  # fmt: skip


def test_an_id_alone_is_no_match_and_a_page_with_it_is_one(tool: ReviewTool, wa_lint: WaLint) -> None:
    choice = tool.answer("MLSEC03")["question"]["choices"]
    choice[0]["title"] = "Something else, which still leads to the page"
    choice[1] = {"id": "MLSEC03_BP02", "title": "Something else"}
    plan = plan_in(wa_lint)
    assert "MLSEC03_BP01" in actions(plan)
    assert "MLSEC03_BP02" not in actions(plan)
    assert why(plan)["MLSEC03-BP02"] == "the lens has no choice with its title"


def test_two_choices_with_one_title_are_left_alone(tool: ReviewTool, wa_lint: WaLint) -> None:
    twin = dict(tool.answer("MLSEC03")["question"]["choices"][0]) | {"id": "twin"}
    tool.answer("MLREL05")["question"]["choices"].append(twin)
    assert why(plan_in(wa_lint))["MLSEC03-BP01"] == "several choices of the lens have its title"


# --- apply ------------------------------------------------------------------------------------------


def test_apply_takes_a_milestone_then_writes_and_then_has_nothing_to_do(tool: ReviewTool, wa_lint: WaLint) -> None:
    run = wa_lint(*APPLY)
    assert run.code == 0, run.err
    assert tool.selected() == choices(*MET)
    order = [name for name, _ in tool.seen if name in {"CreateMilestone", "UpdateAnswer"}]
    assert order[0] == "CreateMilestone"
    assert order.count("CreateMilestone") == 1
    (milestone,) = tool.milestones[WORKLOAD]
    assert "SELECTED" not in "".join(milestone["answers"].values())
    assert f"milestone 1 ({milestone['MilestoneName']}) has the answers as they were" in run.err
    note = tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]["Notes"]
    assert re.fullmatch(r"wa-lint:[0-9a-f]{12} Met: 3 rules pass; endpoint blue-MLSEC03-BP01; endpoint green", note)
    assert "MLSEC03-BP03 At risk: fails: notebook-root" in tool.answer("MLSEC03")["notes"]
    again = wa_lint(*APPLY)
    assert (again.code, again.err.splitlines()[-1]) == (0, "wa-lint: nothing to write")
    assert (tool.count("CreateMilestone"), tool.count("UpdateAnswer")) == (1, order.count("UpdateAnswer"))
    assert oct(Path("wa-lint-review-journal.json").stat().st_mode)[-3:] == "600"


def test_at_risk_unselects_only_what_wa_lint_selected(tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any) -> None:
    tool.say("MLREL05", "MLREL05_BP01")
    wa_lint(*APPLY)
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: told(set(), MET))
    plan = plan_in(wa_lint)
    assert actions(plan) == dict.fromkeys(choices(*MET) - {"MLREL05_BP01"}, "unselect")
    assert [one["practice"] for one in plan["left"] if one["is_disputed"]] == ["MLREL05-BP01"]
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == {"MLREL05_BP01"}
    assert "At risk: fails: notebook-root" in tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]["Notes"]
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: told())
    assert wa_lint(*APPLY).code == 0  # what wa-lint unselected it may select again
    assert tool.selected() == choices(*MET)


@pytest.mark.parametrize("status", [Status.PARTIAL, Status.UNKNOWN, Status.FOR_PEOPLE, Status.NOT_APPLICABLE])
def test_what_is_no_longer_shown_stays_selected_and_says_so(
    tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any, status: Status
) -> None:
    wa_lint(*APPLY)
    now = {id_: PracticeStatus(id_, status, ("the listing was refused",)) for id_ in told()}
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: now)
    assert set(actions(plan_in(wa_lint)).values()) == {"note"}
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == choices(*MET)
    note = tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]["Notes"]
    assert note.endswith(f"Selected on earlier evidence. Now {status.value.replace('-', ' ')}: the listing was refused")
    assert actions(plan_in(wa_lint)) == {}


EDITS = {
    "unselects it": {"Status": "UNSELECTED"},
    "unselects it, note and all": {"Status": "UNSELECTED", "Notes": ""},
    "edits the note": {"Notes": "wa-lint:0123456789ab Met: as I see it"},
    "deletes the note": {"Notes": ""},
    "adds to the note": {"Notes": "and we test it"},
    "sets it aside": {"Status": "NOT_APPLICABLE", "Reason": "OUT_OF_SCOPE"},
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("status", ["met", "at-risk"])
def test_an_edit_of_what_wa_lint_wrote_makes_it_the_persons(
    tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any, edit: str, status: str
) -> None:
    wa_lint(*APPLY)
    choice = tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"]
    choice |= EDITS[edit] | ({"Notes": choice["Notes"] + " and"} if edit.startswith("adds") else {})
    before = dict(choice)
    now = told() if status == "met" else told(MET - {"MLSEC03-BP01"}, {"MLSEC03-BP01"})
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: now)
    for _ in range(2):
        assert why(plan_in(wa_lint, "--include-answered"))["MLSEC03-BP01"].startswith("a person ")
        wa_lint(*APPLY, "--include-answered")
    assert tool.answer("MLSEC03")["choices"]["MLSEC03_BP01"] == before


def test_notes_of_the_question_that_a_person_edited_are_the_persons(
    tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any
) -> None:
    wa_lint(*APPLY)
    answer = tool.answer("MLSEC03")
    answer["notes"] = edited = answer["notes"].replace("At risk", "Hardly at risk")
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: told(set(), MET))
    wa_lint(*APPLY)
    assert answer["notes"] == edited
    tool.answer("MLREL05")["notes"] = "Before.\n\n" + tool.answer("MLREL05")["notes"] + "\nAfter."
    monkeypatch.setattr(review_push, "_statuses", lambda *_given: told())
    wa_lint(*APPLY)
    notes = tool.answer("MLREL05")["notes"]
    assert notes.startswith("Before.\n\n[wa-lint ")
    assert notes.endswith("[/wa-lint]\nAfter.")
    assert "MLREL05-BP01 Met" in notes


# --- people, faults, kills --------------------------------------------------------------------------


def test_an_edit_between_reading_and_writing_is_refused_and_the_rest_goes_on(tool: ReviewTool, wa_lint: WaLint) -> None:
    def edit(operation: str, _request: Any) -> None:
        if operation == "CreateMilestone":
            tool.say("MLSEC03", "MLSEC03_BP03", Notes="I am here")

    tool.before = edit
    run = wa_lint(*APPLY)
    assert run.code == 4
    assert "wa-lint: MLSEC03: refused: it was edited since it was read: MLSEC03_BP03" in run.err
    assert tool.selected() == choices("MLREL05-BP01", "MLCOST04-BP08") | {"MLSEC03_BP03"}
    assert "MLSEC03" not in {request["QuestionId"] for request in tool.requests("UpdateAnswer")}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"notes": "a word"}, id="notes"),
        pytest.param({"applies": False}, id="not applicable"),
        pytest.param({"choices": {"MLSEC03_BP01": {"Status": "SELECTED"}}}, id="the same choice"),
        pytest.param({"choices": {"MLSEC03_no": {"Status": "SELECTED"}}}, id="none of these"),
    ],
)
def test_each_kind_of_edit_after_a_saved_plan_is_refused(
    tool: ReviewTool, wa_lint: WaLint, edit: Mapping[str, Any]
) -> None:
    plan_in(wa_lint, "--save", "plan.json")
    tool.answer("MLSEC03").update(edit)
    run = wa_lint("review", "apply", "--plan", "plan.json", "--yes")
    assert run.code == 4
    assert "MLSEC03: refused: it was edited since it was read: " in run.err
    assert tool.answer("MLSEC03")["notes"] in {"", "a word"}


def test_a_saved_plan_is_applied_and_a_second_time_changes_nothing(tool: ReviewTool, wa_lint: WaLint) -> None:
    plan_in(wa_lint, "--save", "plan.json")
    assert oct(Path("plan.json").stat().st_mode)[-3:] == "600"
    assert wa_lint("review", "apply", "--plan", "plan.json", "--yes").code == 0
    assert tool.selected() == choices(*MET)
    before = tool.count("UpdateAnswer")
    run = wa_lint("review", "apply", "--plan", "plan.json", "--yes")
    assert (run.code, tool.count("UpdateAnswer")) == (0, before)
    assert f"0 answers written, {before} were so already, 0 not written" in run.err


def test_a_conflict_in_the_very_moment_of_writing_is_refused(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.faults["UpdateAnswer"] = [None, ToolError("ConflictException", "the resource was changed")]
    run = wa_lint(*APPLY)
    assert run.code == 4
    assert "MLSEC03: refused: " in run.err
    assert tool.selected() == choices("MLREL05-BP01", "MLCOST04-BP08")
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == choices(*MET)


def test_an_answer_that_the_tool_does_not_take_stops_no_other(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.faults["UpdateAnswer"] = [None, ToolError("ValidationException", "no such choice")]
    run = wa_lint(*APPLY)
    assert run.code == 4
    assert run.err.count("failed: ") == 1
    assert "no such choice" in run.err
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == choices(*MET)


def test_throttled_calls_are_made_again(tool: ReviewTool, wa_lint: WaLint) -> None:
    slow = ToolError("ThrottlingException", "slow down")
    for operation in ("GetAnswer", "UpdateAnswer", "CreateMilestone", "ListAnswers"):
        tool.faults[operation] = [slow] * 3
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == choices(*MET)
    assert len(tool.milestones[WORKLOAD]) == 1


def test_throttling_that_does_not_end_stops_and_the_next_run_goes_on(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.faults["UpdateAnswer"] = [None, *[ToolError("ThrottlingException", "slow down")] * 8]
    run = wa_lint(*APPLY)
    assert run.code == 4
    assert "stopped: AWS throttles the calls, also after waiting; try again later" in run.err
    assert "1 answers written, 0 were so already, " in run.err
    again = wa_lint(*APPLY)
    assert again.code == 0
    assert "going on with the run in wa-lint-review-journal.json: 1 answers were written" in again.err
    assert tool.selected() == choices(*MET)
    assert len(tool.milestones[WORKLOAD]) == 1


def test_a_write_whose_response_is_lost_is_not_taken_for_an_edit(tool: ReviewTool, wa_lint: WaLint) -> None:
    lost = {"left": 1}

    def lose(operation: str, response: Any) -> Any:
        if operation == "UpdateAnswer" and lost["left"]:
            lost["left"] -= 1
            raise ToolError("InternalServerException")
        return response

    tool.reshaped = lose
    assert wa_lint(*APPLY).code == 0
    assert tool.selected() == choices(*MET)


def test_a_response_that_is_not_as_it_was_sent_is_said(tool: ReviewTool, wa_lint: WaLint) -> None:
    def meddle(operation: str, response: Any) -> Any:
        if operation == "UpdateAnswer" and response["Answer"]["QuestionId"] == "MLSEC03":
            response["Answer"]["SelectedChoices"].append("MLSEC03_BP03")
        return response

    tool.reshaped = meddle
    run = wa_lint(*APPLY)
    assert run.code == 4
    assert "MLSEC03: written: the answer is not as it was sent: MLSEC03_BP03" in run.err


@pytest.mark.parametrize("operation", ["CreateMilestone", "UpdateAnswer"])
def test_a_run_that_is_killed_is_gone_on_with(tool: ReviewTool, wa_lint: WaLint, operation: str) -> None:
    plan_in(wa_lint, "--save", "plan.json")
    running: list[subprocess.Popen[bytes]] = []

    def kill(called: str, _request: Any) -> None:
        if called == operation and tool.count(operation) == 1 + (operation == "UpdateAnswer"):
            running[0].send_signal(signal.SIGKILL)

    tool.before = kill
    command = [sys.executable, "-m", "wa_lint", "review", "apply", "--plan", "plan.json", "--yes"]
    running.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE))
    running[0].communicate(timeout=60)
    assert running[0].returncode == -signal.SIGKILL
    tool.before = lambda _operation, _request: None
    run = wa_lint("review", "apply", "--plan", "plan.json", "--yes")
    assert run.code == 0, run.err
    assert "going on with the run in wa-lint-review-journal.json" in run.err
    assert tool.selected() == choices(*MET)
    assert len(tool.milestones[WORKLOAD]) == 1
    written = [request["QuestionId"] for request in tool.requests("UpdateAnswer")]
    assert sorted(written) == sorted(set(written))


def test_a_new_milestone_of_the_same_name_is_found_again(tool: ReviewTool) -> None:
    call = review_tool.calls(boto3.client("wellarchitected", endpoint_url=tool.url))
    workload = ReviewedWorkload(WORKLOAD, "churn", ACCOUNT, ACCOUNT, REGION)
    now = dt.datetime.now(dt.UTC)

    def take(name: str, token: str) -> int:
        return review_tool.create_milestone(call, workload, name, token, now)

    assert [take(f"one {n}", f"token-{n}") for n in range(6)] == [1, 2, 3, 4, 5, 6]
    assert take("one 4", "another token") == 5
    assert take("one 2", "token-2") == 3
    tool.milestones[WORKLOAD][4]["RecordedAt"] -= 25 * 3600
    with pytest.raises(ToolRefused, match="the name is taken"):
        take("one 4", "a third token")


def journal_of(**more: Any) -> ApplyJournal:
    now = dt.datetime.now(dt.UTC)
    return msgspec.structs.replace(ApplyJournal(WORKLOAD, now, "wa-lint then", "t" * 32, number=1), **more)


FORGED: Mapping[str, Mapping[str, Any]] = {
    "a day ago": {"started": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    "a milestone that is not there": {},
    "an old milestone": {"milestone": "before the summer"},
    "another number": {"milestone": "of today", "number": 7},
    "finished": {"milestone": "of today", "number": 2, "is_finished": True},
}


@pytest.mark.parametrize("case", FORGED)
def test_a_journal_that_names_no_new_milestone_saves_none(tool: ReviewTool, wa_lint: WaLint, case: str) -> None:
    old = {"MilestoneNumber": 1, "MilestoneName": "before the summer", "RecordedAt": 1780000000}
    new = {"MilestoneNumber": 2, "MilestoneName": "of today", "RecordedAt": dt.datetime.now(dt.UTC).timestamp()}
    tool.milestones[WORKLOAD] = [old] if case != "another number" else [old, new | {"MilestoneName": "of yesterday"}]
    Path("wa-lint-review-journal.json").write_bytes(msgspec.json.encode(journal_of(**FORGED[case])))
    run = wa_lint(*APPLY)
    assert run.code == 0, run.err
    assert len([one for one in tool.milestones[WORKLOAD] if "answers" in one]) == 1
    assert tool.selected() == choices(*MET)


def test_a_journal_of_another_workload_is_not_overwritten(tool: ReviewTool, wa_lint: WaLint) -> None:
    Path("wa-lint-review-journal.json").write_bytes(msgspec.json.encode(journal_of(workload="f" * 32)))
    run = wa_lint(*APPLY)
    assert run.code == 2
    assert f"an unfinished run on workload {'f' * 32}; name another with --journal" in run.err
    assert wa_lint(*APPLY, "--journal", "other.json").code == 0
    Path("wa-lint-review-journal.json").write_text("{}")
    run = wa_lint(*APPLY)
    assert (run.code, "no journal of `wa-lint review apply`" in run.err) == (2, True)
    assert len(tool.milestones[WORKLOAD]) == 1


def test_a_lens_that_was_imported_and_not_published_is_gone_on_with(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.workloads[WORKLOAD]["Lenses"] = []
    tool.answers.clear()
    del tool.lenses[CUSTOM]
    tool.faults["CreateLensVersion"] = [ToolError("AccessDeniedException")]
    run = wa_lint(*APPLY, "--import-lens")
    assert (run.code, "the credentials lack wellarchitected:CreateLensVersion" in run.err) == (2, True)
    assert "ListLenses has no Machine Learning Lens" in wa_lint(*APPLY).err
    assert wa_lint(*APPLY, "--import-lens").code == 0
    assert len([arn for arn in tool.lenses if ACCOUNT in arn]) == 1
    assert len(tool.milestones[WORKLOAD]) == 1
    assert tool.selected() == choices(*MET)


# --- who may write ----------------------------------------------------------------------------------


def test_without_a_terminal_apply_wants_yes_and_calls_nothing(tool: ReviewTool, wa_lint: WaLint) -> None:
    run = wa_lint(*(word for word in APPLY if word != "--yes"))
    assert (run.code, run.out) == (2, "")
    assert run.err == "wa-lint: apply: this writes to AWS, and nobody is there to ask; --yes agrees beforehand\n"
    assert tool.seen == []


class Terminal:
    def isatty(self) -> bool:
        return True


def test_in_ci_nobody_is_asked_on_a_terminal(tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setenv("CI", "true")
    run = wa_lint(*(word for word in APPLY if word != "--yes"))
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert tool.seen == []


@pytest.mark.parametrize("says", ["y", "n"])
def test_on_a_terminal_apply_shows_the_plan_and_asks(
    tool: ReviewTool, wa_lint: WaLint, monkeypatch: Any, says: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    asked: list[str] = []

    def confirm(question: str, **_: Any) -> bool:
        asked.append(question)
        return says == "y"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("click.confirm", confirm)
    run = wa_lint(*(word for word in APPLY if word != "--yes"))
    assert "Select: 4" in run.out
    assert len(asked) == 1
    assert run.code == (0 if says == "y" else 2)
    assert (tool.count("CreateMilestone") == 1) == (says == "y")


ERRORS: Mapping[str, tuple[tuple[str, ...], tuple[str, ToolError], str]] = {
    "no access to read": (
        PLAN,
        ("GetWorkload", ToolError("AccessDeniedException")),
        "wellarchitected:GetWorkload: the credentials lack wellarchitected:GetWorkload",
    ),
    "no access to list": (
        PLAN,
        ("ListAnswers", ToolError("AccessDeniedException")),
        "wellarchitected:ListAnswers: the credentials lack wellarchitected:ListAnswers",
    ),
    "no access to write": (
        APPLY,
        ("CreateMilestone", ToolError("AccessDeniedException")),
        "wellarchitected:CreateMilestone: the credentials lack wellarchitected:CreateMilestone",
    ),
    "throttled": (
        PLAN,
        ("ListLenses", ToolError("ThrottlingException")),
        "wellarchitected:ListLenses: AWS throttles the calls, also after waiting; try again later",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_each_refusal_is_one_line(tool: ReviewTool, wa_lint: WaLint, case: str) -> None:
    command, (operation, error), said = ERRORS[case]
    tool.faults[operation] = [error] * 8
    run = wa_lint(*command)
    assert (run.code, run.err.splitlines()[-1]) == (2, f"wa-lint: {said}")
    assert tool.count("UpdateAnswer") == 0


def test_a_milestone_more_than_the_tool_keeps_is_said(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.milestones[WORKLOAD] = [{"MilestoneName": str(n), "MilestoneNumber": n} for n in range(100)]
    run = wa_lint(*APPLY)
    assert run.code == 2
    assert "a workload has no more than 100 milestones" in run.err
    assert tool.count("UpdateAnswer") == 0


NO_ID = "--workload-id: 'churn' is no workload id: 32 digits and letters from a to f, the end of the workload's ARN"
NOT_THERE = f"there is no workload {'f' * 32} in {REGION} of account {ACCOUNT}, and none is shared with it"
IDS = {
    "churn": NO_ID,
    "f" * 32: f"wellarchitected:GetWorkload: {NOT_THERE}; ids are those of one region",
}


@pytest.mark.parametrize("id_", IDS)
def test_a_workload_that_is_none_is_said(tool: ReviewTool, wa_lint: WaLint, id_: str) -> None:
    run = wa_lint("review", "plan", "--workload-id", id_)
    assert (run.code, run.err.splitlines()[-1]) == (2, f"wa-lint: {IDS[id_]}")
    assert tool.count("ListAnswers") == 0


def test_an_arn_names_a_workload_too_and_another_account_is_said(tool: ReviewTool, wa_lint: WaLint) -> None:
    arn = f"arn:aws:wellarchitected:{REGION}:999999999999:workload/{WORKLOAD}"
    tool.workloads[WORKLOAD]["Owner"] = "999999999999"
    run = wa_lint("review", "plan", "--workload-id", arn)
    assert f"account {ACCOUNT}, shared by account 999999999999" in run.out
    run = wa_lint(*APPLY)
    assert run.code == 2
    assert run.err.splitlines()[-1] == (
        "wa-lint: wellarchitected:CreateMilestone: the workload belongs to account 999999999999, and only that account "
        "can take a milestone of it: use its credentials"
    )


def test_a_workload_that_is_locked_and_credentials_of_another_account_are_refused(
    tool: ReviewTool, wa_lint: WaLint
) -> None:
    run = wa_lint(*APPLY, "--expect-account", "999999999999")
    assert (run.code, run.err.splitlines()[-1]) == (
        2,
        f"wa-lint: --expect-account: the credentials are of {ACCOUNT}, not of 999999999999",
    )
    assert tool.count("GetWorkload") == 0
    tool.reshaped = lambda operation, response: (
        {"Workload": response["Workload"] | {"ReviewRestrictionDate": 1700000000}}
        if operation == "GetWorkload"
        else response
    )
    run = wa_lint(*APPLY)
    assert (run.code, run.err.splitlines()[-1]) == (
        2,
        "wa-lint: wellarchitected:GetWorkload: the workload is locked until it has a review owner",
    )


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("ListAnswers", {"AnswerSummaries": None}),
        ("ListAnswers", {"AnswerSummaries": []}),
        ("ListAnswers", {"AnswerSummaries": [{"PillarId": "security"}]}),
        ("ListAnswers", {"NextToken": "0"}),
        ("GetAnswer", {"Answer": {"QuestionId": "MLOPS01", "Choices": [{"Title": "a"}], "SelectedChoices": []}}),
        ("GetAnswer", {"Answer": {"QuestionId": "another", "Choices": [], "SelectedChoices": []}}),
        ("GetAnswer", {"Answer": None}),
        ("GetAnswer", {"Answer": {"QuestionId": "MLOPS01"}}),
        ("GetAnswer", {"Answer": {"QuestionId": "MLOPS01", "Choices": []}}),
        ("ListLenses", {"LensSummaries": None}),
        ("GetWorkload", {"Workload": None}),
    ],
)
def test_what_is_missing_in_a_response_is_never_read_as_unanswered(
    tool: ReviewTool, wa_lint: WaLint, operation: str, change: Any
) -> None:
    tool.reshaped = lambda called, response: response | change if called == operation else response
    run = wa_lint(*APPLY)
    assert run.code == 2
    assert f"wa-lint: wellarchitected:{operation}: " in run.err
    assert tool.count("CreateMilestone") == 0


# --- plans from files -------------------------------------------------------------------------------


def edited(change: Callable[[Any], None]) -> None:
    plan = json.loads(Path("plan.json").read_text())
    change(plan)
    Path("plan.json").write_text(json.dumps(plan))


def test_a_plan_that_was_edited_to_change_what_is_a_persons_is_refused(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.say("MLSEC03", "MLSEC03_BP03")
    tool.answer("MLSEC03")["notes"] = "Ours."
    apply = ("review", "apply", "--plan", "plan.json", "--yes")
    for change, said in _EDITED:
        plan_in(wa_lint, "--include-answered", "--save", "plan.json")
        edited(change)
        run = wa_lint(*apply)
        assert (run.code, said in run.err) == (2, True), run.err
    assert tool.count("CreateMilestone") == 0


def of(plan: Any, question: str) -> Any:
    return next(update for update in plan["updates"] if update["before"]["question"] == question)


_EDITED: tuple[tuple[Callable[[Any], Any], str], ...] = (
    (
        lambda plan: of(plan, "MLSEC03")["choices"][0].update(choice="MLSEC03_BP03", status="UNSELECTED"),
        "MLSEC03_BP03, which is not",
    ),
    (lambda plan: of(plan, "MLSEC03")["choices"][0].update(choice="another"), "another, which is not"),
    (lambda plan: of(plan, "MLSEC03")["choices"][0].update(status="NOT_APPLICABLE"), "which is not"),
    (lambda plan: of(plan, "MLSEC03").update(notes=""), "would change what people wrote in the notes of MLSEC03"),
    (lambda plan: of(plan, "MLSEC03")["choices"][0].update(notes="x" * 251), "has more than 250 characters"),
    (lambda plan: plan.update(version=99), "a plan of version 99"),
    (lambda plan: plan.pop("workload"), "no plan of `wa-lint review plan --save`"),
)


# --- lenses -----------------------------------------------------------------------------------------


def test_a_workload_without_the_lens_gets_it_behind_a_milestone(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.workloads[WORKLOAD]["Lenses"] = []
    tool.answers.clear()
    run = wa_lint(*PLAN)
    assert "The workload does not have this lens" in run.out
    assert tool.count("AssociateLenses") == 0
    run = wa_lint(*APPLY)
    assert run.code == 0, run.err
    order = [n for n, _ in tool.seen if n in {"CreateMilestone", "AssociateLenses", "UpdateAnswer"}]
    assert order[:3] == ["CreateMilestone", "AssociateLenses", "UpdateAnswer"]
    assert order.count("CreateMilestone") == 1
    assert tool.selected() == choices(*MET)


def test_an_account_without_the_lens_imports_it_when_it_is_asked_to(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.workloads[WORKLOAD]["Lenses"] = []
    tool.answers.clear()
    del tool.lenses[CUSTOM]
    for command in (PLAN, APPLY):
        run = wa_lint(*command)
        assert run.code == 2
        assert "ListLenses has no Machine Learning Lens" in run.err
    assert tool.count("CreateMilestone") == 0
    run = wa_lint(*APPLY, "--import-lens")
    assert run.code == 0, run.err
    assert tally(tool)["ImportLens"] == 1
    assert tally(tool)["CreateLensVersion"] == 3  # two while the import was in progress
    assert len(tool.requests("ImportLens")[0]["JSONString"]) < 500_000
    assert tool.selected() == choices(*MET)
    assert wa_lint(*APPLY, "--import-lens").code == 0
    assert tally(tool)["ImportLens"] == 1


def test_of_several_lenses_that_of_the_workload_is_meant(tool: ReviewTool, wa_lint: WaLint) -> None:
    other = CUSTOM[:-1] + "0"
    tool.add_lens(OFFICIAL, OWN | {"name": "AWS Well-Architected Machine Learning Lens"}, "AWS_OFFICIAL")
    tool.add_lens(other, OWN, "CUSTOM_SHARED")
    assert plan_in(wa_lint)["lens"]["alias"] == CUSTOM
    assert plan_in(wa_lint, "--lens", OFFICIAL)["lens"] | {"version": ""} == {
        "alias": OFFICIAL, "arn": OFFICIAL, "name": "AWS Well-Architected Machine Learning Lens", "version": "",
        "kind": "AWS_OFFICIAL", "is_associated": False,
    }  # fmt: skip
    run = wa_lint(*PLAN, "--lens", NAME)
    assert (run.code, "several lenses are meant; name one: " in run.err) == (2, True)
    run = wa_lint(*PLAN, "--lens", "Machine Lerning Lens (wa-lint)")
    assert (run.code, f"did you mean {NAME!r}?" in run.err) == (2, True)
    tool.workloads[WORKLOAD]["Lenses"] = [OFFICIAL]
    tool.associate(WORKLOAD, OFFICIAL)
    assert plan_in(wa_lint)["lens"]["alias"] == OFFICIAL


def test_a_lens_that_was_deleted_is_said(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.reshaped = lambda operation, response: (
        response | {"LensSummaries": []} if operation == "ListLenses" else response
    )
    run = wa_lint(*PLAN)
    assert run.code == 2
    assert "which was deleted or is no longer shared with this account" in run.err


def test_the_exported_lens_is_as_aws_documents_it(wa_lint: WaLint) -> None:
    run = wa_lint("review", "export-lens", "-o", "lens.json", "--rule-pages", "https://example.org/docs/rules/")
    text = Path("lens.json").read_text("utf-8")
    assert run.code == 0
    lens = json.loads(text)
    assert lens_faults(lens) == []
    assert len(text) <= 500_000
    found = [choice for p in lens["pillars"] for q in p["questions"] for choice in q["choices"]]
    assert (len(found), len([c for c in found if c["id"].endswith("_no")])) == (140, 35)
    linked = [c["url"] for choice in found for more in choice.get("additionalResources", ()) for c in more["content"]]
    assert len(linked) > 100
    assert all((ROOT / "docs" / url.removeprefix("https://example.org/docs/")).is_file() for url in linked)


def test_a_lens_for_too_many_rules_is_refused() -> None:
    many = [msgspec.structs.replace(RULES[0], id=f"rule-{n}", fix="x " * 600, practices=(p.id,))
            for p in catalogue.practices() for n in range(5)]  # fmt: skip
    with pytest.raises(ConfigError, match="AWS takes 500000"):
        lens_json(many)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lens: lens["pillars"][0]["questions"][0].update(title="x" * 129), "MLOPS01 title: 129 characters"),
        (lambda lens: lens["pillars"][0]["questions"][0]["choices"][0].pop("improvementPlan"), "lacks improvementPlan"),
        (lambda lens: lens["pillars"][0]["questions"][0]["riskRules"].pop(), "the last risk rule is not the default"),
        (lambda lens: lens["pillars"][0]["questions"][0]["choices"][0].update(id="MLOPS01-BP01"), "id MLOPS01-BP01"),
    ],
)
def test_the_format_is_held_to(change: Callable[[Any], Any], said: str) -> None:
    lens = json.loads(json.dumps(OWN))
    change(lens)
    assert any(said in fault for fault in lens_faults(lens))


# --- shapes -----------------------------------------------------------------------------------------


def test_a_response_of_the_stub_that_botocores_model_does_not_have_is_a_fault_of_the_stub(tool: ReviewTool) -> None:
    for response in (
        {"Answer": {"Nope": 1}},
        {"Answer": {"QuestionId": 7}},
        {"Answer": {"Choices": [{"Title": None}]}},
    ):
        tool._check("GetAnswer", response)
    assert len(tool.broken) == 3
    tool.broken.clear()


def test_every_request_is_what_botocores_model_takes(tool: ReviewTool, wa_lint: WaLint) -> None:
    tool.workloads[WORKLOAD]["Lenses"] = []
    tool.answers.clear()
    del tool.lenses[CUSTOM]
    assert wa_lint(*APPLY, "--import-lens").code == 0
    called = {name for name, _ in tool.seen}
    known = {*review_tool.READ_ACTIONS, *review_tool.WRITE_ACTIONS, *review_tool.IMPORT_ACTIONS}
    assert called == known - {"ListMilestones"}
    for operation, request in tool.seen:
        assert faults("wellarchitected", operation, request) == []
    model = botocore.session.get_session().get_service_model("wellarchitected")
    limits = model.shape_for("ChoiceUpdate").members["Notes"].metadata, model.shape_for("Notes").metadata
    assert [limit["max"] for limit in limits] == [NOTE_LIMIT, NOTES_LIMIT]
    assert model.shape_for("LensJSON").metadata["max"] == 500_000


def test_botocores_stubber_takes_what_is_sent_and_gives_what_is_read() -> None:
    client = boto3.client("wellarchitected", REGION, aws_access_key_id="x", aws_secret_access_key="x")
    raw = {
        "QuestionId": "MLSEC03", "QuestionTitle": "How?", "SelectedChoices": [], "Risk": "UNANSWERED",
        "Choices": [{"ChoiceId": "c1", "Title": catalogue.practice("MLSEC03-BP01").title}], "ChoiceAnswers": [],
    }  # fmt: skip
    workload, lens = ReviewedWorkload(WORKLOAD, "churn", ACCOUNT, ACCOUNT, REGION), ToolLens(CUSTOM, CUSTOM, NAME)
    plan = plan_of(workload, lens, [answer_of(raw)], told())
    (update,) = plan.updates
    after = raw | {
        "SelectedChoices": ["c1"],
        "ChoiceAnswers": [{"ChoiceId": "c1", "Status": "SELECTED", "Notes": update.choices[0].notes}],
        "Notes": update.notes,
    }
    stub = Stubber(client)
    asked = {"WorkloadId": WORKLOAD, "LensAlias": CUSTOM, "QuestionId": "MLSEC03"}
    stub.add_response("get_answer", {"Answer": raw}, asked)
    stub.add_response("update_answer", {"Answer": after}, answers_apply.request_of(plan, update))
    journal = ApplyJournal(WORKLOAD, dt.datetime.now(dt.UTC), "wa-lint", "t", 1)
    with stub:
        (done,) = answers_apply.apply(review_tool.calls(client), plan, journal, lambda _journal: None)
    assert (done.question, done.outcome, done.why) == ("MLSEC03", "written", "")
    stub.assert_no_pending_responses()


def test_an_alias_that_is_short_is_the_lens_of_the_review_with_the_same_arn() -> None:
    lens = {"LensAlias": "machinelearning", "LensArn": OFFICIAL, "LensName": "ML", "LensType": "AWS_OFFICIAL"}
    summaries = {"LensSummaries": [lens]}
    reviews = {"LensReviewSummaries": [{"LensAlias": OFFICIAL, "LensArn": OFFICIAL, "LensVersion": "2023-07-05"}]}
    answers = {"ListLenses": summaries, "ListLensReviews": reviews}
    workload = ReviewedWorkload(WORKLOAD, "churn", ACCOUNT, ACCOUNT, REGION)
    found = review_tool.find_lens(lambda operation, **_: answers[operation], workload, None, NAME)
    assert found == ToolLens("machinelearning", OFFICIAL, "ML", "2023-07-05", "AWS_OFFICIAL", is_associated=True)


def test_a_refusal_of_the_network_is_a_sentence() -> None:
    once = review_tool.CONFIG.merge(Config(retries={"total_max_attempts": 1}))
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("wellarchitected", REGION, endpoint_url="http://127.0.0.1:1", config=once, **keys)
    identity = AccountIdentity(ACCOUNT, "aws")
    with pytest.raises(ToolRefused, match="cannot connect to AWS"):
        review_tool.read_workload(review_tool.calls(client), WORKLOAD, identity, REGION, dt.datetime.now(dt.UTC))


# --- the table --------------------------------------------------------------------------------------


def test_only_met_selects_only_at_risk_unselects_and_nothing_changes_what_is_a_persons() -> None:
    assert set(ACTIONS) == set(Status)
    for status, row in ACTIONS.items():
        assert row[answers_plan.PERSONS] == "leave"
        assert ("select" in row.values()) == (status is Status.MET)
        assert ("unselect" in row.values()) == (status is Status.AT_RISK)
        assert row[answers_plan.EMPTY] != "unselect"


def test_the_page_has_the_table_and_the_policy() -> None:
    page = (ROOT / "docs" / "review-tool.md").read_text("utf-8")
    owners = (answers_plan.EMPTY, answers_plan.OURS_SELECTED, answers_plan.OURS_UNSELECTED, answers_plan.PERSONS)
    for status, row in ACTIONS.items():
        assert f"| {status.value} | " + " | ".join(row[owner] for owner in owners) + " |" in page
    documents = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    granted = [{a for s in d["Statement"] for a in _listed(s["Action"])} for d in documents]
    reads = {f"wellarchitected:{name}" for name in review_tool.READ_ACTIONS}
    writes = {f"wellarchitected:{name}" for name in review_tool.WRITE_ACTIONS}
    imports = {f"wellarchitected:{name}" for name in review_tool.IMPORT_ACTIONS}
    assert granted == [reads, reads | writes, imports]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_owner_of_a_choice_is_known_by_its_note() -> None:
    workload, lens = ReviewedWorkload(WORKLOAD, "churn", ACCOUNT, ACCOUNT, REGION), ToolLens(CUSTOM, CUSTOM, NAME)
    question = OWN["pillars"][1]["questions"][0]
    raw = {
        "QuestionId": question["id"],
        "Choices": [{"ChoiceId": choice["id"], "Title": choice["title"]} for choice in question["choices"]],
        "SelectedChoices": [],
    }
    plan: AnswersPlan = plan_of(workload, lens, [answer_of(raw)], told({p.id for p in catalogue.practices()}))
    after: WorkloadAnswer = plan.updates[0].after
    owners = [owner_of(after, choice) for choice in after.choices]
    assert owners == [answers_plan.OURS_SELECTED] * (len(owners) - 1) + [answers_plan.EMPTY]
    moved = msgspec.structs.replace(after, question="another")
    assert {owner_of(moved, choice) for choice in moved.choices[:-1]} == {answers_plan.PERSONS}
    with pytest.raises(SourceError, match="has no question with choices"):
        answer_of({})
