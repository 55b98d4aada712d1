"""Nested stacks with a local template: what they hold becomes part of the template that nests them.

A resource of the stack ``Child`` is ``Child/Config`` here, its parameters, conditions and mappings are ``Child.Stage``;
what the parent gives for a parameter takes its place. Nothing is ever fetched, and what cannot be followed is said.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Document
from wa_lint.errors import SourceError
from wa_lint.model import NotFollowed, Path, Problem, Raw, Unknown, Value
from wa_lint.scenario import Fork, Scenario
from wa_lint.sources.template.functions.partial_text import function_of, spell, text_of
from wa_lint.sources.template.functions.question import Asking, Template
from wa_lint.sources.template.parameters import Parameter, Pins, declared, refusal
from wa_lint.sources.template.sections import Argument, OpenFile, Sections
from wa_lint.sources.template.stacks.inlining import StackPart, joined
from wa_lint.sources.template.stacks.renaming import NewNames, Renamed, renamed
from wa_lint.sources.template.transforms.include import snippet
from wa_lint.sources.template.transforms.sam import expanded

STACKS: Final[Mapping[str, str]] = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
"""The types that nest a stack, and the property that says where its template is."""

Expand: TypeAlias = Callable[[Sections, Pins, OpenFile | None], Sections]
"""Does to a template what the SAM transform does."""


def natively(sections: Sections, pins: Pins, open_file: OpenFile | None) -> Sections:
    """Expand SAM with our own reading of it. It decides no parameter, so it needs no pins."""
    del pins
    return expanded(sections, open_file)


_DEEPEST: Final = 8
"""Stacks within each other. CloudFormation has no limit of its own; real ones have three or four."""

_MOST: Final = 200
"""Stacks in one template and all that it nests."""

_LONGEST: Final = 30_000_000
"""Characters of the templates of these stacks, counted as often as each is nested; CloudFormation takes 1 MB each."""


class Nest(msgspec.Struct, frozen=True, eq=False):
    """Where a template is among those that nest each other."""

    open_file: OpenFile | None
    chain: tuple[str, ...]
    """The uris from the outermost template to this one."""
    documents: dict[tuple[str, str], Document]
    """What was read already, by the uri of the template that names it and the name; shared by all."""
    followed: list[int]
    """The lengths of the templates that were followed so far, once for each stack; shared by all."""
    expand: Expand = natively

    @classmethod
    def outermost(cls, uri: str, open_file: OpenFile | None, expand: Expand = natively) -> Nest:
        return cls(open_file, (uri,), {}, [], expand)

    def child(self, location: str) -> tuple[Document, Nest]:
        """Return the template at `location` and its own nest. Raise `SourceError` where it cannot be followed."""
        if len(self.chain) > _DEEPEST:
            raise SourceError(location, f"is not followed: stacks nest deeper than {_DEEPEST} levels")
        if len(self.followed) >= _MOST:
            raise SourceError(location, f"is not followed: there are more than {_MOST} nested stacks")
        document = self._read(location)
        if document.uri in self.chain:
            raise SourceError(location, "is not followed: it nests itself")
        if sum(self.followed) + len(document.text) > _LONGEST:
            raise SourceError(location, f"is not followed: the nested templates have over {_LONGEST} characters")
        self.followed.append(len(document.text))
        below = _below(self.open_file, posixpath.dirname(location))
        return document, msgspec.structs.replace(self, open_file=below, chain=(*self.chain, document.uri))

    def _read(self, location: str) -> Document:
        key = (self.chain[-1], location)
        if key not in self.documents:
            self.documents[key] = snippet(self.open_file, *key)
        return self.documents[key]


def _below(open_file: OpenFile | None, folder: str) -> OpenFile | None:
    return None if open_file is None else lambda name: open_file(posixpath.join(folder, name))


Deploy: TypeAlias = Callable[[Sections, Pins, Nest], Sections]
"""Does to a template all that its transforms and nested stacks do. Raise `SourceError` where it is not a template."""


def nests(sections: Sections) -> bool:
    """Whether a template has a nested stack."""
    return any(_is_stack(body) for body in sections.section("Resources").values())


def with_stacks(template: Template, nest: Nest, deploy: Deploy) -> Sections:
    """Return the sections of `template`, whose transforms are done, with what its nested stacks hold."""
    sections = template.sections
    parts: dict[str, StackPart] = {}
    problems = list(sections.problems)
    unread = list(sections.not_followed)
    for id_, body in template.resources.items():
        if not isinstance(body, dict) or str(body.get("Type")) not in STACKS:
            continue
        stack = _Stack(template, id_, body)
        try:
            parts[id_] = stack.part(nest, deploy)
        except SourceError as why:
            said = f"the nested stack {id_} was not read, so its resources were not checked: {why.where} {why.problem}"
            stack.say(said, (STACKS[body["Type"]],))
            place = sections.locate_key(("Resources", id_))
            unread.append(
                NotFollowed(place, f"the nested stack {id_}", f"{why.where} {why.problem}".strip(), "nested-stack")
            )
        problems += stack.problems
    sections = msgspec.structs.replace(sections, problems=tuple(problems), not_followed=tuple(unread))
    if not parts:
        return sections
    nested = {**sections.nested, **{id_: part.old.uri for id_, part in parts.items()}}
    return joined(msgspec.structs.replace(sections, nested=nested), list(parts.values()))


def _is_stack(body: Raw) -> bool:
    type_ = body.get("Type") if isinstance(body, dict) else None
    return isinstance(type_, str) and type_ in STACKS


class _Stack:
    """One nested stack, as the template says it."""

    def __init__(self, template: Template, id_: str, body: Mapping[str, Raw]) -> None:
        self.template = template
        self.id = id_
        self.body = body
        properties = body.get("Properties")
        self.properties: Mapping[str, Raw] = properties if isinstance(properties, dict) else {}
        self.given = self.properties.get("Parameters") or {}
        self.problems: list[Problem] = []

    def part(self, nest: Nest, deploy: Deploy) -> StackPart:
        """Return what the stack holds. Raise `SourceError` where its template cannot be followed, or read."""
        document, inner = nest.child(self._location())
        said = document.value if isinstance(document.value, dict) else {}
        declarations = said.get("Parameters")
        arguments = dict(self._arguments(declarations if isinstance(declarations, dict) else {}))
        known = {name: text for name, argument in arguments.items() if (text := self._known(argument.raw)) is not None}
        self._refuse(declarations if isinstance(declarations, dict) else {}, known, document.uri)
        pins = {name: pin for name, pin in self.template.pins.items() if name.startswith("AWS::")} | known
        try:
            old = deploy(Sections(document, _without_defaults(said, arguments)), pins, inner)
        except SourceError as error:
            raise SourceError(document.uri, f"cannot be read: {error.problem}") from None
        condition = self.body.get("Condition")
        return StackPart(
            f"stack {self.id}",
            old,
            self._in_our_words(old, arguments),
            condition if isinstance(condition, str) else None,
            self.template.sections.guards.get(self.id, ()),
        )

    def say(self, problem: str, at: Path) -> None:
        place = self.template.sections.locate(("Resources", self.id, "Properties", *at))
        self.problems.append(Problem(place, problem))

    # --- its template --------------------------------------------------------------------------------

    def _location(self) -> str:
        if self.id in self.template.sections.opaque:
            raise SourceError(self.template.sections.opaque[self.id], "")
        asset = self.body.get("Metadata")
        if isinstance(asset, dict) and asset.get("aws:asset:property") == "TemplateURL":
            path = asset.get("aws:asset:path")
            if isinstance(path, str):
                return path
        name = STACKS[self.body["Type"]]
        raw = self.properties.get(name)
        known = self._known(raw)
        if isinstance(known, str) and known:
            return known
        if not raw:
            raise SourceError(f"its {name}", "is not set")
        if function_of(raw) is None:
            raise SourceError(f"its {name}", "names no file")
        raise SourceError(f"its {name}, {spell(raw)},", "is known only at deployment")

    # --- its parameters ------------------------------------------------------------------------------

    def _arguments(self, declarations: Mapping[str, Raw]) -> Iterator[tuple[str, Argument]]:
        """Yield what is given for each declared parameter that something is, or may be, given for."""
        is_plain = isinstance(self.given, dict) and function_of(self.given) is None
        for name, body in declarations.items():
            parameter = declared(f"{self.id}.{name}", body)
            if not is_plain:
                yield name, Argument(Unknown(f"what is given for {parameter.name} is made by a function"), parameter)
            elif name in self.given:
                yield name, Argument(self.given[name], parameter)

    def _known(self, raw: Raw) -> str | list[str] | None:
        """Return the text, or the texts, that an expression is in every scenario; None where it is not that clear."""
        ask = Asking(self.template, Scenario())
        try:
            value = ask.value(raw)
            items = [text_of(ask.value(item)) for item in value] if isinstance(value, list) else None
        except Fork:
            return None
        if ask.assumes:
            return None
        if items is None:
            return text_of(value)
        texts = [item for item in items if item is not None]
        return texts if len(texts) == len(items) else None

    def _refuse(self, declarations: Mapping[str, Raw], known: Pins, uri: str) -> None:
        """Note what CloudFormation will refuse: values that the template does not take, names that it does not have."""
        for name, value in known.items():
            if why := refusal(name, declarations[name], value):
                self.say(f"what {self.id} is given for {name} {why}", ("Parameters", name))
        for name in self.given if isinstance(self.given, dict) and function_of(self.given) is None else ():
            if name not in declarations:
                self.say(f"{self.id} is given {name}, which {uri} does not declare", ("Parameters", name))

    # --- as part of the whole ------------------------------------------------------------------------

    def _in_our_words(self, old: Sections, arguments: Mapping[str, Argument]) -> Renamed:
        stack_id = {"Ref": self.id}
        references: dict[str, Raw] = {
            "AWS::StackId": stack_id,
            "AWS::StackName": {"Fn::Select": [1, {"Fn::Split": ["/", stack_id]}]},
        }
        references |= {name: a.raw for name, a in arguments.items() if self._is_same(a.raw, a.parameter)}
        new = renamed(old, NewNames(lambda name: f"{self.id}/{name}", lambda name: f"{self.id}.{name}", references))
        ours = {argument.parameter.name: argument for argument in arguments.values()}
        parameters = {name: body for name, body in new.sections.section("Parameters").items() if name not in ours}
        outputs = new.sections.section("Outputs").items()
        sections = msgspec.structs.replace(
            new.sections,
            value={**new.sections.value, "Parameters": parameters},
            arguments={**new.sections.arguments, **ours},
            outputs={**new.sections.outputs, **{_output_name(self.id, n): _value_of(body) for n, body in outputs}},
        )
        return Renamed(sections, new.moved)

    def _is_same(self, raw: Raw, parameter: Parameter) -> bool:
        """Whether a parameter is given what another name stands for, and makes nothing else of it."""
        if parameter.is_list or parameter.is_elsewhere or parameter.no_echo:
            return False
        match raw:
            case {"Ref": str(name)} if len(raw) == 1 and name != "AWS::NoValue":
                ours = self.template.parameters.get(name)
                return ours is not None and not ours.is_list
        return False


def _without_defaults(said: Mapping[str, Raw], arguments: Mapping[str, Argument]) -> dict[str, Raw]:
    """Return a template in which no parameter has its default that something else is given for."""
    parameters = said.get("Parameters")
    if not arguments or not isinstance(parameters, dict):
        return dict(said)
    bare = {
        name: {key: inner for key, inner in body.items() if key != "Default"}
        if name in arguments and isinstance(body, dict)
        else body
        for name, body in parameters.items()
    }
    return {**said, "Parameters": bare}


def _output_name(stack: str, name: str) -> str:
    """Return ``Child.Outputs.Name`` for the output ``Child.Name``."""
    return f"{stack}.Outputs.{name.removeprefix(f'{stack}.')}"


def _value_of(output: Raw) -> Value:
    return output.get("Value") if isinstance(output, dict) else Unknown("an output is not a map")
