"""Who reaches the vectors of knowledge bases in OpenSearch Serverless over the network. It judges no access policy.

A network policy holds rules for collections, by name; one of them lets in the internet with ``AllowFromPublic``
(OpenSearch Service developer guide, "Network access for Amazon OpenSearch Serverless").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, in_account, is_live, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import matches, parts_of
from wa_lint.truth import Truth, equals, every, some

_POLICY: Final = "AWS::OpenSearchServerless::SecurityPolicy"
_COLLECTION: Final = "AWS::OpenSearchServerless::Collection"
_KNOWLEDGE_BASE: Final = "AWS::Bedrock::KnowledgeBase"
_READS: Final = (_COLLECTION, _KNOWLEDGE_BASE)


def is_of_vectors(policy: Cell) -> Truth:
    """Whether it is a network policy for a collection of vectors: of that type, or one that a knowledge base uses."""
    is_network = equals(policy.select("Type").value, "network")
    if is_network is False:
        return False
    return every((is_network, some(_covers_vectors(rule) for entry in _entries(policy) for rule in _rules(entry))))


def is_public(policy: Cell) -> Cell:
    """Whether it lets the internet reach a collection of vectors, at the entry that does."""
    answers = [(entry, _opens(entry)) for entry in _entries(policy)]
    first = next((entry.select("AllowFromPublic") for entry, answer in answers if answer is True), None)
    return (first or policy.select("Policy")).with_value(some(answer for _, answer in answers))


def _entries(policy: Cell) -> list[Cell]:
    document = policy.select("Policy")
    return [document] if unseen(document.value) else list(document.items())


def _opens(entry: Cell) -> Truth:
    if hidden := unseen(entry.value):
        return Unknown(hidden)
    is_open = entry.select("AllowFromPublic").value
    public = False if is_open is ABSENT else some((equals(is_open, True), equals(is_open, "true")))
    return every((public, some(_covers_vectors(rule) for rule in _rules(entry))))


def _rules(entry: Cell) -> Iterator[Cell]:
    if unseen(entry.value):
        yield entry
        return
    yield from entry.select("Rules").items()


def _covers_vectors(rule: Cell) -> Truth:
    """Whether a rule of a policy is about the API of a collection of vectors; dashboards show none."""
    if hidden := unseen(rule.value):
        return Unknown(hidden)
    is_api = equals(rule.select("ResourceType").value, "collection")
    named = (
        every((matches(resource.value, _full_name(collection)), _holds_vectors(collection)))
        for resource in rule.select("Resource").items()
        for collection in in_account(rule, _COLLECTION)
    )
    return every((is_api, some(named)))


def _holds_vectors(collection: Cell) -> Truth:
    """Whether a collection is of the type of vectors, or a knowledge base names it."""
    kind = collection.select("Type").value
    return some((kind is not ABSENT and equals(kind, "VECTORSEARCH"), _is_used(collection)))


def _is_used(collection: Cell) -> Truth:
    bases, hidden = seen(collection.select("knowledge_bases").items())
    if bases:
        return True
    if hidden and is_live(collection):
        return Unknown(hidden)
    arns = (
        base.select("StorageConfiguration").select("OpensearchServerlessConfiguration").select("CollectionArn")
        for base in in_account(collection, _KNOWLEDGE_BASE)
    )
    return next((arn.value for arn in arns if isinstance(arn.value, Unknown)), False)


def _full_name(collection: Cell) -> Value:
    name = collection.select("Name").value
    parts = parts_of(name)
    if isinstance(name, str) or not parts:
        return f"collection/{name}" if isinstance(name, str) else name
    return Unresolved(unseen(name) or "the name of a collection", ("collection/", *parts))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _POLICY,
        "",
        "is_of_vectors",
        _READS,
        BOOL,
        "Whether it is the network policy of a collection of vectors, or of one that a knowledge base uses.",
        is_of_vectors,
    ),
    Fact(_POLICY, "", "is_public", _READS, BOOL, "Whether it lets the internet reach such a collection.", is_public),
)
