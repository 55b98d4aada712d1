"""SAM, as far as rules need it: its functions, state machines and APIs become the resources that they are deployed as.

Not done: versions, deployments, permissions to invoke, custom domains, event source mappings, connectors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Path, Problem, Raw, Scope
from wa_lint.sources.template.sections import OpenFile, Sections
from wa_lint.sources.template.transforms.generated import Made, authored
from wa_lint.sources.template.transforms.include import snippet
from wa_lint.sources.template.transforms.provenance import Drawn, Tree, bare, merged, part
from wa_lint.sources.template.transforms.sam_api import IMPLICIT, api_of, api_resources, events_of
from wa_lint.sources.template.transforms.sam_function import (
    FUNCTION,
    MACHINE,
    Body,
    function_resources,
    machine_resources,
)
from wa_lint.sources.template.transforms.sam_role import CONNECTORS
from wa_lint.sources.template.transforms.sam_security import HTTP, REST, Api

_SAM: Final = "AWS::Serverless::"

_CONNECTOR: Final = "AWS::Serverless::Connector"

_URL: Final = re.compile(r"[A-Za-z0-9]+://")

_NOT_IN_GLOBALS: Final = frozenset({"Policies", "Role", "FunctionName", "Events", "DefinitionBody", "StageName"})
"""What Globals cannot say (AWS SAM specification, Globals section); a template that does is refused."""


def expanded(sections: Sections, open_file: OpenFile | None) -> Sections:
    """Return the sections with what SAM makes of them."""
    resources = sections.section("Resources")
    if not any(_type(body).startswith(_SAM) for body in resources.values()):
        return sections
    return _Expanding(sections, open_file).done()


class _Expanding:
    """One pass over a template."""

    def __init__(self, sections: Sections, open_file: OpenFile | None) -> None:
        self.sections = sections
        self.open_file = open_file
        self.resources = sections.section("Resources")
        self.globals = sections.section("Globals")
        self.connected = frozenset(_connected(self.resources))
        self.snippets: dict[str, Document] = {}
        self.problems: list[Problem] = []

    def done(self) -> Sections:
        apis = self._apis()
        made: Made = {}
        for api in apis.values():
            made |= api_resources(api)
        shared = {id_ for id_ in made if id_.startswith(tuple(IMPLICIT))}  # by all functions whose events want them
        for id_, body in self.resources.items():
            if (make := self._maker(_type(body), apis)) is not None and not _is_hidden(body):
                made |= make(self._body(id_, body))
        value, moved = self._placed(made)
        sections = self.sections.changed(value, moved, self.problems, self._gaps(apis))
        sections = sections.guarded({id_: new.source for id_, new in made.items() if id_ not in shared})
        return msgspec.structs.replace(sections, is_open=True, snippets={**self.sections.snippets, **self.snippets})

    def _maker(self, type_: str, apis: Mapping[str, Api]) -> Callable[[Body], Made] | None:
        if type_ == FUNCTION:
            return lambda body: function_resources(body, apis)
        if type_ == MACHINE:
            return lambda body: machine_resources(body, apis, self._definition)
        return None

    def _placed(self, made: Made) -> tuple[dict[str, Raw], dict[Path, Path]]:
        """Return the template with what was made, which replaces what it was made from, and nothing else."""
        moved: dict[Path, Path] = {}
        resources = dict(self.resources)
        for id_, new in made.items():
            if id_ in resources and new.source != ("Resources", id_):
                continue
            at: Path = ("Resources", id_)
            if new.source != at:
                moved[at] = new.source
            name = _written_as(id_, new.source) if id_ not in resources else None
            resources[id_] = {**self.resources.get(id_, {}), **new.settled(at, moved), **authored(name)}
        return {**self.sections.value, "Resources": resources}, moved

    # --- what is there ------------------------------------------------------------------------------

    def _body(self, id_: str, body: Mapping[str, Raw]) -> Body:
        source: Path = ("Resources", id_)
        said = self._said(body, source)
        if "Connectors" in body or id_ in self.connected:
            said[CONNECTORS] = True
        if isinstance(bare(said.get("DefinitionUri")), str) and _type(body) in {REST, HTTP}:
            said |= self._local_document(said["DefinitionUri"], source)
        return Body(id_, said, source, _condition(body, source))

    def _local_document(self, uri: Tree, source: Path) -> dict[str, Tree]:
        document = None if _URL.match(bare(uri)) else self._definition(bare(uri), source)
        return {} if document is None else {"DefinitionBody": document, "DefinitionUri": None}

    def _said(self, body: Mapping[str, Raw], source: Path) -> dict[str, Tree]:
        """Return the properties of a resource with what Globals adds, but for what it ignores (``IgnoreGlobals``)."""
        properties = body.get("Properties")
        own = properties if isinstance(properties, dict) else {}
        said: dict[str, Tree] = {name: Drawn(value, (*source, "Properties", name)) for name, value in own.items()}
        ignored = body.get("IgnoreGlobals")
        for name, tree in self._global(_type(body)).items():
            if ignored != "*" and not (isinstance(ignored, list) and name in ignored):
                said[name] = merged(tree, said[name]) if name in said else tree
        return said

    def _global(self, type_: str) -> dict[str, Tree]:
        kind = type_.removeprefix(_SAM)
        found = self.globals.get(kind)
        said = found.items() if isinstance(found, dict) else ()
        return {name: Drawn(value, ("Globals", kind, name)) for name, value in said if name not in _NOT_IN_GLOBALS}

    def _apis(self) -> dict[str, Api]:
        apis: dict[str, Api] = {}
        events = list(self._events())
        for id_, body in self.resources.items():
            if _type(body) in {REST, HTTP} and not _is_hidden(body):
                found = self._body(id_, body)
                through = tuple(event for api, event in events if api == id_)
                apis[id_] = Api(id_, _type(body), found.said, found.source, found.condition, through)
        for id_, event in events:
            if id_ in IMPLICIT and id_ not in self.resources:
                apis.setdefault(id_, Api(id_, IMPLICIT[id_], self._global(IMPLICIT[id_]), event.source))
        return apis

    def _events(self) -> Iterator[tuple[str, Drawn]]:
        """Yield the events that come through APIs of this template, each behind the id of its API."""
        for id_, body in self.resources.items():
            if _type(body) in {FUNCTION, MACHINE} and not _is_hidden(body):
                for _, event in events_of(self._body(id_, body).said.get("Events")):
                    if (api := api_of(event)) is not None:
                        yield api, event

    # --- what is not --------------------------------------------------------------------------------

    def _definition(self, location: str, source: Path) -> Tree:
        """Return a state machine's definition that is in a file of its own; None where that cannot be read."""
        try:
            document = snippet(self.open_file, self.sections.uri, location)
        except SourceError as error:
            where = self.sections.locate((*source, "Properties", "DefinitionUri"))
            self.problems.append(Problem(where, f"the definition {location} {error.problem}"))
            return None
        root = f"DefinitionUri {document.uri}"
        self.snippets[root] = document
        return Drawn(document.value, (root,))

    def _gaps(self, apis: Mapping[str, Api]) -> Iterator[Gap]:
        for api in apis.values():
            if api.said.get("DefinitionUri") is not None:
                kind = "AWS::ApiGateway::Method" if api.type == REST else "AWS::ApiGatewayV2::Route"
                yield Gap(
                    Scope(kind), f"{api.id} has an OpenAPI document elsewhere (DefinitionUri), which was not read"
                )


def _written_as(id_: str, source: Path) -> str | None:
    """Return what the author calls a resource that SAM makes: ``Predict/Events/Score``, ``Predict/Role``.

    None for the APIs that SAM adds by itself, and for what a file of its own says.
    """
    if source[0] != "Resources" or id_.startswith(tuple(IMPLICIT)):
        return None
    owner, *steps = (str(step) for step in source[1:] if step != "Properties")
    return "/".join((owner, *(steps or [id_.removeprefix(owner)])))


def _connected(resources: Mapping[str, Raw]) -> Iterator[str]:
    """Yield the ids of resources that a connector lets do something."""
    for body in resources.values():
        source = part(body, "Properties", "Source", "Id") if _type(body) == _CONNECTOR else None
        if isinstance(source, str):
            yield source


def _type(body: Raw) -> str:
    type_ = body.get("Type") if isinstance(body, dict) else None
    return type_ if isinstance(type_, str) else ""


def _is_hidden(body: Mapping[str, Raw]) -> bool:
    """Whether a macro changes the resource, or a function gives all its properties, before SAM sees it."""
    properties = body.get("Properties")
    hidden = isinstance(properties, dict) and any(name.startswith("Fn::") for name in properties)
    return hidden or "Fn::Transform" in body or not isinstance(properties, dict | None)


def _condition(body: Mapping[str, Raw], source: Path) -> Tree:
    return Drawn(body["Condition"], (*source, "Condition")) if "Condition" in body else None
