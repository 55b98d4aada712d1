"""The API of the Well-Architected Tool on loopback, with its limits, paging, tokens and conflicts.

Each request is held to botocore's model of its operation, and each response to that of its output: what does not fit
is kept in `broken`. moto has no such service.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.validate import ParamValidator
from custom_lens_format import lens_faults
from service_model import faults

ACCOUNT, REGION = "123456789012", "eu-west-1"
WORKLOAD = "0123456789abcdef0123456789abcdef"
OFFICIAL = "arn:aws:wellarchitected::aws:lens/machinelearning"

Raw = Any

_STATUS = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "InternalServerException": 500,
}


class ToolError(Exception):
    """An error that the API answers with."""

    def __init__(self, code: str, message: str = "not today") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


class ReviewTool:
    """One account's workloads and lenses. It answers between `start` and `stop`."""

    def __init__(self, page: int = 4) -> None:
        self.page = page
        """Items of a page, whatever was asked for."""
        self.workloads: dict[str, Raw] = {}
        self.lenses: dict[str, Raw] = {}
        """ARN -> the lens in its importable form, with the summary of it."""
        self.answers: dict[tuple[str, str], dict[str, Raw]] = {}
        self.milestones: dict[str, list[Raw]] = {}
        self.tokens: dict[str, Raw] = {}
        self.seen: list[tuple[str, Raw]] = []
        self.faults: dict[str, list[ToolError | None]] = {}
        """Operation -> what its next calls are answered with; None: as they should be."""
        self.before: Callable[[str, Raw], None] = lambda _operation, _request: None
        """Called before each operation: here a person edits, or the client is killed."""
        self.reshaped: Callable[[str, Raw], Raw] = lambda _operation, response: response
        """What becomes of a response on its way."""
        self.broken: list[str] = []
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: _Handler(self, *given))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.seen)

    def requests(self, operation: str) -> list[Raw]:
        return [request for name, request in self.seen if name == operation]

    # --- what is there ------------------------------------------------------------------------------

    def add_lens(self, arn: str, lens: Mapping[str, Raw], kind: str, version: str = "1") -> None:
        self.lenses[arn] = {"lens": lens, "kind": kind, "version": version, "is_published": True}

    def add_workload(self, id_: str = WORKLOAD, lenses: tuple[str, ...] = (), **more: Raw) -> None:
        self.workloads[id_] = {"WorkloadId": id_, "WorkloadName": "churn", "Owner": ACCOUNT, "Lenses": []} | more
        self.milestones[id_] = []
        for arn in lenses:
            self.associate(id_, arn)

    def associate(self, workload: str, arn: str) -> None:
        self.workloads[workload]["Lenses"].append(arn)
        self.answers[workload, arn] = {
            question["id"]: {"pillar": pillar["id"], "question": question, "choices": {}, "notes": ""}
            for pillar in self.lenses[arn]["lens"]["pillars"]
            for question in pillar["questions"]
        }

    def say(self, question: str, choice: str, status: str = "SELECTED", **more: Raw) -> None:
        """Answer as a person does."""
        answer = self.answer(question)
        answer["choices"][choice] = {"Status": status} | more

    def answer(self, question: str) -> Raw:
        return next(found[question] for found in self.answers.values() if question in found)

    def selected(self) -> set[str]:
        return {
            id_
            for answers in self.answers.values()
            for answer in answers.values()
            for id_, choice in answer["choices"].items()
            if choice["Status"] == "SELECTED"
        }

    # --- one call -----------------------------------------------------------------------------------

    def handle(self, operation: str, request: Raw) -> Raw:
        with self._lock:
            self.seen.append((operation, request))
            self.before(operation, request)
            queue = self.faults.get(operation)
            if queue and (error := queue.pop(0)) is not None:
                raise error
            if wrong := faults("wellarchitected", operation, request):
                raise ToolError("ValidationException", wrong[0])
            response = getattr(self, f"_{operation}")(request)
            self._check(operation, response)
            return self.reshaped(operation, response)

    def _check(self, operation: str, response: Raw) -> None:
        shape = _model().operation_model(operation).output_shape
        if shape is not None:
            report = ParamValidator().validate(response, shape)
            self.broken += [report.generate_report()] if report.has_errors() else []

    def _workload(self, request: Raw) -> Raw:
        if request["WorkloadId"] not in self.workloads:
            raise ToolError("ResourceNotFoundException", "[Workload] not found")
        return self.workloads[request["WorkloadId"]]

    def _answers(self, request: Raw) -> dict[str, Raw]:
        self._workload(request)
        alias = request["LensAlias"]
        found = self.answers.get((request["WorkloadId"], alias))
        if found is None:
            raise ToolError("ResourceNotFoundException", f"[LensReview] {alias} not found")
        return found

    def _one(self, request: Raw) -> Raw:
        found = self._answers(request).get(request["QuestionId"])
        if found is None:
            raise ToolError("ResourceNotFoundException", "[Answer] not found")
        return found

    def _paged(self, request: Raw, member: str, items: list[Raw]) -> Raw:
        start = int(request.get("NextToken", "0"))
        end = start + min(self.page, request.get("MaxResults", 50))
        more = {"NextToken": str(end)} if end < len(items) else {}
        return {member: items[start:end]} | more

    # --- operations ---------------------------------------------------------------------------------

    def _GetWorkload(self, request: Raw) -> Raw:  # noqa: N802, AWS's names
        return {"Workload": self._workload(request)}

    def _ListLenses(self, request: Raw) -> Raw:  # noqa: N802, the same
        items = [self._summary(arn) for arn in self.lenses]  # drafts too: those have no version
        return self._paged(request, "LensSummaries", items)

    def _summary(self, arn: str) -> Raw:
        lens = self.lenses[arn]
        return {
            "LensArn": arn,
            "LensAlias": arn,
            "LensName": lens["lens"]["name"],
            "LensType": lens["kind"],
            "LensStatus": "CURRENT",
        } | ({"LensVersion": lens["version"]} if lens["version"] else {})

    def _ListLensReviews(self, request: Raw) -> Raw:  # noqa: N802, the same
        lenses = self._workload(request)["Lenses"]
        items = [
            {k: v for k, v in self._summary(arn).items() if k != "LensType"} | self.lenses[arn].get("review", {})
            for arn in lenses
        ]
        return self._paged(request, "LensReviewSummaries", items) | {"WorkloadId": request["WorkloadId"]}

    def _ListAnswers(self, request: Raw) -> Raw:  # noqa: N802, the same
        items = [_summary_of(answer) for answer in self._answers(request).values()]
        return self._paged(request, "AnswerSummaries", items) | {"LensAlias": request["LensAlias"]}

    def _GetAnswer(self, request: Raw) -> Raw:  # noqa: N802, the same
        return {"WorkloadId": request["WorkloadId"], "Answer": _whole(self._one(request))}

    def _UpdateAnswer(self, request: Raw) -> Raw:  # noqa: N802, the same
        answer = self._one(request)
        known = {choice["id"] for choice in answer["question"]["choices"]}
        if unknown := {*request.get("ChoiceUpdates", ()), *request.get("SelectedChoices", ())} - known:
            raise ToolError("ValidationException", f"[Validation] no choice {sorted(unknown)}")
        if "SelectedChoices" in request:  # replaces what was selected
            answer["choices"] = {id_: {"Status": "SELECTED"} for id_ in request["SelectedChoices"]}
        for id_, update in request.get("ChoiceUpdates", {}).items():
            answer["choices"][id_] = answer["choices"].get(id_, {}) | update
        answer["notes"] = request.get("Notes", answer["notes"])
        answer["applies"] = request.get("IsApplicable", answer.get("applies", True))
        return {"WorkloadId": request["WorkloadId"], "LensAlias": request["LensAlias"], "Answer": _whole(answer)}

    def _CreateMilestone(self, request: Raw) -> Raw:  # noqa: N802, the same
        self._workload(request)
        if request["ClientRequestToken"] in self.tokens:
            return self.tokens[request["ClientRequestToken"]]
        taken = self.milestones[request["WorkloadId"]]
        if request["MilestoneName"] in {milestone["MilestoneName"] for milestone in taken}:
            raise ToolError("ConflictException", "[Milestone] the name is taken")
        if len(taken) == 100:
            raise ToolError("ServiceQuotaExceededException", "a workload has no more than 100 milestones")
        found = {key: json.dumps(value) for key, value in self.answers.items()}
        one = {"MilestoneNumber": len(taken) + 1, "MilestoneName": request["MilestoneName"], "RecordedAt": time.time()}
        taken.append(one | {"answers": found})
        response = {"WorkloadId": request["WorkloadId"], "MilestoneNumber": len(taken)}
        self.tokens[request["ClientRequestToken"]] = response
        return response

    def _ListMilestones(self, request: Raw) -> Raw:  # noqa: N802, the same
        self._workload(request)
        taken = self.milestones[request["WorkloadId"]]
        items = [{key: one[key] for key in ("MilestoneNumber", "MilestoneName", "RecordedAt")} for one in taken]
        return self._paged(request, "MilestoneSummaries", items)

    def _AssociateLenses(self, request: Raw) -> Raw:  # noqa: N802, the same
        self._workload(request)
        for alias in request["LensAliases"]:
            if alias not in self.lenses or not self.lenses[alias]["is_published"]:
                raise ToolError("ResourceNotFoundException", f"[Lens] {alias} not found")
            self.associate(request["WorkloadId"], alias)
        return {}

    def _ImportLens(self, request: Raw) -> Raw:  # noqa: N802, the same
        if request["ClientRequestToken"] in self.tokens:
            return self.tokens[request["ClientRequestToken"]]
        if "LensAlias" in request and request["LensAlias"] not in self.lenses:
            raise ToolError("ValidationException", "[Validation] Invalid lens alias (allowed value is LensARN)")
        lens = json.loads(request["JSONString"])
        if wrong := lens_faults(lens):
            raise ToolError("ValidationException", wrong[0])
        arn = f"arn:aws:wellarchitected:{REGION}:{ACCOUNT}:lens/{len(self.lenses):032x}"
        self.lenses[arn] = {"lens": lens, "kind": "CUSTOM_SELF", "version": "", "is_published": False, "waits": 2}
        self.tokens[request["ClientRequestToken"]] = {"LensArn": arn, "Status": "IN_PROGRESS"}
        return self.tokens[request["ClientRequestToken"]]

    def _CreateLensVersion(self, request: Raw) -> Raw:  # noqa: N802, the same
        lens = self.lenses.get(request["LensAlias"])
        if lens is None:
            raise ToolError("ResourceNotFoundException", "[Lens] not found")
        if lens.get("waits"):
            lens["waits"] -= 1
            raise ToolError("ConflictException", "[Lens] the import is in progress")
        lens |= {"is_published": True, "version": request["LensVersion"]}
        return {"LensArn": request["LensAlias"], "LensVersion": request["LensVersion"]}


def _summary_of(answer: Raw) -> Raw:
    """Return an AnswerSummary: it has no notes."""
    whole = _whole(answer)
    left = {"Notes", "ChoiceAnswers", "QuestionDescription"}
    choices = [{k: v for k, v in one.items() if k != "Notes"} for one in whole["ChoiceAnswers"]]
    return {k: v for k, v in whole.items() if k not in left} | {"ChoiceAnswerSummaries": choices}


def _whole(answer: Raw) -> Raw:
    question = answer["question"]
    selected = [id_ for id_, choice in answer["choices"].items() if choice["Status"] == "SELECTED"]
    return {
        "QuestionId": question["id"],
        "PillarId": answer["pillar"],
        "QuestionTitle": question["title"],
        "QuestionDescription": question.get("description", "-"),
        "Choices": [_choice(choice) for choice in question["choices"]],
        "SelectedChoices": selected,
        "ChoiceAnswers": [{"ChoiceId": id_} | choice for id_, choice in answer["choices"].items()],
        "IsApplicable": answer.get("applies", True),
        "Risk": "UNANSWERED" if not answer["choices"] else "NONE" if selected else "HIGH",
        "Notes": answer["notes"],
    }


def _choice(choice: Raw) -> Raw:
    resources = {
        name: {"DisplayText": choice[key]["displayText"]}
        | ({"Url": choice[key]["url"]} if "url" in choice[key] else {})
        for key, name in (("helpfulResource", "HelpfulResource"), ("improvementPlan", "ImprovementPlan"))
        if key in choice
    }
    return {"ChoiceId": choice["id"], "Title": choice["title"]} | resources


# --- HTTP -------------------------------------------------------------------------------------------


@cache
def _model() -> Raw:
    return botocore.session.get_session().get_service_model("wellarchitected")


@cache
def _routes() -> list[tuple[str, str, re.Pattern[str]]]:
    """Return (operation, method, path) of what the stub answers."""
    names = [name.removeprefix("_") for name in vars(ReviewTool) if re.fullmatch(r"_[A-Z]\w+", name)]
    found = []
    for name in names:
        http = _model().operation_model(name).http
        path = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"]))
        found.append((name, http["method"], re.compile(path)))
    return found


def read(method: str, target: str, body: bytes) -> tuple[str, Raw]:
    """Return the operation of a request, and the members that the client was given."""
    url = urlsplit(target)
    for name, verb, path in _routes():
        found = path.fullmatch(url.path)
        if found and verb == method:
            members = _model().operation_model(name).input_shape.members
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            plain = {key: unquote(value) for key, value in found.groupdict().items()} | query
            typed = {k: int(v) if members[k].type_name == "integer" else v for k, v in plain.items()}
            return name, typed | (json.loads(body) if body else {})
    raise LookupError(f"{method} {target}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc] # BaseHTTPRequestHandler says it once more
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, tool: ReviewTool, *given: Any) -> None:
        self.tool = tool
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if b"GetCallerIdentity" in body:
            self._reply(200, _IDENTITY.encode(), "text/xml")
            return
        try:
            operation, request = read(self.command, self.path, body)
            self._reply(200, json.dumps(self.tool.handle(operation, request)).encode())
        except ToolError as error:
            told = json.dumps({"Message": error.message}).encode()
            self._reply(_STATUS[error.code], told, kind=error.code)
        except Exception as error:  # noqa: BLE001, whatever it is, the test is to see it
            self.tool.broken.append(f"{self.command} {self.path}: {error!r}")
            self._reply(400, b"{}", kind="ValidationException")

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815, http.server's names

    def _reply(self, status: int, body: bytes, content: str = "application/json", kind: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:role/reviewer</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def tally(tool: ReviewTool) -> Counter[str]:
    """Return how often each operation was called."""
    return Counter(name for name, _ in tool.seen)
