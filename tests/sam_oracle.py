"""SAM by its own translator: what rules see is what CloudFormation gets. It opens no socket and decides no parameter.

AWS's library (aws-sam-translator, the extra ``sam``) is the code that the transform runs. Where it refuses a template,
that is said and the template is read as `sam.expanded` reads it, which is also asked where each value was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from sam_oracle_library import KEPT, Refused, translate

from wa_lint.model import Path, Problem, Raw
from wa_lint.redact import mask
from wa_lint.sources.template.parameters import Pins, declared
from wa_lint.sources.template.sections import OpenFile, Sections
from wa_lint.sources.template.transforms.generated import Made
from wa_lint.sources.template.transforms.openapi import HTTP_API, REST_API, DescribedApi, methods
from wa_lint.sources.template.transforms.provenance import OPAQUE, Drawn, Tree, bare, part
from wa_lint.sources.template.transforms.sam import expanded
from wa_lint.sources.template.transforms.sam_api import IMPLICIT, Event, api_of, events_of
from wa_lint.sources.template.transforms.sam_function import FUNCTION, MACHINE
from wa_lint.sources.template.transforms.sam_security import HTTP, REST, operation_of

_APPLICATION: Final = "AWS::Serverless::Application"
"""The translator asks the Serverless Application Repository about these. They are followed as nested stacks are."""

_LAYER: Final = "AWS::Serverless::LayerVersion"

_BUCKET: Final = "wa-lint-elsewhere"

_ELSEWHERE: Final = f"s3://{_BUCKET}/code"
"""Stands for code that ``sam package`` is still to upload. The translator takes nothing but places in S3."""

_MARK: Final = "wa-lint:source"
"""In the metadata of a resource, which the translator hands on to all that it makes of it."""

_DEFINITIONS: Final = ("Definition", "DefinitionString", "DefinitionS3Location")

_NO_VALUE: Final[Raw] = {"Ref": "AWS::NoValue"}

_ID: Final = re.compile(r"\[(\w+)\]")

_LONGEST: Final = 300
"""Characters of a message of the translator."""


def translated(sections: Sections, pins: Pins, open_file: OpenFile | None) -> Sections:
    """Return the sections with what the translator makes of SAM; as `sam.expanded` has it, where it refuses."""
    native = expanded(sections, open_file)
    if native is sections:
        return sections
    try:
        return _Translating(sections, native, pins).done()
    except Refused as refused:
        problems = [_problem(sections, message) for message in refused.messages]
        return msgspec.structs.replace(native, problems=(*native.problems, *problems))


class _Translating:
    """One pass over a template."""

    def __init__(self, sections: Sections, native: Sections, pins: Pins) -> None:
        self.sections = sections
        self.native = native
        self.pins = pins
        self.resources = sections.section("Resources")
        region = pins.get("AWS::Region")
        self.region = region if isinstance(region, str) else None

    def done(self) -> Sections:
        fed = self._fed()
        if not any(_MARK in body.get("Metadata", {}) for body in fed["Resources"].values()):
            return self.native
        out = _unmarked(translate(fed, self._values(), self.region))
        made = {id_: body for id_, body in out["Resources"].items() if isinstance(body, dict)}
        sources = {id_: self._source(id_, body) for id_, body in made.items()}
        resources = self._resources({id_: self._restored(id_, body) for id_, body in made.items()})
        layer: dict[Path, Path] = {
            ("Resources", id_): path for id_, path in sources.items() if id_ not in self.resources
        }
        operations = self._methods(resources)
        for id_, new in operations.items():
            layer[("Resources", id_)] = new.source
            resources[id_] = new.settled(("Resources", id_), layer)
        layer |= self._known_places(resources)
        for id_, source in sources.items():
            layer |= self._policy_places(id_, resources[id_], source)
        shared = tuple(IMPLICIT)
        made_from = {id_: path for id_, path in sources.items() if not id_.startswith(shared)}
        return msgspec.structs.replace(
            self.native,
            value={**self.sections.value, **out, "Resources": resources},
            layers=(*self.sections.layers, layer),
            is_open=self.sections.is_open,
            guards=self.sections.guards,
        ).guarded(made_from | {id_: new.source for id_, new in operations.items()})

    # --- what goes in -------------------------------------------------------------------------------

    def _fed(self) -> dict[str, Raw]:
        """Return a copy of what the translator reads. It changes what it is given."""
        names = ("Transform", "Globals", "Parameters", "Mappings", "Conditions", "Outputs")
        fed = {name: _copy(self.sections.value[name]) for name in names if name in self.sections.value}
        plain = {id_: body for id_, body in self.resources.items() if _is_plain(body)}
        return {**fed, "Resources": {id_: self._marked(id_, _copy(body)) for id_, body in plain.items()}}

    def _marked(self, id_: str, body: dict[str, Raw]) -> dict[str, Raw]:
        if not body["Type"].startswith("AWS::Serverless::"):
            return body
        properties = body.get("Properties") or {}
        if "PackageType" not in properties and (package := self._packaged()) is not None and body["Type"] == FUNCTION:
            properties["PackageType"] = package
        if (alias := self._default(properties.get("AutoPublishAlias"))) is not None:
            properties["AutoPublishAlias"] = alias
        _upload(body["Type"], properties, self._native_part(id_, "Body"))
        return {**body, "Properties": properties, "Metadata": {_MARK: id_}}

    def _packaged(self) -> Raw:
        return part(self.sections.section("Globals"), "Function", "PackageType")

    def _default(self, raw: Raw) -> str | None:
        """Return the default of the parameter that `raw` refers to: the translator must know an alias by its name."""
        name = str(raw.get("Ref")) if isinstance(raw, dict) else ""
        declarations = self.sections.section("Parameters")
        return declared(name, declarations[name]).default if name in declarations and name not in self.pins else None

    def _values(self) -> dict[str, Raw]:
        """Return the values of the parameters: what is given for them. What is only a default stays open."""
        values: dict[str, Raw] = {}
        for name, body in self.sections.section("Parameters").items():
            parameter = declared(name, body)
            is_open = name not in self.pins or parameter.is_elsewhere or parameter.no_echo
            values[name] = KEPT if is_open else parameter.typed(self.pins[name])
        return values

    # --- what comes out -----------------------------------------------------------------------------

    def _restored(self, id_: str, body: dict[str, Raw]) -> dict[str, Raw]:
        """Return a resource with the metadata that it had, and a state machine with its own definition."""
        rest = {key: value for key, value in body.items() if key != "Metadata"}
        own = self.resources.get(id_)
        if isinstance(own, dict) and "Metadata" in own:
            rest["Metadata"] = own["Metadata"]
        if isinstance(own, dict) and own.get("Type") == MACHINE:
            kept = {name: value for name, value in rest["Properties"].items() if name not in _DEFINITIONS}
            said = {name: value for name in _DEFINITIONS if (value := self._native_part(id_, name)) is not None}
            rest["Properties"] = {**kept, **said}
        return rest

    def _resources(self, made: Mapping[str, Raw]) -> dict[str, Raw]:
        """Return what was made, in the order of what it was made from, and what was not handed in."""
        kept = {id_: made.get(id_, body) for id_, body in self.resources.items() if id_ in made or not _is_plain(body)}
        return {**kept, **made}

    def _methods(self, resources: dict[str, Raw]) -> Made:
        """Return the methods and routes that events add to APIs, under the ids that `sam_api` gives them.

        They leave the documents of the APIs: one that stands under a condition there would not be seen.
        """
        made: Made = {}
        for event, (api, path, verb) in self._events():
            body = part(resources.get(api), "Properties", "Body")
            item, outer = _unfolded(part(body, "paths", path))
            operation, inner = _unfolded(part(item, verb))
            if not isinstance(operation, Mapping) or not self._is_of_event(api, event, resources[api]):
                continue
            condition = inner or outer or resources[api].get("Condition")
            document = {**body, "paths": {path: {verb: Drawn(_said(operation), event.tree.source)}}}
            made |= _named(event, methods(DescribedApi(api, resources[api]["Type"], document, condition)))
            del item[verb]
        return {id_: new for id_, new in made.items() if id_ not in resources}

    def _is_of_event(self, api: str, event: Event, body: Mapping[str, Raw]) -> bool:
        """Whether an operation is there because of an event, and not in a document of the API's own."""
        ids = self.native.section("Resources")
        is_api = body["Type"] in (REST_API, HTTP_API) and body is not self.resources.get(api)
        return is_api and (f"{event.id}Method" in ids or f"{event.id}Route" in ids)

    def _events(self) -> Iterator[tuple[Event, tuple[str, str, str]]]:
        """Yield the events that come through an API, with its id and their path and verb in its document."""
        for id_, body in self.resources.items():
            if not _is_plain(body) or body["Type"] not in {FUNCTION, MACHINE}:
                continue
            said = Drawn(body.get("Properties"), ("Resources", id_, "Properties"))
            for name, event in events_of(part(said, "Events")):
                api = api_of(event)
                if api is not None and isinstance(bare(part(event, "Properties", "Path")), str | None):
                    is_function = body["Type"] == FUNCTION
                    yield Event(f"{id_}{name}", event, None, is_function), (api, *operation_of(event))

    # --- where it was written -----------------------------------------------------------------------

    def _known_places(self, resources: Mapping[str, Raw]) -> dict[Path, Path]:
        """Return the places of values that both ways of reading have at the same path, and that were moved there."""
        value = {"Resources": resources}
        inner = {at: path for at, path in self._moved().items() if len(at) > len(("Resources", "Id"))}
        return {at: path for at, path in inner.items() if _is_same_place(value, self.native.value, at)}

    def _policy_places(self, id_: str, body: Raw, source: Path) -> dict[Path, Path]:
        """Return the places of a role's policies: SAM numbers those that are written, and none that it adds itself."""
        places: dict[Path, Path] = {}
        if id_ in self.resources or part(body, "Type") != "AWS::IAM::Role":
            return places
        at: Path = ("Resources", id_, "Properties", "Policies")
        written: Path = (*source, "Properties", "Policies")
        is_list = isinstance(part(self.sections.value, *map(str, written)), list)
        for index, policy in enumerate(part(body, "Properties", "Policies") or ()):
            places[*at, index] = source
            for below, one in _alternatives(policy):
                number = str(part(one, "PolicyName")).removeprefix(f"{id_}Policy")
                if number.isdecimal():
                    item = (int(number),) * is_list
                    places[*at, index, *below, "PolicyDocument"] = (*written, *item, *below)
        return places

    def _source(self, id_: str, body: Mapping[str, Raw]) -> Path:
        """Return the place of what a resource was made from."""
        marked = part(body, "Metadata", _MARK)
        if id_ in self.resources:
            return ("Resources", id_)
        if isinstance(marked, str):
            return ("Resources", marked)
        moved = self._moved()
        known = [name for name in self.native.section("Resources") if id_.startswith(name)]
        nearest: Path = ("Resources", max(known, key=len)) if known else ("Transform",)
        return moved.get(nearest, nearest)

    def _moved(self) -> Mapping[Path, Path]:
        layers = self.native.layers
        return layers[-1] if len(layers) > len(self.sections.layers) else {}

    def _native_part(self, id_: str, name: str) -> Raw:
        return part(self.native.value, "Resources", id_, "Properties", name)


def _problem(sections: Sections, message: str) -> Problem:
    resources = sections.section("Resources")
    found = [id_ for id_ in _ID.findall(message) if id_ in resources]
    where = sections.locate_key(("Resources", found[0]) if found else ("Transform",))
    said = mask(" ".join(message.split()).rstrip("."))
    said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    return Problem(where, f"SAM's translator refuses the template, so it was read without it: {said}")


# --- in ---------------------------------------------------------------------------------------------


def _is_plain(body: Raw) -> bool:
    """Whether the translator may have a resource: it looks into them all, and asks AWS about applications."""
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str) or "Fn::Transform" in body:
        return False
    properties = body.get("Properties", {})
    is_map = isinstance(properties, dict) and not any(name.startswith("Fn::") for name in properties)
    return is_map and body["Type"] != _APPLICATION


def _copy(raw: Raw) -> Raw:
    """Return a copy in which no two places share a value, as places that YAML anchors name do."""
    if isinstance(raw, dict):
        return {key: _copy(inner) for key, inner in raw.items()}
    return [_copy(inner) for inner in raw] if isinstance(raw, list) else raw


def _upload(type_: str, properties: dict[str, Raw], document: Raw) -> None:
    """Do to what is named by a local path what ``sam package`` does; `document` is what an API's path leads to."""
    if type_ == FUNCTION and "InlineCode" not in properties:
        name = "ImageUri" if properties.get("PackageType") == "Image" else "CodeUri"
        properties[name] = _stored(properties.get(name)) if name == "CodeUri" else properties.get(name, _ELSEWHERE)
    elif type_ == _LAYER:
        properties["ContentUri"] = _stored(properties.get("ContentUri"))
    elif type_ == MACHINE:
        properties.pop("Definition", None)
        properties["DefinitionUri"] = _ELSEWHERE
    elif type_ in {REST, HTTP} and isinstance(uri := properties.get("DefinitionUri"), str):
        if document is None:
            properties["DefinitionUri"] = _stored(uri)
        else:
            del properties["DefinitionUri"]
            properties["DefinitionBody"] = _copy(document)


def _stored(uri: Raw) -> Raw:
    is_stored = isinstance(uri, dict) or (isinstance(uri, str) and uri.startswith("s3://"))
    return uri if is_stored else _ELSEWHERE


# --- out --------------------------------------------------------------------------------------------


def _unmarked(raw: Raw) -> Raw:
    """Return the value with what nobody knows yet in place of what was not uploaded yet."""
    if isinstance(raw, dict):
        is_ours = any(isinstance(inner, str) and inner in (_BUCKET, _ELSEWHERE) for inner in raw.values())
        if is_ours:
            return {"S3Bucket": OPAQUE, "S3Key": OPAQUE} if "S3Bucket" in raw else OPAQUE
        return {key: _unmarked(inner) for key, inner in raw.items()}
    return [_unmarked(inner) for inner in raw] if isinstance(raw, list) else raw


def _unfolded(said: Raw) -> tuple[Tree, Raw]:
    """Return what stands under a condition or not at all, and the condition; None where there is none."""
    match said:
        case {"Fn::If": [str(condition), then, otherwise]} if otherwise == _NO_VALUE:
            return then, condition
    return said, None


def _alternatives(policy: Raw) -> Iterator[tuple[Path, Raw]]:
    """Yield a policy, or the two that a condition chooses from, each with its path."""
    match policy:
        case {"Fn::If": [_, then, otherwise]}:
            yield ("Fn::If", 1), then
            yield ("Fn::If", 2), otherwise
        case _:
            yield (), policy


def _said(operation: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """Return an operation without SAM's own word for no authorizer, which no security scheme of the document bears."""
    security = operation.get("security")
    if not isinstance(security, list):
        return operation
    return {**operation, "security": [item for item in security if item != {"NONE": []}]}


def _named(event: Event, made: Made) -> Made:
    """Return the resources of an operation under the ids of their event."""
    named: Made = {}
    for new in made.values():
        kind = new.type.rpartition("::")[2]
        target = {"Target": {"Fn::Sub": f"integrations/${{{event.id}Integration}}"}} if kind == "Route" else {}
        named[f"{event.id}{kind}"] = msgspec.structs.replace(new, properties={**new.properties, **target})
    return named


def _is_same_place(one: Raw, other: Raw, at: Path) -> bool:
    """Whether a path leads to something in both, in lists to the same policy, or the same item of equally many."""
    for step in at:
        if isinstance(one, dict) and isinstance(other, dict) and step in one and step in other:
            one, other = one[step], other[step]
        elif not (isinstance(one, list) and isinstance(other, list) and int(step) < min(len(one), len(other))):
            return False
        else:
            is_shifted = len(one) != len(other)
            one, other = one[int(step)], other[int(step)]
            if (is_shifted and one != other) or part(one, "PolicyName") != part(other, "PolicyName"):
                return False
    return True
