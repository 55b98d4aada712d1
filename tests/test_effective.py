"""What a principal may do, beside an evaluator of IAM of our own that tries every request of a tiny universe.

The evaluator follows "Policy evaluation logic" in the IAM User Guide and shares no code with what it tests. A sample of
policy sets is tried on every run; `WA_LINT_POLICY_SETS=20000` tries that many.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, Final

import pytest

from wa_lint.model import Unknown
from wa_lint.policy.document import read
from wa_lint.policy.effective import principal_of

SETS: Final = int(os.environ.get("WA_LINT_POLICY_SETS", "1500"))

ACCOUNT: Final = "111122223333"
OBJECT: Final = "arn:aws:s3:::data/key"
OTHER: Final = "arn:aws:s3:::logs/key"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/training"
ADMIN: Final = f"arn:aws:iam::{ACCOUNT}:role/admin/root"
FUNCTION: Final = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:churn"
REQUESTS: Final = [
    *product(["s3:GetObject", "s3:PutObject"], [OBJECT, OTHER]),
    *product(["iam:PassRole", "iam:PutRolePolicy"], [ROLE, ADMIN]),
    ("lambda:InvokeFunction", FUNCTION),
    ("s3:ListAllMyBuckets", "*"),
]
EVERY: Final = {
    # the resources of a shape that no policy of the universe names
    ("s3:GetObject", "arn:%:s3:::%/%"): "arn:aws:s3:::unheard-of/unheard-of",
    ("iam:PassRole", "arn:%:iam::%:role/%"): f"arn:aws:iam::{ACCOUNT}:role/unheard-of",
    ("lambda:InvokeFunction", "arn:%:lambda:%:%:function:%"): f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:unheard-of",
}
REGIONS: Final = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-east-1"]
CHOSEN: Final = {"aws:SecureTransport": ["true", "false"], "aws:RequestedRegion": REGIONS}
"""What the caller picks. Each pattern of a region in `CONDITIONS` leaves one that no other condition names."""
GIVEN: Final = {"aws:SourceVpce": [None, "vpce-1", "vpce-2"], "aws:PrincipalTag/team": [None, "churn", "fraud"]}

ACTIONS: Final = [
    "*", "*:*", "s3:*", "S3:getobject", "s3:Get*", "s3:?etObject", "s3:*Object", "iam:*", "iam:Pass*", "iam:PassRole",
    "iam:PutRolePolicy", "lambda:*", "lambda:Invoke*", "s3:ListAllMyBuckets", "sqs:*", "*:PutObject",
]  # fmt: skip
RESOURCES: Final = [
    "*", "**", "arn:*", "arn*", "arn:aws:*", "arn:aws:s3:::*", "arn:aws:s3:::data/*", "arn:aws:s3:::data*", OBJECT,
    OTHER,
    "arn:aws:s3:::*/key", f"arn:aws:iam::{ACCOUNT}:role/*", "arn:aws:iam::*:role/*", f"arn:aws:iam::{ACCOUNT}:*", ROLE,
    f"arn:aws:iam::{ACCOUNT}:role/admin/*", f"arn:aws:iam::{ACCOUNT}:role/t?aining", "arn:*:iam::*",
    f"arn:aws:lambda:*:{ACCOUNT}:function:*", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:churn", "arn:aws:sqs:*:*:*",
]  # fmt: skip
CONDITIONS: Final[Sequence[Mapping[str, Any]]] = [
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"BoolIfExists": {"aws:securetransport": ["false"]}},
    {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
    {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
    {"StringLike": {"aws:RequestedRegion": "eu-*"}},
    {"StringNotLike": {"aws:RequestedRegion": ["eu-*", "us-*"]}},
    {"StringEquals": {"aws:RequestedRegion": "us-east-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/team": "churn"}},
    {"Null": {"aws:SourceVpce": "true"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalTag/team": ["chu*"]}, "Bool": {"aws:SecureTransport": "true"}},
]


# --- the evaluator ----------------------------------------------------------------------------------


@cache
def glob(pattern: str, text: str, *, fold: bool = False) -> bool:
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def about(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    acts = [glob(pattern, action, fold=True) for pattern in many(statement.get("Action", statement.get("NotAction")))]
    things = [glob(pattern, resource) for pattern in many(statement.get("Resource", statement.get("NotResource")))]
    return any(acts) == ("Action" in statement) and any(things) == ("Resource" in statement)


def met(condition: Mapping[str, Any], request: Mapping[str, str | None]) -> bool:
    known = {key.lower(): value for key, value in request.items()}
    return all(
        one_met(operator, known.get(key.lower()), [str(v) for v in many(values)])
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def one_met(operator: str, given: str | None, values: list[str]) -> bool:
    name = operator.rsplit(":", maxsplit=1)[-1]
    if name == "Null":
        return any((given is None) == (value == "true") for value in values)
    if given is None:
        return name.endswith("IfExists") or ("Not" in name and not operator.startswith("ForAnyValue"))
    name = name.removesuffix("IfExists")
    wild = name in {"StringLike", "StringNotLike"}
    found = any(glob(value, given) if wild else value == given for value in values)
    return found != ("Not" in name)


def allowed(
    document: Sequence[Mapping[str, Any]], action: str, resource: str, request: Mapping[str, str | None]
) -> str:
    """Return Deny, Allow or nothing, as one document says."""
    says = {s["Effect"] for s in document if about(s, action, resource) and met(s.get("Condition", {}), request)}
    return "Deny" if "Deny" in says else "Allow" if says else ""


def is_allowed(policies: Any, boundary: Any, action: str, resource: str, request: Mapping[str, str | None]) -> bool:
    if allowed(policies, action, resource, request) != "Allow":
        return False
    return boundary is None or allowed(boundary, action, resource, request) == "Allow"


def requests(keys: Mapping[str, Sequence[str | None]]) -> Iterator[dict[str, str | None]]:
    for values in product(*keys.values()):
        yield dict(zip(keys, values, strict=True))


CHOICES: Final = list(requests(CHOSEN))
PLACES: Final = list(requests(GIVEN))


# --- policy sets ------------------------------------------------------------------------------------


def statement(rng: random.Random, *, is_boundary: bool = False) -> dict[str, Any]:
    effect = "Allow" if is_boundary or rng.random() < 0.65 else "Deny"
    actions = rng.sample(ACTIONS, rng.choice([1, 1, 2]))
    resources = rng.sample(RESOURCES, rng.choice([1, 1, 2]))
    made: dict[str, Any] = {
        "Effect": effect,
        rng.choice(["Action"] * 4 + ["NotAction"]): actions if len(actions) > 1 or rng.random() < 0.5 else actions[0],
        rng.choice(["Resource"] * 4 + ["NotResource"]): resources if len(resources) > 1 else resources[0],
    }
    if rng.random() < 0.35:
        made["Condition"] = rng.choice(CONDITIONS)
    return made


def sets(number: int, seed: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]] | None]]:
    rng = random.Random(seed)  # noqa: S311, no secret
    for _ in range(number):
        policies = [statement(rng) for _ in range(rng.choice([1, 2, 2, 3, 4]))]
        boundary = [statement(rng, is_boundary=rng.random() < 0.8) for _ in range(rng.choice([1, 2]))]
        yield policies, boundary if rng.random() < 0.3 else None


def disagreements(policies: Any, boundary: Any, action: str, shape: str, resource: str) -> Iterator[str]:
    """Yield what our answer says and the tried requests do not."""
    limits = None if boundary is None else tuple(read(s) for s in boundary)
    truth = principal_of((read(s) for s in policies), limits).may(action, shape)
    own = [s for s in policies if about(s, action, resource)]
    outer = boundary if boundary is None else [s for s in boundary if about(s, action, resource)]
    found = [
        any(is_allowed(own, outer, action, resource, {**given, **chosen}) for chosen in CHOICES) for given in PLACES
    ]
    where = f"{action} on {shape}: {truth}; {policies}, boundary {boundary}"
    if truth is True and not all(found):
        yield f"is refused in some place: {where}"
    if truth is False and any(found):
        yield f"is allowed in some place: {where}"
    everything = [*policies, *(boundary or [])]
    if isinstance(truth, Unknown) and not any(key in str(s.get("Condition")) for s in everything for key in GIVEN):
        yield f"is known: {where}"


def test_what_a_principal_may_do_is_what_trying_every_request_finds() -> None:
    found = [
        said
        for policies, boundary in sets(SETS, seed=20261201)
        for action, shape, resource in (
            *((action, resource, resource) for action, resource in REQUESTS),
            *((action, shape, resource) for (action, shape), resource in EVERY.items()),
        )
        for said in disagreements(policies, boundary, action, shape, resource)
    ]
    assert not found, "\n".join(found[:5])


def test_the_sets_allow_and_refuse_and_leave_open() -> None:
    """The sample decides in every way: else agreement would say nothing."""
    seen = {True: 0, False: 0, "unknown": 0}
    for policies, boundary in sets(300, seed=1):
        limits = None if boundary is None else tuple(read(s) for s in boundary)
        principal = principal_of((read(s) for s in policies), limits)
        for action, resource in REQUESTS:
            truth = principal.may(action, resource)
            seen["unknown" if isinstance(truth, Unknown) else truth] += 1
    assert min(seen.values()) > 100, seen


@pytest.mark.parametrize(
    ("condition", "request_", "expected"),
    [
        ({"StringLike": {"a:b": "x*"}}, {"a:b": "xyz"}, True),
        ({"StringNotEquals": {"a:b": "x"}}, {}, True),
        ({"StringEquals": {"a:b": "x"}}, {}, False),
        ({"Null": {"a:b": "false"}}, {"a:b": "x"}, True),
        ({"Bool": {"a:b": "true"}, "StringEquals": {"c:d": "x"}}, {"a:b": "true", "c:d": "y"}, False),
    ],
)
def test_the_evaluator_reads_conditions_as_the_user_guide_does(
    condition: dict[str, Any], request_: dict[str, str | None], expected: bool
) -> None:
    assert met(condition, request_) is expected
