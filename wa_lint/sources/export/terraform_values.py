"""The values of one resource of a Terraform plan: what is known after apply, what is sensitive, what is not set.

It works in Terraform's own words, and knows no CloudFormation.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wa_lint import redact
from wa_lint.model import ABSENT, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.sources.export.terraform_references import NOT_SET, PlanConfiguration, Reference, inside

LATER: Final = "known after apply"
_HIDDEN: Final = Unresolved("sensitive: Terraform does not show it")
_AWS_DECIDES: Final = Unknown("AWS decides it: known after apply")
_POLICY: Final = "aws_iam_policy_document"


class Planned(msgspec.Struct, frozen=True, eq=False):
    """A resource or data source as the plan has it."""

    address: str
    type: str
    values: Raw
    unknown: Raw = None
    sensitive: Raw = None
    is_new: bool = False
    """Whether the plan creates it: what it does not set then is nowhere set."""
    is_answer: bool = False
    """Whether the values were read from AWS, as those of a state, rather than requested."""
    is_data: bool = False
    """Whether it is a data source, which makes nothing."""


class _Asked(msgspec.Struct, frozen=True):
    """What the values of one resource are read with."""

    planned: Planned
    configuration: PlanConfiguration
    documents: dict[str, Value]
    """The address of a policy document that is read during apply -> what is known of it."""
    generated: tuple[str, ...]


def values_of(
    planned: Planned,
    configuration: PlanConfiguration,
    documents: dict[str, Value] | None = None,
    generated: tuple[str, ...] = (),
) -> dict[str, Value]:
    """Return the attributes, each with what is known of it; what is not set is ABSENT or None."""
    asked = _Asked(planned, configuration, documents or {}, generated)
    expressions = configuration.expressions(planned.address)
    found = _laid_over(asked, planned.values, planned.unknown, expressions, "")
    found = found if isinstance(found, dict) else {}
    hidden = _hidden(redact.mask_tree(_plain(found)), planned.sensitive)
    return hidden if isinstance(hidden, dict) else found


def _laid_over(asked: _Asked, value: Raw, unknown: Raw, expression: Raw, path: str) -> Value:
    """Return `value` with something to say wherever `unknown` is true."""
    if unknown is True:
        return _later(asked, expression, path)
    if isinstance(unknown, dict) and isinstance(value, dict | None):
        value = value or {}
        return {
            name: _laid_over(asked, value.get(name), unknown.get(name), inside(expression, name), _below(path, name))
            for name in {**value, **unknown}
        }
    if isinstance(unknown, list) and isinstance(value, list):
        length = max(len(value), len(unknown))
        pairs = zip(_padded(value, length), _padded(unknown, length), strict=True)
        found = [_laid_over(asked, v, u, inside(expression, i), path) for i, (v, u) in enumerate(pairs)]
        return [item for item in found if item is not ABSENT]
    return value


def _later(asked: _Asked, expression: Raw, path: str) -> Value:
    """Say what is known of a value that is known after apply."""
    if expression is NOT_SET:
        if path in asked.generated:
            return Unresolved(f"the provider generates it: {LATER}")
        return ABSENT if asked.planned.is_new else _AWS_DECIDES
    references = asked.configuration.references(expression, asked.planned.address)
    if len(references) == 1 and references[0].address in asked.documents:
        return asked.documents[references[0].address]
    named = [found for found in references if found.address]
    if not named or len(named) < len(references):
        return Unresolved(LATER)
    return Unresolved(f"{LATER}: {', '.join(map(_shown, named))}", tuple(map(_hole, named)))


def _shown(found: Reference) -> str:
    return f"{found.address}.{found.attribute}".removesuffix(".")


def _hole(found: Reference) -> Hole:
    return Hole(_shown(found), target=found.address, attribute=found.attribute or None)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _padded(items: list[Raw], length: int) -> list[Raw]:
    return items + [None] * (length - len(items))


def _plain(value: Value) -> Value:
    """Return a copy whose maps and lists are plain, so that secrets in them are found."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _hidden(value: Value, sensitive: Raw) -> Value:
    """Return `value` without what is marked as sensitive. What is masked already stays: rules may ask for it."""
    if sensitive is True:
        return _all_hidden(value)
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {name: _hidden(item, sensitive.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        return [_hidden(item, mark) for item, mark in zip(value, _padded(sensitive, len(value)), strict=False)]
    return value


def _all_hidden(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _all_hidden(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_all_hidden(item) for item in value]
    is_nothing = value is None or value is ABSENT or value == ""
    is_masked = isinstance(value, str) and "‹secret:" in value  # noqa: RUF001, the mark of `redact`
    return value if is_nothing or is_masked or isinstance(value, Unknown | Unresolved) else _HIDDEN


# --- policy documents that are put together during apply --------------------------------------------


def documents_of(planned: list[Planned], configuration: PlanConfiguration) -> dict[str, Value]:
    """Return what is known of each `aws_iam_policy_document` that has to wait for something."""
    return {p.address: _document(values_of(p, configuration)) for p in planned if p.type == _POLICY}


def _document(values: dict[str, Value]) -> Value:
    """Return the policy as IAM would have it. Documents that are merged into it hide which statements it has."""
    merged = [name for name in ("source_policy_documents", "override_policy_documents") if values.get(name)]
    merged += [name for name in ("source_json", "override_json") if values.get(name) not in (None, "", ABSENT)]
    statements = values.get("statement")
    if merged or not isinstance(statements, list):
        return Unknown(f"a policy document that is built from others: {LATER}")
    return {"Version": "2012-10-17", "Statement": [_statement(s) for s in statements if isinstance(s, dict)]}


_MEMBERS: Final = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def _statement(said: dict[str, Value]) -> Value:
    """Return one block. Effect is Allow unless it says otherwise (the data source's documentation)."""
    effect = said.get("effect")
    found: dict[str, Value] = {"Effect": "Allow" if effect in (None, "", ABSENT) else effect}
    found |= {to: said[name] for name, to in _MEMBERS.items() if said.get(name) not in (None, [], ABSENT)}
    found |= {to: _principals(said[name]) for name, to in _PRINCIPALS.items() if said.get(name)}
    conditions = said.get("condition")
    if conditions:
        found["Condition"] = _conditions(conditions)
    return found


_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}


def _principals(blocks: Value) -> Value:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return Unresolved(LATER)
    found: dict[str, list[Value]] = {}
    for block in blocks:
        identifiers = block.get("identifiers")
        several = identifiers if isinstance(identifiers, list) else [identifiers]
        if block.get("type") == "*":
            return "*"
        found.setdefault(str(block.get("type")), []).extend(several)
    return dict(found)


def _conditions(blocks: Value) -> Value:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return Unresolved(LATER)
    found: dict[str, dict[str, Value]] = {}
    for block in blocks:
        found.setdefault(str(block.get("test")), {})[str(block.get("variable"))] = block.get("values")
    return dict(found)
