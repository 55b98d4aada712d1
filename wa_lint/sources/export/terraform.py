"""Terraform's plans and states as JSON: `terraform show -json`. OpenTofu's are the same.

A plan says what will be asked of AWS, so what it does not set on a new resource is not set. A state, and what a plan
leaves as it is, was read from AWS: there what Terraform has no attribute for is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from wa_lint.errors import SourceError
from wa_lint.model import Gap, GivenParameter, Raw, Resource, Unjudged
from wa_lint.sources.export.export_document import Format, Found
from wa_lint.sources.export.terraform_bodies import operations
from wa_lint.sources.export.terraform_parts import joined
from wa_lint.sources.export.terraform_references import PlanConfiguration
from wa_lint.sources.export.terraform_types import ATTACHED, IGNORED, JUDGED_SERVICES, KINDS
from wa_lint.sources.export.terraform_urls import permissions
from wa_lint.sources.export.terraform_values import Planned, documents_of, values_of
from wa_lint.type_names import is_ml

_FORMATS: Final = ("0", "1")
"""Terraform: JSON Output Format. A change of the first number may change the meaning of what was there before."""

_DEEPEST: Final = 64
"""Modules in modules."""


def _is_terraform(value: Raw) -> bool:
    if not isinstance(value, dict) or "format_version" not in value:
        return False
    return any(key in value for key in ("terraform_version", "planned_values", "resource_changes"))


def _read(value: Raw) -> Found:
    """Raise SourceError for a format that this code does not know."""
    version = str(value["format_version"])
    if version.partition(".")[0] not in _FORMATS:
        raise SourceError("", f"Terraform's JSON in format {version}; this wa-lint reads 0.x and 1.x")
    planned = list(_planned(value).values())
    configuration = PlanConfiguration(value.get("configuration"), (p.address for p in planned))
    documents = documents_of(planned, configuration)
    known = {
        p: values_of(p, configuration, documents, KINDS[p.type].generated if p.type in KINDS else ())
        for p in planned
        if p.type in KINDS or p.type in ATTACHED
    }
    problems = tuple(_problems(value))
    resources = joined(known, _region(value))
    beside = [found for one in resources for found in (*operations(one), *permissions(one))]
    return Found(
        (*resources, *(found for found in beside if isinstance(found, Resource))),
        problems=problems,
        gaps=tuple(found for found in beside if isinstance(found, Gap)),
        unjudged=tuple(_unread(planned)),
        parameters=tuple(_variables(value)),
        is_request="values" not in value and not problems,
    )


def _variables(value: Mapping[str, Raw]) -> Iterator[GivenParameter]:
    """Yield the variables of the root module that are texts, numbers or truths."""
    given = value.get("variables")
    for name, body in given.items() if isinstance(given, dict) else ():
        said = body.get("value") if isinstance(body, dict) else None
        if isinstance(said, str | int | float):
            yield GivenParameter(name, str(said).lower() if isinstance(said, bool) else str(said))


def _unread(planned: Iterable[Planned]) -> Iterator[Unjudged]:
    """Yield the types that are not read, with their numbers. A data source is no resource."""
    types = Counter(p.type for p in planned if not p.is_data)
    for type_, count in sorted(types.items()):
        if type_ in KINDS or type_ in ATTACHED or type_ in IGNORED:
            continue
        kind = "unread" if type_.startswith(JUDGED_SERVICES) else "other"
        yield Unjudged(type_, count, "wa-lint does not read this Terraform type", is_ml(type_), kind)


TERRAFORM: Final = Format(
    "a Terraform plan or state", _is_terraform, _read, (b'"format_version"', b'"terraform_version"')
)


def _problems(value: Mapping[str, Raw]) -> Iterator[str]:
    if value.get("errored") is True:
        yield "the plan ended in an error, so resources may be missing"
    elif value.get("complete") is False:
        yield "Terraform deferred part of the plan, so resources are missing"


# --- resources --------------------------------------------------------------------------------------


def _planned(value: Mapping[str, Raw]) -> dict[str, Planned]:
    """Return every resource that there will be, by its address. What is removed is in no planned values."""
    changes = {c["address"]: c for c in _changes(value.get("resource_changes"))}
    state = _root(value.get("values"))
    found = {r["address"]: _read_before(r) for r in _resources(state, 0)}
    found |= {
        r["address"]: _one(r, changes.get(r["address"])) for r in _resources(_root(value.get("planned_values")), 0)
    }
    for address, change in changes.items():
        if address not in found and isinstance(change["change"].get("after"), dict):
            found[address] = _one({**change, "values": change["change"]["after"]}, change)
    return found


def _root(values: Raw) -> Raw:
    return values.get("root_module") if isinstance(values, dict) else None


def _resources(module: Raw, depth: int) -> Iterator[dict[str, Raw]]:
    if not isinstance(module, dict) or depth > _DEEPEST:
        return
    yield from (r for r in _listed(module.get("resources")) if _is_resource(r))
    for child in _listed(module.get("child_modules")):
        yield from _resources(child, depth + 1)


def _changes(listed: Raw) -> Iterator[dict[str, Raw]]:
    """Yield the changes of resources that stay. One that was deposed has the address of the one that replaces it."""
    for change in _listed(listed):
        if _is_resource(change) and "deposed" not in change and isinstance(change.get("change"), dict):
            yield change


def _listed(value: Raw) -> list[Raw]:
    return value if isinstance(value, list) else []


def _is_resource(value: Raw) -> bool:
    return isinstance(value, dict) and isinstance(value.get("address"), str) and isinstance(value.get("type"), str)


def _read_before(resource: Mapping[str, Raw]) -> Planned:
    return Planned(
        address=resource["address"],
        type=resource["type"],
        values=resource.get("values"),
        sensitive=resource.get("sensitive_values"),
        is_answer=True,
        is_data=resource.get("mode") == "data",
    )


def _one(resource: Mapping[str, Raw], change: Mapping[str, Raw] | None) -> Planned:
    what = change["change"] if change else {}
    actions = what.get("actions")
    is_new = isinstance(actions, list) and "create" in actions
    return Planned(
        address=resource["address"],
        type=resource["type"],
        values=resource.get("values"),
        unknown=what.get("after_unknown"),
        sensitive=resource.get("sensitive_values", what.get("after_sensitive")),
        is_new=is_new,
        is_answer=not is_new,
        is_data=resource.get("mode") == "data",
    )


# --- where ------------------------------------------------------------------------------------------


def _region(value: Mapping[str, Raw]) -> str | None:
    """Return the region of the provider that has no alias, where the plan knows it."""
    configuration = value.get("configuration")
    providers = configuration.get("provider_config") if isinstance(configuration, dict) else None
    provider = providers.get("aws") if isinstance(providers, dict) else None
    expressions = provider.get("expressions") if isinstance(provider, dict) else None
    region = expressions.get("region") if isinstance(expressions, dict) else None
    if not isinstance(region, dict):
        return None
    names = _listed(region.get("references"))
    given = value.get("variables")
    variable = given.get(str(names[0]).removeprefix("var.")) if len(names) == 1 and isinstance(given, dict) else None
    found = variable.get("value") if isinstance(variable, dict) else region.get("constant_value")
    return found if isinstance(found, str) else None
