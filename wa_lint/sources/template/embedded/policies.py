"""Policy documents that are in a template as JSON text, as the trees that they spell. It judges no policy.

The text may be a literal, ``!Sub`` or ``Fn::Join``, in a branch of ``Fn::If`` or the value of a parameter; it is read
when a scenario asks for it. What is in a text that the template itself holds has its place inside that text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import (
    AnyScenario,
    Deferred,
    Location,
    Origin,
    Path,
    Resolution,
    Resource,
    Unknown,
    Unresolved,
    Value,
)
from wa_lint.schema import ANYTHING
from wa_lint.sources.template.embedded.alignment import value_at
from wa_lint.sources.template.embedded.json_text import Embedded, Piece, pieces_of
from wa_lint.sources.template.functions.intrinsics import branch_of
from wa_lint.sources.template.functions.question import Asking, Template
from wa_lint.sources.template.functions.value_tree import Intrinsic, tree

_ITEMS: Final = "[]"

_INLINE: Final = ("Policies", _ITEMS, "PolicyDocument")
_DOCUMENT: Final = (("PolicyDocument",),)

DOCUMENTS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "AWS::ApiGateway::DomainNameV2": (("Policy",),),
    "AWS::ApiGateway::RestApi": (("Policy",),),
    "AWS::Bedrock::KnowledgeBasePolicy": _DOCUMENT,
    "AWS::Bedrock::ResourcePolicy": _DOCUMENT,
    "AWS::CodeArtifact::Domain": (("PermissionsPolicyDocument",),),
    "AWS::CodeArtifact::Repository": (("PermissionsPolicyDocument",),),
    "AWS::DynamoDB::Table": (
        ("ResourcePolicy", "PolicyDocument"),
        ("StreamSpecification", "ResourcePolicy", "PolicyDocument"),
    ),
    "AWS::EC2::VPCEndpoint": _DOCUMENT,
    "AWS::ECR::PublicRepository": (("RepositoryPolicyText",),),
    "AWS::ECR::RegistryPolicy": (("PolicyText",),),
    "AWS::ECR::Repository": (("RepositoryPolicyText",),),
    "AWS::EFS::FileSystem": (("FileSystemPolicy",),),
    "AWS::IAM::Group": (_INLINE,),
    "AWS::IAM::GroupPolicy": _DOCUMENT,
    "AWS::IAM::ManagedPolicy": _DOCUMENT,
    "AWS::IAM::Policy": _DOCUMENT,
    "AWS::IAM::Role": (("AssumeRolePolicyDocument",), _INLINE),
    "AWS::IAM::RolePolicy": _DOCUMENT,
    "AWS::IAM::User": (_INLINE,),
    "AWS::IAM::UserPolicy": _DOCUMENT,
    "AWS::KMS::Key": (("KeyPolicy",),),
    "AWS::Logs::LogGroup": (("ResourcePolicyDocument",),),
    "AWS::OpenSearchServerless::SecurityPolicy": (("Policy",),),
    "AWS::Redshift::Cluster": (("NamespaceResourcePolicy",),),
    "AWS::S3::AccessPoint": (("Policy",),),
    "AWS::S3::BucketPolicy": _DOCUMENT,
    "AWS::SageMaker::ModelPackageGroup": (("ModelPackageGroupPolicy",),),
    "AWS::SecretsManager::ResourcePolicy": (("ResourcePolicy",),),
    "AWS::SNS::TopicPolicy": _DOCUMENT,
    "AWS::SQS::QueuePolicy": _DOCUMENT,
}
"""Where a type holds policies as JSON, which CloudFormation takes as a text too (its schemas). All but those of
OpenSearch Serverless are of IAM's language."""

_LISTS: Final = "AWS::OpenSearchServerless::"
"""Begins the types whose policies may be lists (OpenSearch Service developer guide, network access)."""


def with_documents(resource: Resource, template: Template) -> Resource:
    """Return the resource with the policy documents that are texts read when they are requested."""
    paths = DOCUMENTS.get(resource.type)
    if paths is None or not isinstance(resource.properties, dict):
        return resource
    kinds = (dict, list) if resource.type.startswith(_LISTS) else (dict,)
    reader = _Reader(template, ("Resources", resource.id, "Properties"), kinds)
    properties: Value = resource.properties
    for path in paths:
        properties = reader.below(properties, path, ())
    return msgspec.structs.replace(resource, properties=properties, origin=_Origin(resource.origin, reader.texts))


class _Reader:
    """The texts of one resource, each read once."""

    def __init__(self, template: Template, head: Path, kinds: tuple[type, ...]) -> None:
        self.template = template
        self.head = head
        self.kinds = kinds
        """What a document may be."""
        self.texts: dict[Path, Embedded] = {}
        """Those that the template itself holds, by the place where they stand."""

    def below(self, value: Value, steps: Sequence[str], at: Path) -> Value:
        """Return `value` with what is at `steps` below it deferred, where that is not in the input as a map."""
        if isinstance(value, Intrinsic) or (not steps and isinstance(value, str | Unresolved)):
            return _Document(self, value, steps, at)
        if not steps:
            return value
        step, rest = steps[0], steps[1:]
        if step == _ITEMS and isinstance(value, list):
            return [self.below(item, rest, (*at, index)) for index, item in enumerate(value)]
        if isinstance(value, dict) and step in value:
            return {**value, step: self.below(value[step], rest, (*at, step))}
        return value

    def document(self, value: Value, at: Path, scenario: AnyScenario) -> Resolution:
        """Return the document that `value` is, in which no ``Fn::If`` is left at the top."""
        if isinstance(value, Intrinsic) and value.name == "Fn::ToJsonString":
            return self._spelled(value, (*at, value.name), scenario)
        pieces = self._pieces(value, at)
        text = self._written(at, pieces) if any((piece.text or "").strip() for piece in pieces) else None
        if text is not None and text.fault is None:
            return Resolution(self._checked(text.value))
        found = value.resolve(scenario) if isinstance(value, Deferred) else Resolution(value)
        if text is not None and not (isinstance(value, Deferred) and isinstance(found.value, str)):
            return Resolution(_no_json(text))
        return msgspec.structs.replace(found, value=self._given(found.value, at))

    def _spelled(self, value: Intrinsic, inside: Path, scenario: AnyScenario) -> Resolution:
        """Return what a function makes the text of, which is the document."""
        said = tree(self.template, value.argument, inside, ANYTHING)
        found = said.resolve(scenario) if isinstance(said, Deferred) else Resolution(said)
        is_open = isinstance(found.value, Deferred | Unknown | Unresolved)
        return Resolution(found.value if is_open else self._checked(found.value), found.at or inside, found.assumes)

    def _given(self, value: Value, at: Path) -> Value:
        """Return the document in a text that is elsewhere, as in a parameter's value: all of it is here."""
        if not isinstance(value, str):
            return value
        text = Embedded(self.template, self.head, at, [Piece(at, value, start=None)])
        return Unknown("the policy document is not valid JSON") if text.fault else self._checked(text.value)

    def _checked(self, value: Value) -> Value:
        return value if isinstance(value, self.kinds) else Unknown("the policy document is not a map")

    def _pieces(self, value: Value, at: Path) -> Sequence[Piece]:
        """Return the pieces of a text as it was written: the mask over a secret would hide what is where."""
        if isinstance(value, Intrinsic):
            return pieces_of({value.name: value.argument}, at) or ()
        written = value_at(self.template.sections.value, (*self.head, *at))
        return [Piece(at, written)] if isinstance(written, str) else ()

    def _written(self, at: Path, pieces: Sequence[Piece]) -> Embedded:
        if at not in self.texts:
            self.texts[at] = Embedded(self.template, self.head, at, pieces)
        return self.texts[at]


class _Document(Deferred):
    """A policy document of which only a scenario tells what it is, or a function above it."""

    __slots__ = ("at", "reader", "said", "steps")

    def __init__(self, reader: _Reader, said: Value, steps: Sequence[str], at: Path) -> None:
        self.reader = reader
        self.said = said
        self.steps = steps
        """From here to the document."""
        self.at = at

    def resolve(self, scenario: AnyScenario) -> Resolution:
        ask = Asking(self.reader.template, scenario)
        value, at = _chosen(ask, self.said, self.at)
        found = self._holder(value, at, scenario) if self.steps else self.reader.document(value, at, scenario)
        moved = found.at or (None if at == self.at else at)
        return Resolution(found.value, moved, (*ask.assumes, *found.assumes))

    def _holder(self, value: Value, at: Path, scenario: AnyScenario) -> Resolution:
        found = value.resolve(scenario) if isinstance(value, Intrinsic) else Resolution(value)
        return Resolution(self.reader.below(found.value, self.steps, found.at or at), found.at, found.assumes)

    def __str__(self) -> str:
        return str(self.said)

    __repr__ = __str__


def _chosen(ask: Asking, value: Value, at: Path) -> tuple[Value, Path]:
    """Follow ``Fn::If`` to the branch of the scenario, and note where that stands."""
    while isinstance(value, Intrinsic) and value.name == "Fn::If":
        branch = branch_of(ask, value.argument)
        if isinstance(branch, Unknown):
            return branch, at
        at = (*value.at, value.name, branch)
        value = tree(value.template, value.argument[branch], at, value.shape)
    return value, at


class _Origin:
    """Where a resource is, and what is inside its texts."""

    __slots__ = ("outer", "texts")

    def __init__(self, outer: Origin, texts: Mapping[Path, Embedded]) -> None:
        self.outer = outer
        self.texts = texts

    def locate(self, at: Path) -> Location:
        for prefix, text in self.texts.items():
            if at[: len(prefix)] == prefix and len(at) > len(prefix) and text.fault is None:
                return text.locate(at[len(prefix) :])
        return self.outer.locate(at)


def _no_json(text: Embedded) -> Unknown:
    """Say where the fault is, for a cell can only point at the text as a whole; a part of it may be still to come."""
    where = f" (line {text.fault.location.line}, column {text.fault.location.column})" if text.fault else ""
    why = "without what is known only at deployment, " if text.holes else ""
    return Unknown(f"{why}the policy document is not valid JSON{where}")
