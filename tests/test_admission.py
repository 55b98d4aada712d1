"""Whom a Condition admits: every case of policy/conditions.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint.model import Hole, Unknown, Unresolved, Value
from wa_lint.policy import admission
from wa_lint.policy.admission import admits, spares_only_some

KEYS: Final = {
    "callers": admission.CALLERS,
    "s3": admission.S3_CALLERS,
    "deputy": admission.DEPUTY,
    "account": admission.WITHIN_ACCOUNT,
    "passed-to": admission.PASSED_TO,
    "federated": admission.FEDERATED,
}
CASES: Final = [
    (table["keys"], condition, whom)
    for table in yaml.safe_load((Path(__file__).parent / "policy" / "conditions.yaml").read_text("utf-8"))
    for whom in ("everyone", "some", "nobody", "unknown")
    for condition in table.get(whom, [])
]


def said(keys: str, condition: Any) -> str:
    found = admits(condition, KEYS[keys])
    return "unknown" if isinstance(found, Unknown) else found.value


@pytest.mark.parametrize(("keys", "condition", "whom"), CASES, ids=str)
def test_a_condition_admits_whom_the_case_says(keys: str, condition: Any, whom: str) -> None:
    assert said(keys, condition) == whom


ACCOUNT: Final = Unresolved("open", ("arn:aws:sagemaker:*:", Hole("AWS::AccountId", shape=r"\d{12}"), ":*"))
PARAMETER: Final = Unresolved("the parameter P has no default", (Hole("P"),))


@pytest.mark.parametrize(
    ("condition", "whom"),
    [
        ({"ArnLike": {"aws:SourceArn": ACCOUNT}}, "some"),
        ({"StringEquals": {"aws:SourceAccount": PARAMETER}}, "some"),
        ({"StringLike": {"aws:SourceAccount": PARAMETER}}, "unknown"),
        ({"IpAddress": {"aws:SourceIp": PARAMETER}}, "unknown"),
        ({"IpAddress": {"aws:SourceIp": [PARAMETER, "0.0.0.0/0"]}}, "everyone"),
        ({"StringEquals": Unknown("a macro")}, "unknown"),
        (Unknown("a macro"), "unknown"),
    ],
)
def test_what_is_not_known_of_a_condition_stays_open(condition: Value, whom: str) -> None:
    assert said("callers", condition) == whom


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "52.94.76.0/22"}, "Bool": {"aws:ViaAWSService": "false"}}, True),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1", "aws:SourceVpc": "vpc-1"}}, True),
        ({"StringNotLike": {"aws:PrincipalOrgID": "o-*"}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "false"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({}, False),
    ],
)
def test_a_denial_spares_only_callers_with_fixed_values(condition: Value, expected: bool) -> None:
    assert spares_only_some(condition) is expected
