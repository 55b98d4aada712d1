"""One YAML file becomes one rule. What is wrong with the file is said with its line; nothing is evaluated here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path as FilePath

import msgspec

from wa_lint import controls, lens, remedy, schema
from wa_lint.cel.evaluate import Program
from wa_lint.cel.evaluate import compile as compile_expression
from wa_lint.cel.parse import parse
from wa_lint.cel.quick import Step
from wa_lint.cel.syntax import CelCheckError, CelError, caret
from wa_lint.document import Document, read_document
from wa_lint.errors import RuleFileError, SourceError, did_you_mean
from wa_lint.facts import FUNCTIONS
from wa_lint.facts.serving import IN_USE, USERS
from wa_lint.model import Outcome, Raw, RuleInfo
from wa_lint.rule_names import SETTINGS, TODAY, ExpressionError, check_expressions, mentions, types_read

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class Example(msgspec.Struct, frozen=True):
    """A few lines of CloudFormation, or of a snapshot, and what the rule must say about them."""

    name: str
    expect: Outcome
    at: str | None = None
    when: str | None = None
    parameters: dict[str, str] = {}
    settings: dict[str, bool | int | float | str | tuple[str, ...]] = {}
    """Values of the rule's settings other than their defaults."""
    template: dict[str, object] | None = None
    snapshot: list[dict[str, object]] | None = None


class Setting(msgspec.Struct, frozen=True):
    """A named threshold of a rule, ``settings.NAME`` in its expressions."""

    default: bool | int | float | str | tuple[str, ...]
    means: str
    """What it limits, in one sentence."""
    unit: str
    """hours, instances, share of 1 …; ``none`` for a truth or a list of names."""
    source: str
    """Where the default comes from: a URL, or the reason for our own choice."""


class Rule(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A rule as it travels in the prepared rule book: texts only, compiled on first use."""

    info: RuleInfo
    require: tuple[str, ...]
    message: str
    for_each: str | None = None
    where: str | None = None
    peers: tuple[str, ...] = ()
    """Checks of other tools that look at the same. Reports leave them out; the rule's page has them."""
    differs: dict[str, str] = {}
    """By control, or `controls.EVERY`: where the rule does not judge as that control does."""
    absent_partner_fails: bool = False
    waste: tuple[float, float] | None = None
    """The least and the greatest share of `monthly_cost` that is likely wasted when it fails."""
    defaults: dict[str, object] = {}
    settings: dict[str, Setting] = {}
    examples: tuple[Example, ...] = ()
    file: str = ""

    @cached_property
    def programs(self) -> Programs:
        return Programs(
            for_each=_compile(self.for_each),
            where=_compile(self.where),
            require=tuple(program for program in map(_compile, self.require) if program),
            message=tuple(_compile_message(self.message)),
            asks_the_date=any(TODAY in mentions(parse(text)) for text in self.expressions.values()),
        )

    @property
    def controls(self) -> tuple[str, ...]:
        """Every control that the rule names."""
        return (*self.info.controls, *self.peers)

    @cached_property
    def thresholds(self) -> Mapping[str, object]:
        """The value of each setting: what ``settings`` is in the expressions."""
        return {name: _listed(setting.default) for name, setting in self.settings.items()}

    @cached_property
    def version(self) -> str:
        """Return a short hash of all that decides its verdicts: another one may judge the same resource otherwise."""
        decides = {
            "applies_to": self.info.applies_to,
            "for_each": self.for_each,
            "where": self.where,
            "require": self.require,
            "defaults": self.defaults,
            "settings": self.thresholds,
            "absent_partner_fails": self.absent_partner_fails,
        }
        return hashlib.sha256(msgspec.json.encode(decides, order="sorted")).hexdigest()[:12]

    def with_settings(self, given: Mapping[str, bool | int | float | str | tuple[str, ...]]) -> Rule:
        """Return the rule with other values of the settings that it has; itself where it has none of them."""
        changed = {
            name: msgspec.structs.replace(self.settings[name], default=value)
            for name, value in given.items()
            if name in self.settings
        }
        if not changed:
            return self
        rule = msgspec.structs.replace(self, settings={**self.settings, **changed})
        rule.__dict__["programs"] = self.programs  # they are the same, and compiled already
        return rule

    @cached_property
    def types_read(self) -> frozenset[str]:
        """Return the types that its verdicts rest on, and those that show whether anything serves what it judges."""
        own = types_read(self.info.applies_to, self.expressions.values())
        return own if self.judges_unused else own.union(*(USERS.get(type_, ()) for type_ in self.info.applies_to))

    @cached_property
    def judges_unused(self) -> bool:
        """Whether it judges also what nothing in an account serves: a rule of security, or about just that."""
        is_of_security = [lens.practice(id_).pillar == "security" for id_ in self.info.practices[:1]]
        return any(is_of_security) or any(IN_USE in text for text in self.expressions.values())

    @property
    def expressions(self) -> Mapping[str, str]:
        """Every expression of the rule by where it is: ``require[0]``, ``where``, ``message[1]``.

        ``waste`` stands for the cost that it is a share of.
        """
        named = {"for_each": self.for_each, "where": self.where}
        named |= {f"require[{i}]": text for i, text in enumerate(self.require)}
        named |= {f"message[{i}]": text for i, text in enumerate(_PLACEHOLDER.findall(self.message))}
        named |= {"waste": f"{'item' if self.for_each else 'resource'}.monthly_cost.low" if self.waste else None}
        return {name: text for name, text in named.items() if text is not None}


_NAMES = ("resource", "item", TODAY, SETTINGS)
"""The variables of an expression."""


class QuickPrograms(msgspec.Struct, frozen=True):
    """The expressions that decide, as the first pass has them."""

    for_each: Step | None
    where: Step | None
    require: tuple[Step, ...]
    size: int
    """How long a frame they need."""


class Programs(msgspec.Struct, frozen=True, dict=True):
    """The compiled expressions of a rule. `message` alternates between texts and programs."""

    for_each: Program | None
    where: Program | None
    require: tuple[Program, ...]
    message: tuple[str | Program, ...]
    asks_the_date: bool

    @cached_property
    def quick(self) -> QuickPrograms | None:
        """The form for the first pass; None where one of the expressions has none."""
        for_each = None if self.for_each is None else self.for_each.quick(_NAMES)
        where = None if self.where is None else self.where.quick(_NAMES)
        require = [program.quick(_NAMES) for program in self.require]
        wanted = (*require, *((for_each,) if self.for_each else ()), *((where,) if self.where else ()))
        known = [quick for quick in wanted if quick]
        if len(known) < len(wanted):
            return None
        return QuickPrograms(
            for_each=for_each.step if for_each else None,
            where=where.step if where else None,
            require=tuple(quick.step for quick in require if quick),
            size=max(quick.size for quick in known),
        )


def load_file(file: FilePath, shown: str | None = None, *, is_trusted: bool = False) -> Rule:
    """Read one rule file; raise `RuleFileError` with its line. `is_trusted` skips schema and type checks."""
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise RuleFileError(shown or file.name, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise RuleFileError(f"{shown or file.name}:{line}:{column}", "is not UTF-8") from error
    return load_text(text, shown or file.name, stem=file.stem, is_trusted=is_trusted)


def load_text(text: str, shown: str, *, stem: str | None = None, is_trusted: bool = False) -> Rule:
    document = _read(text, shown)
    if not is_trusted:
        _validate(document)
    rule = build(document.value, shown)
    if stem is not None and rule.info.id != stem:
        raise _at_key(document, ["id"], f"the id is {rule.info.id!r}, but the file is named {stem!r}")
    if not is_trusted:
        check(rule, document)
    return rule


def build(raw: Raw, file: str) -> Rule:
    """Return the rule that a document that fits the schema describes."""
    applies_to = raw["applies_to"]
    require = raw["require"]
    named = raw.get("controls", [])
    return Rule(
        info=msgspec.convert(
            {
                **raw,
                "controls": [control for control in named if controls.is_official(control)],
                "applies_to": [applies_to] if isinstance(applies_to, str) else applies_to,
                "edits": [_edit(edit) for edit in raw.get("edits", [])],
            },
            RuleInfo,
        ),
        require=(require,) if isinstance(require, str) else tuple(require),
        message=raw["message"],
        for_each=raw.get("for_each"),
        where=raw.get("where"),
        peers=tuple(control for control in named if not controls.is_official(control)),
        differs=raw.get("differs", {}),
        absent_partner_fails=raw.get("absent_partner") == "fail",
        waste=_waste(raw.get("waste")),
        defaults=raw.get("defaults", {}),
        settings=msgspec.convert(raw.get("settings", {}), dict[str, Setting]),
        examples=tuple(msgspec.convert(raw.get("examples", []), list[Example])),
        file=file,
    )


def _edit(raw: Raw) -> Raw:
    """Return an edit as `Edit` has it: what is set is a property, an attribute of the resource, or a new resource."""
    return {
        "set": raw.get("set") or raw.get("attribute") or "",
        "to": raw["to"],
        "is_safe": raw.get("safe", False),
        "effect": raw.get("effect", ""),
        "is_attribute": "attribute" in raw,
        "add": raw.get("add", ""),
        "values": raw.get("values", {}),
        "avoids": raw.get("avoids", ""),
        "needs": raw.get("needs", []),
        "unless": raw.get("unless", []),
    }


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _waste(raw: Raw) -> tuple[float, float] | None:
    return None if raw is None else (float(raw[0]), float(raw[1]))


def check(rule: Rule, document: Document) -> None:
    """Raise `RuleFileError` at the first thing in `rule` that the schemas, the Lens or the language do not know."""
    for type_ in rule.info.applies_to:
        if not schema.known(type_):
            raise _at_key(document, ["applies_to"], f"no type {type_!r}{did_you_mean(type_, schema.types())}")
    for practice in rule.info.practices:
        try:
            lens.practice(practice)
        except KeyError as error:
            raise _at_key(document, ["practices"], str(error.args[0])) from error
    for key, problem in (*_misnamed_controls(document.value), *remedy.faults(rule.info, rule.for_each)):
        raise _at_key(document, key, problem)
    if rule.waste and rule.waste[0] > rule.waste[1]:
        raise _at_key(document, ["waste"], "the least share comes first, then the greatest")
    try:
        unasked = check_expressions(rule.info.applies_to, rule.expressions, rule.defaults, rule.thresholds)
    except ExpressionError as error:
        raise _at_expression(rule, document, error.name, error.cause) from error
    for name, path, line, column in unasked:
        problem = f"{path} may be absent: check has({path}) first, or give it a default"
        raise _at_expression(rule, document, name, CelCheckError(line, column, problem))


def _misnamed_controls(raw: Raw) -> Iterator[tuple[Sequence[str | int], str]]:
    """Yield (where, what is wrong) for each misspelt control, and each difference from one that is not named."""
    named = raw.get("controls", [])
    for index, control in enumerate(named):
        if fault := controls.fault_of(control):
            yield ["controls", index], fault
    for control in raw.get("differs", {}):
        if control not in (*named, controls.EVERY) or not named:
            yield ["differs", control], f"the rule has no control {control!r}{did_you_mean(control, named)}"


def _compile(text: str | None) -> Program | None:
    return None if text is None else compile_expression(parse(text), FUNCTIONS)


def _compile_message(message: str) -> Iterator[str | Program]:
    for i, piece in enumerate(_PLACEHOLDER.split(message)):
        yield compile_expression(parse(piece), FUNCTIONS) if i % 2 else piece


def _read(text: str, shown: str) -> Document:
    try:
        document = read_document(text, shown)
    except SourceError as error:
        raise RuleFileError(error.where, error.problem) from error
    if not isinstance(document.value, dict):
        raise RuleFileError(f"{shown}:1:1", "a rule file is a mapping with an id, a title and so on")
    return document


def _validate(document: Document) -> None:
    import jsonschema  # noqa: PLC0415, 0.2 s that only authors of rules need to wait

    errors = list(jsonschema.Draft202012Validator(_schema()).iter_errors(document.value))
    if not errors:
        return
    strange = (error for error in errors if error.validator == "additionalProperties")
    error = next(strange, None) or jsonschema.exceptions.best_match(errors)  # a misspelt key also lacks the right one
    path = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema["properties"]
        extra = next(key for key in error.instance if key not in known)
        raise _at_key(document, [*path, extra], f"no key {extra!r} in a rule{did_you_mean(str(extra), known)}")
    raise _at_key(document, path, error.message)


def rule_keys() -> Mapping[str, str]:
    """Return the keys of a rule file, each with what its schema says of it."""
    return {name: str(part.get("description", "")) for name, part in _schema()["properties"].items()}


@cache
def _schema() -> Raw:
    return msgspec.json.decode((FilePath(__file__).parent / "schemas" / "rule.schema.json").read_bytes())


def _at_key(document: Document, path: Sequence[str | int], problem: str) -> RuleFileError:
    place = document.locate(tuple(path))
    return RuleFileError(f"{document.uri}:{place.line}:{place.column}", problem)


def _at_expression(rule: Rule, document: Document, name: str, error: CelError) -> RuleFileError:
    """Return the error with its place in the file, and the expression with a caret below."""
    if name == "waste":
        return _at_key(document, [name], f"it is a share of a cost, but {error.problem}")
    expression = rule.expressions[name]
    start, end = _span_of(document, name)
    if not name.startswith("message"):
        written = document.text[start:end]
        start += _same_character(written, expression, _offset(expression, error.line, error.column))
    place = document.location(start, start + 1)
    problem = f"{error.problem}\n{caret(expression, error.line, error.column)}"
    return RuleFileError(f"{document.uri}:{place.line}:{place.column}", problem)


def _span_of(document: Document, name: str) -> tuple[int, int]:
    """Return where the text of ``require[1]``, ``where`` or ``message[0]`` begins and ends in the file."""
    key, _, index = name.partition("[")
    place = (document.places.children or {})[key]
    if place.children is not None:
        place = place.children[int(index.rstrip("]"))]
    return place.value, place.end


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column - 1


def _same_character(written: str, folded: str, offset: int) -> int:
    """Return where in `written`, a YAML scalar as it is in the file, the character of its value at `offset` is.

    Folding changes white space only, so the n-th other character is the same one in both.
    """
    skipped = len(written) - len(re.sub(r"^(?:[|>][-+0-9]*|['\"])", "", written))
    wanted = sum(not character.isspace() for character in folded[:offset])
    solid = [i for i, character in enumerate(written) if i >= skipped and not character.isspace()]
    return solid[min(wanted, len(solid) - 1)] if solid else 0
