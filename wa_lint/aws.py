"""Sessions, clients and calls: the one room that opens a door to AWS. It judges nothing and shapes nothing.

`check` never imports it: botocore alone is half a second.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final
from urllib.parse import urlsplit

import boto3
import botocore.session
import msgspec
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    UnknownRegionError,
)
from botocore.parsers import ResponseParserError

from wa_lint.document.positions import TOO_DEEP, is_too_deep
from wa_lint.errors import SourceError, did_you_mean
from wa_lint.model import Raw
from wa_lint.request_limits import DEADLINE, INTERRUPTED, PAGE_SIZES, Limits, Manners, Watch

MOST_PAGES: Final = 10_000
"""Of one listing; a service whose listing never ends costs no more than that."""

MOST_BYTES: Final = 100_000_000
"""Of one answer. AWS's own are smaller by far: a template, or a page of a listing."""

_NO_WAY_IN = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound, UnknownRegionError)

NOT_AN_ANSWER: Final = "NotAnAnswer"
"""The code of a response that the service cannot have meant; its message says what is wrong with it."""

SDK_TOO_OLD: Final = "SDK too old"
NOT_IN_REGION: Final = "not available in this region"

_UNREADABLE: Final = "the SDK cannot read the response"

_WORDS: Final[Mapping[str, str]] = {
    "AccessDenied": "AccessDenied",
    "AccessDeniedException": "AccessDenied",
    "AuthorizationError": "AccessDenied",
    "UnauthorizedOperation": "AccessDenied",
    "Throttling": "Throttled",
    "ThrottlingException": "Throttled",
    "ThrottledException": "Throttled",
    "TooManyRequestsException": "Throttled",
    "RequestLimitExceeded": "Throttled",
    "SlowDown": "Throttled",
    "ExpiredTokenException": "ExpiredToken",
    "RequestExpired": "ExpiredToken",
    "UnknownServiceError": SDK_TOO_OLD,
    "UnknownOperationException": NOT_IN_REGION,
    "UnknownEndpointError": NOT_IN_REGION,
    "ConnectTimeoutError": "no connection",
    "ConnectionClosedError": "no connection",
    "EndpointConnectionError": "no connection",
    "ReadTimeoutError": "no answer in time",
    "ProxyConnectionError": "the proxy refuses",
    "SSLError": "the TLS certificate is not trusted",
    "ResponseParserError": "the response cannot be parsed",
    **dict.fromkeys(("AttributeError", "KeyError", "IndexError", "TypeError", "ValueError"), _UNREADABLE),
    "Unknown": "an error without an error code",
}
"""The services' and botocore's many words for a few things."""

_LOCKED_OUT: Final = frozenset(
    {
        "ExpiredToken",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "NoCredentialsError",
        "CredentialRetrievalError",
        "RefreshWithMFAUnsupportedError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
"""After one of these words no other call can succeed either."""


_PASSES: Final = frozenset(
    {
        DEADLINE,
        INTERRUPTED,
        "CredentialRetrievalError",
        "ExpiredToken",
        "NoCredentialsError",
        "RefreshWithMFAUnsupportedError",
        "SSOTokenLoadError",
        "Throttled",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "no answer in time",
        "no connection",
        "the proxy refuses",
        "the response cannot be parsed",
    }
)

_SERVER_FAILED: Final = re.compile(
    r"Internal|Throttl|Unavailable|Timeout|ServiceException$|ServiceFailure|^HTTP status (5|429)"
    r"|^the response is (not JSON|an HTML page)"
)
"""What the services call faults of their own (botocore's models: error shapes with a status of 500 or more)."""


def may_pass(word: str) -> bool:
    """Whether a refusal of this word may not be there when the same is asked again."""
    return word in _PASSES or _SERVER_FAILED.search(word) is not None


class Refusal(msgspec.Struct, frozen=True):
    """A call that gave no answer."""

    code: str
    """As the service wrote it, or the name of botocore's exception."""
    message: str = ""

    @property
    def word(self) -> str:
        """The code in one word for all services: ``AccessDenied``, ``Throttled``, else as it is.

        Where no service gave a code, a few words of ours say what came back.
        """
        if self.code == NOT_AN_ANSWER:
            return self.message
        if self.code.isdigit():
            return f"HTTP status {self.code} without an error code"
        return _WORDS.get(self.code, self.code)

    @property
    def is_denied(self) -> bool:
        return self.word == "AccessDenied"

    @property
    def denied_by(self) -> str:
        """What denies it whatever the identity's own policies allow: ``an explicit deny in a service control policy``.

        Empty where AWS does not say so. Source: IAM user guide, "Troubleshoot access denied error messages" (the words
        in its examples, seen 2026-12).
        """
        if not self.is_denied:
            return ""
        if found := _EXPLICIT.search(self.message):
            return f"an explicit deny in {found[1]}"
        found = _NOT_ALLOWED.search(self.message)
        return f"no {found[1]} that allows it" if found else ""

    @property
    def is_of_service(self) -> bool:
        """Whether no other operation of the service would do better."""
        return self.code == NOT_IN_REGION


_EXPLICIT: Final = re.compile(r"with an explicit deny in (an? [\w -]*?policy|a permissions boundary)\b")
_NOT_ALLOWED: Final = re.compile(
    r"because no ((?:service control|resource control|session|VPC endpoint) policy|permissions boundary) allows"
)
"""Where nothing of the identity's own would help. That no identity-based or resource-based policy allows it, can be
fixed by a grant."""


class AccountIdentity(msgspec.Struct, frozen=True):
    """Whose credentials these are."""

    id: str
    partition: str
    arn: str = ""
    """Who asks."""
    endpoint: str = ""
    """Who answers, where that is not AWS itself: ``AWS_ENDPOINT_URL``, or ``endpoint_url`` of a profile."""


class _Halted(Exception):  # noqa: N818, it is no error: it says why a call was not made
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class Clients:
    """The clients of one account and region, each made once. Each answer is fetched once."""

    def __init__(self, session: Raw, region: str, watch: Watch, limits: Limits | None = None) -> None:
        self._session, self._region, self._watch = session, region, watch
        self.limits = limits or Limits(watch.manners.max_rps)
        self._made: dict[str, Raw] = {}
        self._answers: dict[tuple[str, ...], Future[Raw]] = {}
        self._since: dict[int, tuple[str, float]] = {}
        self._closed: dict[str, Refusal] = {}
        self._lock = threading.Lock()  # a session is not made for many threads, its clients are

    def ask(self, service: str, operation: str, request: Mapping[str, Raw]) -> Raw | Refusal:
        """Return the answer of one call, or why there is none. To be read only: who asks again gets the same."""
        return self._once(
            ("one", service, operation, _fingerprint(request)),
            lambda: self._call(service, lambda: self._method(service, operation)(**request)),
        )

    def ask_all(
        self, service: str, operation: str, request: Mapping[str, Raw], size: int = 0
    ) -> Sequence[Raw | Refusal]:
        """Return the pages of a listing; a Refusal ends it. A page that comes twice is a Refusal too.

        `size`: items of a page; 0: as many as botocore's model says that a page may hold.
        """
        pages: tuple[Raw | Refusal, ...] = self._once(
            ("all", service, operation, _fingerprint(request)),
            lambda: tuple(self._pages(service, operation, request, size)),
        )
        return pages

    def why_leave(self, thread: int | None) -> Refusal | None:
        """Return why the call that `thread` makes is waited for no longer; None: no thread took it up."""
        service, since = self._since.get(thread or 0, (None, None))
        why = self._watch.why_leave(service, since)
        return Refusal(why) if why else None

    def _once(self, key: tuple[str, ...], fetch: Callable[[], Raw]) -> Raw:
        with self._lock:
            known = self._answers.get(key)
            answer = known or self._answers.setdefault(key, Future())
        if known is None:
            try:
                answer.set_result(fetch())
            except BaseException as error:
                answer.set_exception(error)  # or who waits for the same answer would wait for ever
                raise
        return answer.result()

    def _pages(self, service: str, operation: str, request: Mapping[str, Raw], size: int) -> Iterator[Raw | Refusal]:
        pages = self._call(service, lambda: self._paginated(service, operation, request, size))
        seen: set[str] = set()
        while not isinstance(pages, Refusal):
            page = self._call(service, lambda: next(pages, None))
            text = "" if page is None or isinstance(page, Refusal) else _fingerprint(page)
            if text and text in seen:
                page = Refusal(NOT_AN_ANSWER, "the listing returned the same page twice")
            elif len(seen) >= MOST_PAGES:
                page = Refusal(NOT_AN_ANSWER, f"the listing has more than {MOST_PAGES} pages")
            if page is not None:
                yield page
            if page is None or isinstance(page, Refusal):
                return
            seen.add(text)
        yield pages

    def _paginated(self, service: str, operation: str, request: Mapping[str, Raw], size: int) -> Iterator[Raw]:
        method, client = self._method(service, operation), self._client(service)
        if client.can_paginate(xform_name(operation)):
            size = size or _page_size(client, operation)
            pages = client.get_paginator(xform_name(operation))
            return iter(pages.paginate(**request, PaginationConfig={"PageSize": size} if size else {}))
        return (method(**request) for _ in range(1))

    def _method(self, service: str, operation: str) -> Raw:
        found = getattr(self._client(service), xform_name(operation), None)
        if found is None:
            raise _Halted(Refusal(SDK_TOO_OLD, f"the installed botocore does not know {service}:{operation}"))
        return found

    def _client(self, service: str) -> Raw:
        with self._lock:
            if service not in self._made:
                self._made[service] = self._new(service)
            return self._made[service]

    def _new(self, service: str) -> Raw:
        made = _whole(self._session.client(service, region_name=self._region, config=_config(self._watch.manners)))
        made.meta.events.register("before-send", lambda event_name, **_: self._admit(service, _operation(event_name)))
        made.meta.events.register_first("needs-retry", lambda **event: self._give_up(service, **event))
        if made.meta.service_model.resolved_protocol in _JSON:
            made.meta.events.register("response-received", _demand_json)
        return made

    # --- manners ------------------------------------------------------------------------------------

    def _call(self, service: str, call: Callable[[], Raw]) -> Raw | Refusal:
        if why := self._why_not(service):
            return why
        thread = threading.get_ident()
        self._since[thread] = service, self._watch.clock()
        try:
            answer = _asked(call)
        finally:
            del self._since[thread]
        if isinstance(answer, Refusal) and (answer.word in _LOCKED_OUT or answer.is_of_service):
            self._closed.setdefault(service if answer.is_of_service else "", answer)
        return answer

    def _why_not(self, service: str) -> Refusal | None:
        word = self._watch.why_not(service)
        return Refusal(word) if word else self._closed.get("") or self._closed.get(service)

    def _admit(self, service: str, operation: str) -> None:
        """Let a request go, first or again, once its token is there."""
        seconds = self.limits.reserve(service, operation)
        thread = threading.get_ident()
        if thread in self._since:  # waiting for one's turn is not waiting for an answer
            self._since[thread] = service, self._since[thread][1] + seconds
        if seconds > 0:
            self._watch.wait(seconds, service)
        if why := self._why_not(service):
            raise _Halted(why)

    def _give_up(
        self, service: str, event_name: str, response: Raw = None, caught_exception: Raw = None, **_: Raw
    ) -> None:
        """Leave a failed call alone that botocore would try again, though it cannot help or there is no time.

        Where it was throttled, its like are asked more slowly.
        """
        if _is_throttled(response):
            self.limits.slow(service, _operation(event_name))
        if isinstance(caught_exception, EndpointConnectionError) and self._is_elsewhere(service, caught_exception):
            raise _Halted(Refusal(NOT_IN_REGION, str(caught_exception)))
        if caught_exception is None and not _is_passing(response):
            return
        if why := self._why_not(service) or self._why_late():
            raise _Halted(why)

    def _why_late(self) -> Refusal | None:
        """Return why the call of this thread may not go on: its time is up."""
        now = self._watch.clock()
        _, since = self._since.get(threading.get_ident(), ("", now))
        return Refusal(DEADLINE) if now - since > self._watch.manners.call_seconds else None

    def _is_elsewhere(self, service: str, error: EndpointConnectionError) -> bool:
        """Whether there is no such endpoint. That of STS was found, so names are looked up, and others may be found.

        Each bucket of S3 has a name of its own: one that is not found says nothing of S3.
        """
        if service == "s3":
            return False
        partition = self._session.get_partition_for_region(self._region)
        known = self._session.get_available_regions(service, partition_name=partition)
        is_nameless = any(word in str(error.kwargs.get("error")) for word in _NO_NAME)
        return is_nameless or bool(known and self._region not in known)


_NO_NAME: Final = ("Name or service not known", "No address associated", "nodename nor servname")
"""What a name that is not found is called by Linux and macOS. That a resolver did not answer is something else."""


_MOST_ITEMS: Final = 10_000
"""Of a page. A model that says more says nothing."""


def _page_size(client: Raw, operation: str) -> int:
    """Return how many items a page of a listing may hold; 0 where botocore's model does not say so."""
    members = client.meta.service_model.operation_model(operation).input_shape.members
    limits = [members[name].metadata.get("max", 0) for name in PAGE_SIZES if name in members]
    return limits[0] if limits and limits[0] <= _MOST_ITEMS else 0


def open_session(profile: str | None = None, region: str | None = None) -> Raw:
    """Return a boto3 session with the user's own credentials. Raise SourceError where the profile does not exist."""
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except _NO_WAY_IN as error:
        raise SourceError("aws", sentence(error)) from error


def assume(session: Raw, role_arn: str, *, external_id: str | None = None, name: str = "wa-lint") -> Raw:
    """Return a session of `role_arn` that renews itself. The role is assumed at the first call.

    The new session shares the old one's data loader: 24 ms instead of 282 (measured).
    """
    sts = session.client("sts", config=_config(Manners()))
    params = {"RoleArn": role_arn, "RoleSessionName": name} | ({"ExternalId": external_id} if external_id else {})
    inner = botocore.session.Session()
    inner.register_component("data_loader", session._session.get_component("data_loader"))  # noqa: SLF001, boto3 has no public way
    refresher = create_assume_role_refresher(sts, params)
    inner._credentials = DeferredRefreshableCredentials(refresher, "assume-role")  # noqa: SLF001, the same
    return boto3.Session(botocore_session=inner, region_name=session.region_name)


def account_of(session: Raw, region: str, manners: Manners | None = None) -> AccountIdentity:
    """Return whose account it is. Raise SourceError where nobody is let in.

    EOFError: a profile asks for an MFA code where nobody can type one.
    """
    address = ""
    try:
        sts = _whole(session.client("sts", region_name=region, config=_config(manners or Manners(), attempts=3)))
        address = _foreign(session, sts, session.get_partition_for_region(region))
        answer = sts.get_caller_identity()
    except (ClientError, BotoCoreError, ResponseParserError, EOFError, ValueError) as error:
        raise SourceError(f"aws {region}", _with_endpoint(sentence(error), address)) from error
    arn = str(answer.get("Arn", ""))
    if not answer.get("Account") or not arn.startswith("arn:"):
        raise SourceError(f"aws {region}", "the response does not name the account; is there a proxy?")
    return AccountIdentity(str(answer["Account"]), arn.split(":")[1], arn, _foreign(session, sts, arn.split(":")[1]))


def _with_endpoint(said: str, address: str) -> str:
    """Return why a call failed, with the address that it went to where that is not AWS's own."""
    if said == _WHY["no connection"] and address:
        return f"cannot connect to {address}, which {_SAYS_SO}"
    if address:
        return f"{said}; the call went to {address}, which {_SAYS_SO}"
    return f"{said}, which {_SAYS_SO}" if said.startswith("Invalid endpoint") else said


_SAYS_SO: Final = "AWS_ENDPOINT_URL, or endpoint_url of the profile, names"


def _foreign(session: Raw, client: Raw, partition: str) -> str:
    """Return the address of an endpoint that is not in AWS's own domain; empty where it does."""
    suffix = session._session.get_component("endpoint_resolver").get_partition_dns_suffix(partition)  # noqa: SLF001, boto3 has no public way
    address = str(client.meta.endpoint_url)
    return "" if (urlsplit(address).hostname or "").endswith(f".{suffix}") else address


def again(session: Raw) -> Raw:
    """Return a new session with the credentials of `session`, for another thread: they renew themselves for both.

    Raise SourceError where the credentials cannot be read.
    """
    name = session.profile_name
    inner = botocore.session.Session(profile=name if name in session.available_profiles else None)
    inner.register_component("data_loader", session._session.get_component("data_loader"))  # noqa: SLF001, boto3 has no public way
    try:
        inner._credentials = session.get_credentials()  # noqa: SLF001, the same
    except (BotoCoreError, EOFError) as error:
        raise SourceError("aws", sentence(error)) from error
    return boto3.Session(botocore_session=inner, region_name=session.region_name)


def unknown_regions(session: Raw, regions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the regions that botocore does not know, each with ``; did you mean …?``. No call is made."""
    partitions = session.get_available_partitions()
    known = {name for p in partitions for name in session.get_available_regions("ec2", partition_name=p)}
    for region in regions:
        if region not in known:
            yield region, did_you_mean(region, known)


def regions(session: Raw) -> list[str]:
    """Return the regions in which botocore knows SageMaker, in the session's partition. No call is made."""
    partition = session.get_partition_for_region(session.region_name or "us-east-1")
    return sorted(session.get_available_regions("sagemaker", partition_name=partition))


def _config(manners: Manners, attempts: int = 6) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=min(5.0, manners.call_seconds),
        read_timeout=min(30.0, manners.call_seconds),
        max_pool_connections=max(32, manners.threads),
        user_agent_extra="wa-lint",
    )


class AnswerTooLarge(ValueError):  # noqa: N818, its name is what is reported
    """An answer is larger than any of AWS's."""


class _Whole:
    """Sends what botocore sends, and takes an answer that ends too early for none, so that it is requested again.

    botocore tells urllib3 not to look at how long an answer should have been (1.44). To it a listing of which nothing
    came but the headers is empty: that would prove absence.
    """

    def __init__(self, inner: Raw) -> None:
        self._inner = inner

    def send(self, request: Raw) -> Raw:
        answer = self._inner.send(request)
        if len(answer.content) > MOST_BYTES:
            raise AnswerTooLarge(f"the answer has more than {MOST_BYTES} bytes")
        length = answer.headers.get("content-length") or ""
        if request.method != "HEAD" and length.isdigit() and len(answer.content) < int(length):
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    def close(self) -> None:
        self._inner.close()


def _whole(client: Raw) -> Raw:
    """Return a client that takes whole answers only."""
    endpoint = client._endpoint  # noqa: SLF001, botocore has no public way
    if not isinstance(endpoint.http_session, _Whole):
        endpoint.http_session = _Whole(endpoint.http_session)
    return client


_AT_A_LOSS: Final = (
    NotImplementedError,
    AttributeError,
    LookupError,
    TypeError,
    EOFError,
    ValueError,
    RecursionError,
    ResponseParserError,  # of XML that is none; it is no BotoCoreError
)


def _asked(call: Callable[[], Raw]) -> Raw | Refusal:
    """Call botocore. Its faults are answers here.

    NotImplementedError is moto's way to say that it lacks a call; what follows it are botocore's parser at a loss,
    and a profile that asks for an MFA code where nobody is. botocore reads a page of HTML (a proxy's, with status
    200) as an answer that is empty: that would prove absence.
    """
    try:
        return _no_page(call())
    except _Halted as halted:
        return halted.refusal
    except ClientError as error:
        said = error.response.get("Error", {})
        return Refusal(str(said.get("Code") or "Unknown"), str(said.get("Message") or ""))
    except ParamValidationError as error:
        is_new = "Unknown parameter" in str(error)
        return Refusal(SDK_TOO_OLD if is_new else "ParamValidationError", str(error))
    except (BotoCoreError, OSError, *_AT_A_LOSS) as error:
        return Refusal(type(error).__name__, str(error))


_JSON: Final = frozenset({"json", "rest-json"})


def _demand_json(response_dict: Raw = None, **_: Raw) -> None:
    """Refuse an answer that was cut short, or is a text: botocore reads invalid JSON as an empty answer."""
    body = response_dict["body"] if response_dict and response_dict["status_code"] < _FAILURE else b""
    if isinstance(body, bytes) and body.strip() and not (body.lstrip()[:1] in b"{[" and body.rstrip()[-1:] in b"}]"):
        raise _Halted(Refusal(NOT_AN_ANSWER, "the response is not JSON"))


_FAILURE: Final = 300


def _no_page(answer: Raw) -> Raw | Refusal:
    told = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    kind = (told or {}).get("HTTPHeaders", {}).get("content-type", "")
    if kind.startswith("text/html"):
        return Refusal(NOT_AN_ANSWER, "the response is an HTML page")
    return Refusal(NOT_AN_ANSWER, TOO_DEEP) if is_too_deep(answer) else answer


def _is_passing(response: Raw) -> bool:
    """Whether the fault that an answer tells of may have gone when botocore asks again."""
    if response is None:
        return True
    http, _ = response
    return http.status_code >= _SERVERS_FAULT or _is_throttled(response)


def _is_throttled(response: Raw) -> bool:
    if response is None:
        return False
    http, parsed = response
    code = parsed.get("Error", {}).get("Code", "") if isinstance(parsed, dict) else ""
    return http.status_code == _TOO_MANY or _WORDS.get(code) == "Throttled"


def _operation(event: str) -> str:
    """Return what a hook of botocore is called about: ``before-send.sagemaker.ListModels``."""
    return event.rpartition(".")[2]


_SERVERS_FAULT, _TOO_MANY = 500, 429


def _fingerprint(page: Raw) -> str:
    shown = {key: value for key, value in page.items() if key != "ResponseMetadata"}
    return json.dumps(shown, default=str, sort_keys=True)


_WHY: Final[Mapping[str, str]] = {
    "NoCredentialsError": "no AWS credentials were found; set a profile or AWS_ACCESS_KEY_ID",
    "ExpiredToken": "the AWS credentials have expired",
    "InvalidClientTokenId": "AWS does not recognize these credentials, or the region is not enabled",
    "UnrecognizedClientException": "AWS does not recognize these credentials, or the region is not enabled",
    "SignatureDoesNotMatch": "the AWS secret access key does not match the access key ID",
    "EOFError": "the profile requires an MFA code, and wa-lint cannot prompt for one; use temporary credentials",
    "UnauthorizedSSOTokenError": "the SSO session has expired; run `aws sso login`",
    "the response cannot be parsed": "the response is not from AWS; is there a proxy?",
    "SSOTokenLoadError": "there is no SSO session; run `aws sso login`",
    "TokenRetrievalError": "the SSO session cannot be renewed; run `aws sso login`",
    "no connection": "cannot connect to AWS: the host name cannot be resolved, or the network does not reach it",
    "no answer in time": "AWS did not answer in time",
    "the proxy refuses": "the proxy refused the call; check HTTPS_PROXY and NO_PROXY",
    "the TLS certificate is not trusted": "the TLS certificate that came back is not trusted; behind a proxy that opens"
    " TLS, AWS_CA_BUNDLE names the certificate to trust",
}


def sentence(error: Exception) -> str:
    """Return what an error of botocore means, in one line."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else type(error).__name__
    return _WHY.get(Refusal(str(code)).word) or " ".join(str(error).split())
