"""What a grant adds to what was accepted, and which earlier findings a run could have found again."""

from __future__ import annotations

from typing import Any

import pytest

from wa_lint.model import (
    Finding,
    Grant,
    Hole,
    Input,
    Known,
    Listed,
    Location,
    Outcome,
    Report,
    Resource,
    RuleInfo,
    Severity,
    Unknown,
    Unresolved,
)
from wa_lint.policy.grants import beyond, grant_of
from wa_lint.suppress import baseline, news

BUCKET = Unresolved("!GetAtt", (Hole("B.Arn", "B"), "/*"))


def grant(action: Any = "s3:*", resource: Any = "*", **more: Any) -> Grant:
    found = grant_of({"Effect": "Allow", "Action": action, "Resource": resource, **more})
    assert found is not None
    return found


def without_actions(*actions: str) -> Grant:
    found = grant_of({"Effect": "Allow", "NotAction": list(actions), "Resource": "*"})
    assert found is not None
    return found


def when(operator: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {"aws:SourceVpce": list(values)}}}


def who(principal: Any) -> Grant:
    return grant("sts:AssumeRole", "*", Principal=principal)


ROLE = "arn:aws:iam::111122223333:role/x"

WIDER = {
    "an action": (grant(["s3:*", "kms:*"]), [grant()]),
    "a pattern above it": (grant("s3:*"), [grant("s3:Get*")]),
    "a question mark is not a star": (grant("s3:Get*"), [grant("s3:Get?????")]),
    "a resource that is a reference": (grant(), [grant("s3:*", BUCKET)]),
    "another reference": (grant("s3:*", Unresolved("!Ref", (Hole("C"), "/*"))), [grant("s3:*", BUCKET)]),
    "what is not known": (grant(Unknown("no default")), [grant()]),
    "actions of one and resources of the other": (
        grant(["s3:*", "kms:*"], "*"),
        [grant("s3:*", "*"), grant("kms:*", "arn:aws:kms:eu-west-1:111122223333:key/x")],
    ),
    "less left out": (without_actions("iam:*"), [without_actions("iam:*", "s3:*")]),
    "what was left out": (grant("iam:PassRole"), [without_actions("iam:*")]),
    "a wildcard that holds what was left out": (grant("*"), [without_actions("iam:*")]),
    "all but something": (without_actions("iam:*"), [grant("s3:*")]),
    "another account": (who({"AWS": "444455556666"}), [who({"AWS": "111122223333"})]),
    "the account of a role": (who({"AWS": "111122223333"}), [who({"AWS": ROLE})]),
    "everyone": (who("*"), [who({"AWS": "111122223333"})]),
    "another kind of principal": (who({"Service": "x.amazonaws.com"}), [who({"AWS": "*"})]),
    "all but one principal": (
        grant("sts:AssumeRole", NotPrincipal={"AWS": ROLE}),
        [who({"AWS": "111122223333"})],
    ),
    "no condition": (grant(), [grant(**when("StringEquals", "a"))]),
    "a value more": (grant(**when("StringLike", "a", "b")), [grant(**when("StringLike", "a"))]),
    "a value less that is excluded": (
        grant(**when("StringNotEquals", "a")),
        [grant(**when("StringNotEquals", "a", "b"))],
    ),
    "another operator": (grant(**when("StringEqualsIfExists", "a")), [grant(**when("StringEquals", "a"))]),
    "another number": (grant(**when("NumericLessThan", "9")), [grant(**when("NumericLessThan", "5"))]),
    "nothing accepted": (grant(), []),
}


@pytest.mark.parametrize("name", WIDER)
def test_what_is_wider_is_named(name: str) -> None:
    now, accepted = WIDER[name]
    assert beyond(now, accepted)


NOT_WIDER = {
    "the same": (grant(), [grant()]),
    "in another case": (grant("S3:GETOBJECT"), [grant("s3:GetObject")]),
    "within a pattern": (grant("s3:GetObject*"), [grant("s3:Get*")]),
    "each from another statement": (grant(["s3:*", "kms:*"]), [grant("s3:*"), grant("kms:*")]),
    "a narrower resource": (grant("s3:*", "arn:aws:s3:::a/b/*"), [grant("s3:*", "arn:aws:s3:::a/*")]),
    "the same reference": (grant("s3:*", BUCKET), [grant("s3:*", BUCKET)]),
    "the partition as a reference": (
        grant("s3:*", Unresolved("!Sub", ("arn:", Hole("AWS::Partition"), ":s3:::a/*"))),
        [grant("s3:*", "arn:aws:s3:::a/*")],
    ),
    "more left out": (without_actions("iam:*", "s3:*"), [without_actions("iam:*")]),
    "a pattern above what was left out": (without_actions("*"), [without_actions("iam:*")]),
    "an action that was not left out": (grant("s3:GetObject"), [without_actions("iam:*")]),
    "within everything": (without_actions("iam:*"), [grant("*")]),
    "a role of the account": (who({"AWS": ROLE}), [who({"AWS": "111122223333"})]),
    "the root, spelled otherwise": (who({"AWS": "arn:aws:iam::111122223333:root"}), [who({"AWS": "111122223333"})]),
    "one of everyone": (who({"AWS": ROLE}), [who("*")]),
    "a condition more": (grant(**when("StringEquals", "a")), [grant()]),
    "a value less": (grant(**when("StringEquals", "a")), [grant(**when("StringEquals", "a", "b"))]),
    "a value more that is excluded": (grant(**when("StringNotLike", "a", "b")), [grant(**when("StringNotLike", "a"))]),
}


@pytest.mark.parametrize("name", NOT_WIDER)
def test_what_is_no_wider_adds_nothing(name: str) -> None:
    now, accepted = NOT_WIDER[name]
    assert beyond(now, accepted) == ()


def test_many_actions_and_resources_are_compared_whole() -> None:
    many = grant([f"a:{n}" for n in range(300)], [f"arn:aws:a:::{n}" for n in range(300)])
    assert beyond(many, [many]) == ()
    assert beyond(many, [grant("a:*", "arn:aws:a:::*")]) == ()
    assert beyond(many, [grant("b:*")])


# --- which earlier findings -------------------------------------------------------------------------

RULE = RuleInfo("r", "t", Severity.LOW, (), "w", "f")


def live(account: str, region: str, name: str) -> Finding:
    arn = f"arn:aws:sagemaker:{region}:{account}:endpoint/{name}"
    place = Location(arn)
    resource = Resource(arn, "T", {}, Listed(place), account=account, region=region)
    return Finding(RULE, Outcome.FAIL, resource, "p", place, "m", fingerprint=f"f{arn}", place="p")


def report(*findings: Finding, inputs: tuple[Input, ...] = ()) -> Report:
    return Report((RULE,), findings, inputs=inputs)


def test_an_entry_of_another_account_or_region_is_not_fixed() -> None:
    here, there, elsewhere = (
        live("1" * 12, "eu-west-1", "a"),
        live("2" * 12, "eu-west-1", "b"),
        live("1" * 12, "eu-west-2", "c"),
    )
    gone = live("1" * 12, "eu-west-1", "d")
    known = baseline.Baseline(2, tuple(map(news.known_of, (here, there, elsewhere, gone))))
    settled = baseline.settle(report(here), known)
    assert settled.compared is not None
    assert [one.resource for one in settled.compared.fixed] == [gone.resource.id]
    assert [finding.state for finding in settled.findings] == ["unchanged"]


def test_in_the_first_version_the_arn_says_the_account_and_region() -> None:
    here, there = live("1" * 12, "eu-west-1", "a"), live("2" * 12, "eu-west-1", "b")
    gone = live("1" * 12, "eu-west-1", "d")
    old = [
        Known(one.uri, one.resource, one.rule, one.outcome, one.path, one.fingerprint)
        for one in map(news.known_of, (here, there, gone))
    ]
    settled = baseline.settle(report(here), baseline.Baseline(1, tuple(old)))
    assert settled.compared is not None
    assert [one.resource for one in settled.compared.fixed] == [gone.resource.id]


def test_an_entry_of_a_rule_that_was_not_run_is_not_fixed() -> None:
    known = news.known_of(live("1" * 12, "eu-west-1", "a"))
    other = Known(
        known.uri, known.resource, "other", known.outcome, known.path, "x", account="1" * 12, region="eu-west-1"
    )
    settled = baseline.settle(report(live("1" * 12, "eu-west-1", "z")), baseline.Baseline(2, (other,)))
    assert settled.compared is not None
    assert settled.compared.fixed == ()
