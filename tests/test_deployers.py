"""Who may replace a deployed model: what is said where the roles of an account were not, or not all, read."""

from __future__ import annotations

from typing import Final

import pytest

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Gap, Listed, Location, Outcome, Resource, Scope, Snapshot, SourceKind

ACCOUNT, REGION = "123456789012", "us-east-1"
ID: Final = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/fraud"
RULE: Final = next(rule for rule in packs.load() if rule.info.id == "endpoint-deployable-by-people")
ROLE: Final = Scope("AWS::IAM::Role", ACCOUNT, None)
WHOLE: Final = frozenset(
    {
        *(Scope(f"AWS::SageMaker::{word}", ACCOUNT, REGION) for word in ("NotebookInstance", "Domain", "UserProfile")),
        *(Scope(f"AWS::IAM::{word}", ACCOUNT, None) for word in ("Role", "ManagedPolicy", "Policy", "RolePolicy")),
    }
)


def endpoint() -> Resource:
    properties = {"EndpointName": "fraud", "EndpointConfigName": "fraud-1"}
    place = Listed(Location(ID))
    return Resource(
        ID, "AWS::SageMaker::Endpoint", properties, place, name="fraud", arn=ID, account=ACCOUNT, region=REGION
    )


@pytest.mark.parametrize(
    ("kind", "complete", "gaps", "expected"),
    [
        pytest.param(SourceKind.LIVE, WHOLE, (), Outcome.PASS, id="all was read, and there is no such role"),
        pytest.param(SourceKind.LIVE, frozenset(), (), Outcome.UNKNOWN, id="nothing else was read"),
        pytest.param(SourceKind.EXPORT, frozenset(), (), Outcome.UNKNOWN, id="an export of the endpoint alone"),
        pytest.param(
            SourceKind.LIVE, WHOLE - {ROLE}, (Gap(ROLE, "AccessDenied"),), Outcome.UNKNOWN, id="IAM was refused"
        ),
        pytest.param(
            SourceKind.LIVE,
            frozenset(scope for scope in WHOLE if scope.type != "AWS::SageMaker::UserProfile"),
            (),
            Outcome.UNKNOWN,
            id="the users of Studio were not read",
        ),
    ],
)
def test_roles_that_were_not_read_are_no_pass(
    kind: SourceKind, complete: frozenset[Scope], gaps: tuple[Gap, ...], expected: Outcome
) -> None:
    (finding,) = lint(Snapshot(kind, "x", (endpoint(),), complete, gaps), [RULE]).findings
    assert finding.outcome is expected
