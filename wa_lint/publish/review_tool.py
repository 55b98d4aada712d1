"""The calls to the Well-Architected Tool. Each refusal is one line; nothing that is missing is read as empty.

Calls, members and errors: botocore's model of the service (API of 2020-03-31), which has no paginators. AWS publishes
no rate for it.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from wa_lint import lens as catalogue
from wa_lint.aws import MOST_PAGES, AccountIdentity, Refusal, sentence
from wa_lint.errors import ConfigError, SourceError, did_you_mean
from wa_lint.model import Raw
from wa_lint.publish.workload_answers import ReviewedWorkload, ToolLens, WorkloadAnswer, answer_of
from wa_lint.request_limits import TokenBucket

READ_ACTIONS: Final = ("GetWorkload", "ListLenses", "ListLensReviews", "ListAnswers", "GetAnswer")
"""What `plan` calls; IAM's actions have the same names."""
WRITE_ACTIONS: Final = ("CreateMilestone", "ListMilestones", "UpdateAnswer", "AssociateLenses")
"""What `apply` calls besides."""
IMPORT_ACTIONS: Final = ("ImportLens", "CreateLensVersion")
"""What `apply --import-lens` calls besides."""

PAGE: Final = 50
"""Items of a page: the most that the API takes."""

_CALLS_PER_SECOND: Final = 10
_SERVICE: Final = "wellarchitected"

CONFIG: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="wa-lint",
)

Call: TypeAlias = Callable[..., Raw]
"""(Operation as the API names it, its members) -> the response; raises `ToolRefused`."""


class ToolRefused(SourceError):  # noqa: N818, it says what happened
    """A call that the tool did not do."""

    def __init__(self, operation: str, code: str, problem: str) -> None:
        super().__init__(f"{_SERVICE}:{operation}", problem)
        self.code = code
        """As the service wrote it, or the name of botocore's exception."""

    @property
    def is_conflict(self) -> bool:
        return self.code == "ConflictException"

    @property
    def is_of_one_answer(self) -> bool:
        """Whether the call for another question may succeed all the same."""
        return self.code in _OF_ONE_ANSWER


_OF_ONE_ANSWER: Final = frozenset(
    {"ConflictException", "ValidationException", "ResourceNotFoundException", "InternalServerException", "NotWhole"}
)


def calls(client: Raw, wait: Callable[[float], None] = time.sleep) -> Call:
    """Return what calls the operations of `client`, no more than ten a second."""
    bucket = TokenBucket(_CALLS_PER_SECOND)

    def call(operation: str, **request: Raw) -> Raw:
        if (seconds := bucket.reserve()) > 0:
            wait(seconds)
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer = method(**request)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise _refused(operation, error) from error
        return answer

    return call


def _refused(operation: str, error: Exception) -> ToolRefused:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else type(error).__name__
    refusal = Refusal(str(code or "Unknown"))
    if refusal.is_denied:
        return ToolRefused(operation, refusal.code, f"the credentials lack {_SERVICE}:{operation}")
    if refusal.word == "Throttled":
        return ToolRefused(operation, refusal.code, "AWS throttles the calls, also after waiting; try again later")
    return ToolRefused(operation, refusal.code, sentence(error))


# --- the workload -----------------------------------------------------------------------------------

_ID: Final = re.compile(r"[0-9a-f]{32}")


def workload_id(text: str) -> str:
    """Return the id in an id or ARN of a workload. Raise ConfigError where it is neither."""
    id_ = text.rpartition("workload/")[2]
    if not _ID.fullmatch(id_):
        raise ConfigError(
            "--workload-id",
            f"{text!r} is no workload id: 32 digits and letters from a to f, the end of the workload's ARN",
        )
    return id_


def read_workload(call: Call, id_: str, identity: AccountIdentity, region: str, now: dt.datetime) -> ReviewedWorkload:
    """Return the workload. Raise ToolRefused where there is none, or where nothing in it can be changed."""
    try:
        workload = _member(call("GetWorkload", WorkloadId=id_), "GetWorkload", "Workload", dict)
    except ToolRefused as refused:
        if refused.code == "ResourceNotFoundException":
            where = f"there is no workload {id_} in {region} of account {identity.id}, and none is shared with it"
            raise ToolRefused("GetWorkload", refused.code, f"{where}; ids are those of one region") from refused
        raise
    restricted = workload.get("ReviewRestrictionDate")
    if isinstance(restricted, dt.datetime) and restricted <= now and not workload.get("ReviewOwner"):
        raise ToolRefused("GetWorkload", "Restricted", "the workload is locked until it has a review owner")
    name, owner = str(workload.get("WorkloadName") or id_), str(workload.get("Owner") or identity.id)
    return ReviewedWorkload(id_, name, owner, identity.id, region)


def demand_own(workload: ReviewedWorkload) -> None:
    """Raise ToolRefused where another account shares the workload: a contributor changes answers, but nothing else.

    Source: "Share a workload" in the user guide of the tool (read 2026-12).
    """
    if workload.owner != workload.account:
        why = f"the workload belongs to account {workload.owner}, and only that account can take a milestone of it"
        raise ToolRefused("CreateMilestone", "NotOwner", f"{why}: use its credentials")


# --- the lens ---------------------------------------------------------------------------------------


def find_lens(call: Call, workload: ReviewedWorkload, wanted: str | None, own_name: str) -> ToolLens | None:
    """Return the lens that is meant: the one named `wanted`, or else the Machine Learning Lens.

    Of several Machine Learning Lenses it is the one that the workload has, and before AWS's catalogue a custom one.
    None: ListLenses has none. Raise ConfigError where `wanted` names none, or several are meant, and ToolRefused where
    the workload has the lens and it was deleted. `own_name`: what the lens of ``export-lens`` is called.
    """
    reviews = [*_pages(call, "ListLensReviews", "LensReviewSummaries", workload)]
    listed = [_lens(raw, reviews) for raw in _pages(call, "ListLenses", "LensSummaries", None)]

    def is_meant(lens: ToolLens) -> bool:
        return _is_machine_learning(lens, own_name) if wanted is None else wanted in {lens.alias, lens.arn, lens.name}

    found = [lens for lens in listed if is_meant(lens) and lens.is_published]
    if not found:
        _demand_not_gone([lens for lens in (_lens(review, reviews) for review in reviews) if is_meant(lens)])
        if wanted is not None:
            known = [name for lens in listed for name in (lens.alias, lens.name)]
            raise ConfigError("--lens", f"ListLenses has no lens {wanted!r}{did_you_mean(wanted, known)}")
        return None
    associated = [lens for lens in found if lens.is_associated]
    custom = [lens for lens in associated or found if lens.kind != "AWS_OFFICIAL"]
    return _only(found if wanted is not None else custom or associated or found)


def _lens(raw: Raw, reviews: Collection[Raw]) -> ToolLens:
    arn = str(raw.get("LensArn") or "")
    alias = str(raw.get("LensAlias") or arn)
    review = next((r for r in reviews if r.get("LensAlias") in {alias, arn} or (arn and r.get("LensArn") == arn)), None)
    return ToolLens(
        alias=alias,
        arn=arn,
        name=str(raw.get("LensName") or alias),
        version=str((review or raw).get("LensVersion") or ""),
        kind=str(raw.get("LensType") or ""),
        is_associated=review is not None,
    )


def _is_machine_learning(lens: ToolLens, own_name: str) -> bool:
    return lens.name in {own_name, *_NAMES} or catalogue.alias() in {lens.arn, lens.alias} or lens.alias == _SHORT


_NAMES: Final = frozenset({"Machine Learning Lens", "AWS Well-Architected Machine Learning Lens"})
"""What AWS calls its lens, in the catalogue and in its importable file."""
_SHORT: Final = catalogue.alias().rpartition("/")[2]


def _demand_not_gone(reviewed: Sequence[ToolLens]) -> None:
    """Raise ToolRefused where the workload has a lens that ListLenses lacks: it was deleted, or is shared no more."""
    for lens in reviewed:
        why = f"the workload has the lens {lens.name}, which was deleted or is no longer shared with this account"
        raise ToolRefused("ListLenses", "NotListed", why)


def _only(lenses: Sequence[ToolLens]) -> ToolLens:
    if len(lenses) > 1:
        raise ConfigError("--lens", "several lenses are meant; name one: " + ", ".join(lens.alias for lens in lenses))
    return lenses[0]


# --- the answers ------------------------------------------------------------------------------------


def read_answers(call: Call, workload: ReviewedWorkload, lens: ToolLens) -> Sequence[WorkloadAnswer]:
    """Return the answers to all questions of a lens, in its order, with the notes of each choice.

    ListAnswers says which questions there are; it has no notes, so each is requested by GetAnswer.
    """
    listed = _pages(call, "ListAnswers", "AnswerSummaries", workload, LensAlias=lens.alias)
    questions = [str(summary.get("QuestionId") or "") for summary in listed]
    if not questions or not all(questions):
        raise ToolRefused("ListAnswers", "NotWhole", f"the response does not name the questions of {lens.name}")
    return [read_answer(call, workload, lens, question) for question in questions]


def read_answer(call: Call, workload: ReviewedWorkload, lens: ToolLens, question: str) -> WorkloadAnswer:
    """Return the answer to one question as it is now."""
    response = call("GetAnswer", WorkloadId=workload.id, LensAlias=lens.alias, QuestionId=question)
    return whole_answer(response, "GetAnswer", question)


def whole_answer(response: Raw, operation: str, question: str) -> WorkloadAnswer:
    """Return the answer in a response. Raise ToolRefused where it is not whole, or of another question."""
    try:
        answer = answer_of(_member(response, operation, "Answer", dict))
    except ToolRefused:
        raise
    except SourceError as error:
        raise ToolRefused(operation, "NotWhole", error.problem) from error
    if answer.question != question:
        raise ToolRefused(operation, "NotWhole", f"the response is of {answer.question}, not of {question}")
    return answer


def _pages(call: Call, operation: str, member: str, workload: ReviewedWorkload | None, **request: Raw) -> Iterator[Raw]:
    """Yield the items of all pages of a listing."""
    if workload is not None:
        request["WorkloadId"] = workload.id
    seen: set[str] = set()
    token: str | None = None
    while True:
        more = {"NextToken": token} if token else {}
        response = call(operation, MaxResults=PAGE, **request, **more)
        items = _member(response, operation, member, list)
        if not all(isinstance(item, dict) for item in items):
            raise ToolRefused(operation, "NotWhole", f"the response has an empty item in {member}")
        yield from items
        token = response.get("NextToken")
        if not token:
            return
        if token in seen or len(seen) > MOST_PAGES:
            raise ToolRefused(operation, "NotWhole", "the listing does not end")
        seen.add(token)


def _member(response: Raw, operation: str, member: str, type_: type) -> Raw:
    found = response.get(member) if isinstance(response, dict) else None
    if not isinstance(found, type_):
        raise ToolRefused(operation, "NotWhole", f"the response has no {member}; is there a proxy?")
    return found


# --- what is written, besides answers ---------------------------------------------------------------


NEWEST: Final = dt.timedelta(hours=24)
"""A milestone that is older may lack what people wrote since."""


def create_milestone(call: Call, workload: ReviewedWorkload, name: str, token: str, now: dt.datetime) -> int:
    """Take a milestone and return its number; or that of a new one of that name, which an earlier try took."""
    try:
        response = call("CreateMilestone", WorkloadId=workload.id, MilestoneName=name, ClientRequestToken=token)
    except ToolRefused as refused:
        number = new_milestone(call, workload, name, now) if refused.is_conflict else None
        if number is None:
            raise
        return number
    return int(_member(response, "CreateMilestone", "MilestoneNumber", int))


def new_milestone(call: Call, workload: ReviewedWorkload, name: str, now: dt.datetime) -> int | None:
    """Return the number of the milestone of that name; None where there is none, or an old one."""
    for one in _pages(call, "ListMilestones", "MilestoneSummaries", workload):
        recorded = one.get("RecordedAt")
        if one.get("MilestoneName") == name and isinstance(recorded, dt.datetime) and now - recorded < NEWEST:
            return int(one["MilestoneNumber"])
    return None


def associate(call: Call, workload: ReviewedWorkload, lens: ToolLens) -> ToolLens:
    """Give the workload the lens, and return it so."""
    call("AssociateLenses", WorkloadId=workload.id, LensAliases=[lens.alias])
    return msgspec.structs.replace(lens, is_associated=True)


def import_lens(call: Call, text: str, version: str, token: str, wait: Callable[[float], None]) -> str:
    """Import a new custom lens and publish it; return its ARN.

    `text`: the lens in JSON. An alias is taken only where the lens exists, so none is given.
    """
    response = call("ImportLens", JSONString=text, ClientRequestToken=token)
    arn, status = str(response.get("LensArn") or ""), response.get("Status")
    if not arn or status == "ERROR":
        raise ToolRefused("ImportLens", "NotWhole", "AWS did not take the lens")
    for attempt in range(_PUBLISH_ATTEMPTS):
        try:
            call("CreateLensVersion", LensAlias=arn, LensVersion=version, IsMajorVersion=True, ClientRequestToken=token)
        except ToolRefused as refused:  # while the import is in progress
            if not refused.is_conflict or attempt == _PUBLISH_ATTEMPTS - 1:
                raise
            wait(2.0**attempt)
        else:
            break
    return arn


_PUBLISH_ATTEMPTS: Final = 5
