"""How grave it is to allow an action on every resource, and which of its resources a policy can name. Reads no policy.

The access level of the service authorization reference decides; the tables below are what it does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from wa_lint.policy.actions import Action

GRAVE: Final = 3
"""From here on are the actions that change something, or that give data, secrets or inferences away."""
READ: Final = 1
"""From here on are the actions that say how a resource is set up, or what is in it."""

_BY_LEVEL: Final[Mapping[str, float]] = {"P": 5, "W": 4, "R": READ, "T": READ, "L": 0}
_DESTROYING: Final = ("delete", "terminate", "remove", "purge")
_UNIMPORTANT: Final = frozenset(
    {
        "cloudwatch:putmetricdata",
        "iam:createservicelinkedrole",
        "iam:passrole",
        "logs:createlogstream",
        "logs:putlogevents",
        "ssm:updateinstanceinformation",
        "sts:getsessiontoken",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
"""Actions that AWS's own policies for functions, containers and instances grant on everything, and PassRole, which has
a rule."""
_READS_SECRETS: Final = frozenset(
    {
        "kms:decrypt",
        "secretsmanager:batchgetsecretvalue",
        "secretsmanager:getsecretvalue",
        "ssm:getparameter",
        "ssm:getparameterhistory",
        "ssm:getparameters",
        "ssm:getparametersbypath",
    }
)
"""Actions that give a secret away, or what a key protects: graver than most changes, but for those that destroy."""
_READS_DATA: Final = frozenset(
    {
        "athena:getqueryresults",
        "athena:getqueryresultsstream",
        "bedrock:getagentmemory",
        "bedrock:getknowledgebasedocuments",
        "bedrock:invokeagent",
        "bedrock:invokeflow",
        "bedrock:retrieve",
        "bedrock-agentcore:getevent",
        "bedrock-agentcore:getmemoryrecord",
        "bedrock-agentcore:getresourceapikey",
        "bedrock-agentcore:getresourceoauth2token",
        "codecommit:getblob",
        "codecommit:getfile",
        "codecommit:gitpull",
        "dynamodb:batchgetitem",
        "dynamodb:getitem",
        "dynamodb:getrecords",
        "dynamodb:partiqlselect",
        "dynamodb:query",
        "dynamodb:scan",
        "es:eshttpget",
        "glue:getentityrecords",
        "kendra:query",
        "kendra:retrieve",
        "kinesis:getrecords",
        "kinesis:subscribetoshard",
        "logs:filterlogevents",
        "logs:getlogevents",
        "logs:startlivetail",
        "logs:startquery",
        "logs:unmask",
        "qbusiness:chat",
        "qbusiness:chatsync",
        "qbusiness:getdocumentcontent",
        "rds-data:executestatement",
        "s3:getobject",
        "s3:getobjecttorrent",
        "s3:getobjectversion",
        "s3:getobjectversiontorrent",
        "sagemaker:getrecord",
        "sagemaker:batchgetrecord",
        "sagemaker:invokeendpoint",
        "sagemaker:invokeendpointasync",
        "sagemaker:invokeendpointwithresponsestream",
        "sqs:receivemessage",
    }
)
"""Actions of the level read that give the data itself or an inference away."""
_LISTS_CONTENT: Final = frozenset(
    {
        "s3:listbucket",
        "s3:listbucketversions",
        "secretsmanager:listsecretversionids",
    }
)
"""Actions of the level list that say what is in a resource; most others only say which resources there are."""
_NOT_READS: Final = frozenset(
    {
        "bedrock:applyguardrail",
        "bedrock:counttokens",
        "bedrock:invokemodel",
        "bedrock:invokemodelwithresponsestream",
        "ecr:batchchecklayeravailability",
        "ecr:batchgetimage",
        "ecr:getdownloadurlforlayer",
        "s3:getbucketlocation",
    }
)
"""Actions of the level read whose use on everything is the usual one: models that Amazon offers, images of AWS's own
repositories in other accounts, where a bucket is."""
_OFFERED: Final = re.compile(r":aws:|::foundation-model/|:personalize:::|:artifact:::|:braket:|:devicefarm:%::")
"""In the ARNs of what AWS offers to all accounts: foundation models, recipes, the built-in browser of AgentCore."""
_ONLY_ONE: Final = re.compile(r"(?:[^:]*:){5}(?!root$)[^%*]*")
"""The ARNs of what an account has once in a region, such as Glue's catalog: to name it leaves nothing out."""
_SMS: Final = frozenset({"sns:checkifphonenumberisoptedout", "sns:getsmsattributes", "sns:setsmsattributes"})
"""Actions on text messages: a statement with one of them is about phone numbers, for which SNS takes only "*"."""
_NOTES: Final[Mapping[str, str]] = {
    "sns:publish": ' (only text messages to phone numbers need "*")',
}
"""What is to be said of an action beside its name."""


def gravity(action: Action) -> float:
    """Return how grave it is to allow an action on all resources that it takes."""
    name = action.name.lower()
    if name in _UNIMPORTANT or any("network-interface/" in arn for arn in action.arns):
        return 0
    if name in _READS_SECRETS:
        return _BY_LEVEL["W"] + 0.25
    if name in _READS_DATA:
        return GRAVE
    if name in _NOT_READS:
        return 0
    if name in _LISTS_CONTENT:
        return READ
    verb = name.partition(":")[2]
    return _BY_LEVEL[action.level] + 0.5 * (action.level == "W" and verb.startswith(_DESTROYING))


def grave_of(actions: Sequence[Action]) -> list[Action]:
    """Return those of the actions of a pattern that change something, or give data away, the gravest first."""
    return sorted((action for action in actions if gravity(action) >= GRAVE), key=gravity, reverse=True)


def reads_of(actions: Sequence[Action]) -> list[Action]:
    """Return those that only read, where half of them can name a resource: nobody splits ``ec2:Get*`` for a few."""
    reads = [action for action in actions if action.level in {"R", "L"} and READ <= gravity(action) < GRAVE]
    named_ = [action for action in reads if nameable(action)]
    return named_ if 2 * len(named_) >= len(reads) else []


def nameable(action: Action) -> list[str]:
    """Return the ARNs of the action's resources that are customers' own, of several, and not what AWS offers to all."""
    return [arn for arn in action.arns if arn and not _OFFERED.search(arn) and not _ONLY_ONE.fullmatch(arn)]


def named(action: Action, pattern: str) -> str:
    """Return a pattern as it is written, with what is to be said of it: of several actions the gravest."""
    is_wild = "*" in pattern or "?" in pattern
    return pattern + (f" (such as {action.name})" if is_wild else _NOTES.get(action.name.lower(), ""))


def needs_star(name: str, beside: set[str]) -> bool:
    """Whether an action takes only "*" for what a statement is about, which the actions `beside` it show."""
    return name.lower() == "sns:publish" and not _SMS.isdisjoint(beside)
