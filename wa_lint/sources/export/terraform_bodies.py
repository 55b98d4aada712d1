"""The methods and routes in the OpenAPI bodies of a plan's APIs, as resources beside them. It reads no plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.document import read_document
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Hole, Raw, Resource, Scope, Unknown, Unresolved, Value
from wa_lint.sources.live.api_response import document
from wa_lint.sources.template.transforms.generated import New
from wa_lint.sources.template.transforms.openapi import HTTP_API, REST_API, DescribedApi, methods
from wa_lint.sources.template.transforms.provenance import Drawn

_OPERATIONS: Final[Mapping[str, str]] = {REST_API: "AWS::ApiGateway::Method", HTTP_API: "AWS::ApiGatewayV2::Route"}


def body(text: Raw) -> Raw:
    """Return the document in a text, of JSON or YAML; Unknown for what is neither."""
    found = document(text)
    if not isinstance(text, str) or isinstance(found, dict):
        return found
    try:
        parsed = read_document(text, "body").value
    except SourceError:
        return found
    return parsed if isinstance(parsed, dict) else found


def policy_in(type_: str, api: Mapping[str, Value]) -> dict[str, Value]:
    """Return the resource policy that the body of a REST API has, where the API has none of its own."""
    said = api.get("Body")
    policy = said.get("x-amazon-apigateway-policy") if isinstance(said, dict) else None
    return {"Policy": policy} if policy is not None and type_ == REST_API and "Policy" not in api else {}


def operations(api: Resource) -> Iterator[Resource | Gap]:
    """Yield the methods, or the routes and their integrations, of an API's body; a gap where it is not known."""
    said = api.properties.get("Body") if isinstance(api.properties, dict) else None
    if api.type not in _OPERATIONS or said is None:
        return
    if not isinstance(said, dict):
        why = said.reason if isinstance(said, Unknown | Unresolved) else "no map"
        yield Gap(Scope(_OPERATIONS[api.type]), f"those of {api.id} are in its body, which is not known: {why}")
        return
    made = methods(DescribedApi(api.id, api.type, Drawn(said, ())))
    ids = {id_: _id(api, new) for id_, new in made.items()}
    for id_, new in made.items():
        properties = new.settled((), {})["Properties"]
        yield Resource(
            id=ids[id_],
            type=new.type,
            properties=_value(properties, ids),
            origin=api.origin,
            account=api.account,
            region=api.region,
            within=api.id,
        )


def _id(api: Resource, new: New) -> str:
    """Return ``ADDRESS/POST /direct``."""
    _, path, verb, *_ = (*map(str, new.source), "", "")
    noun = "any" if verb.startswith("x-") else verb
    kind = " integration" if new.type.endswith("::Integration") else ""
    return f"{api.id}/{noun.upper()} {path}{kind}"


def _value(said: Raw, ids: Mapping[str, str]) -> Value:
    """Return what was made with the references between what was made; of what no document says, nothing is known."""
    match said:
        case {"Ref": str(id_)} if len(said) == 1:
            target = ids.get(id_, id_)
            return Unresolved(f"{target} is known after apply", (Hole(target, target=target),))
        case {"Fn::Sub": str(text)} if len(said) == 1:
            head, _, id_ = text.removesuffix("}").partition("${")
            target = ids.get(id_, id_)
            return Unresolved(f"{target} is known after apply", (head, Hole(target, target=target)))
        case {"Fn::Transform": _} if len(said) == 1:
            return Unknown("its OpenAPI document does not define it in a form that wa-lint reads")
        case dict():
            return {key: _value(inner, ids) for key, inner in said.items() if inner is not None}
        case list():
            return [_value(inner, ids) for inner in said]
    return said
