# ruff: noqa: INP001, T201 -- a script stands alone, and prints
"""Hold our CEL against the public conformance cases, of which none stand in this repository. Development only.

    python scripts/conformance.py CEL_SPEC/tests/simple/testdata

The folder is one of a checkout of google/cel-spec (Apache-2.0). For each file it says how many cases the subset covers,
how many of these hold, and why the others are not covered. It exits 1 if a covered case does not hold.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from wa_lint.cel.calls import OPTIONAL_MAKERS, OPTIONAL_METHODS
from wa_lint.cel.evaluate import compile as compile_cel
from wa_lint.cel.library import LIBRARY, TYPES
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Call, CelSyntaxError, Ident, Macro, Node, walk
from wa_lint.cel.values import CelType, EvaluationError
from wa_lint.model import Raw

Message = dict[str, list[Raw]]
"""A message of a text proto: each field with all the values that were given to it."""


class Case(msgspec.Struct, frozen=True):
    name: str
    expression: str
    bindings: dict[str, object]
    expected: object
    """The value, or `ERROR`."""


class Outside(Exception):  # noqa: N818, it is no error: the case asks for what the subset leaves out
    """Why a case is not covered."""


ERROR = "(an error)"


def main(folder: Path) -> int:
    broken = []
    total: Counter[str] = Counter()
    for file in sorted(folder.glob("*.textproto")):
        counts, faults = _judged(file)
        total += Counter({kind: count for kind, count in counts.items() if kind in ("cases", "covered", "holds")})
        reasons = ", ".join(f"{why} {n}" for why, n in counts.most_common() if why not in ("cases", "covered", "holds"))
        print(_line(file.name, counts), reasons)
        broken.extend(faults)
    print(_line("all", total))
    print("\n".join(broken))
    return 1 if broken else 0


def _line(name: str, counts: Counter[str]) -> str:
    return f"{name:24} cases {counts['cases']:4} covered {counts['covered']:4} holds {counts['holds']:4} "


def _judged(file: Path) -> tuple[Counter[str], list[str]]:
    counts: Counter[str] = Counter()
    faults = []
    for section, test in _tests(file.read_text(encoding="utf-8")):
        counts["cases"] += 1
        try:
            case = _case(section, test)
            found = _outcome(case)
        except Outside as outside:
            counts[str(outside)] += 1
            continue
        counts["covered"] += 1
        counts["holds"] += _same(found, case.expected)
        if not _same(found, case.expected):
            faults.append(f"{file.name} {case.name}: {case.expression!r} is {found!r}, expected {case.expected!r}")
    return counts, faults


def _outcome(case: Case) -> object:
    if "cel.@" in case.expression or "cel.iterVar" in case.expression:
        raise Outside("function block")
    try:
        node = parse(case.expression)
    except CelSyntaxError as error:
        if "subset" in error.problem or "one variable" in error.problem:
            raise Outside(error.problem.split(";")[-1].strip().replace(" in wa-lint's subset of CEL", "")) from None
        return ERROR
    _require_inside(node, case)
    result = compile_cel(node).evaluate(case.bindings)
    if isinstance(result, EvaluationError) and "a map is a string or an int" in result.reason:
        raise Outside("maps with other keys")
    return ERROR if isinstance(result, EvaluationError) else result


def _require_inside(node: Node, case: Case) -> None:
    bound = {part.variable for part in walk(node) if isinstance(part, Macro)} | set(case.bindings) | set(TYPES)
    for part in walk(node):
        if isinstance(part, Call) and part.function not in {*LIBRARY, *OPTIONAL_MAKERS, *OPTIONAL_METHODS}:
            raise Outside(f"function {part.function}")
        if (
            isinstance(part, Ident)
            and part.name not in bound
            and (part.name in _OUTSIDE_NAMES or "." in "".join(case.bindings))
        ):
            raise Outside("protobuf, other types or namespaces")


_OUTSIDE_NAMES = (
    "cel",
    "google",
    "TestAllTypes",
    "GlobalEnum",
    "NestedTestAllTypes",
    "uint",
    "bytes",
    "math",
    "x",
    "proto",
)


def _same(found: object, expected: object) -> bool:
    if isinstance(found, list | tuple) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(found[key], expected[key]) for key in found)
    if isinstance(found, float) and isinstance(expected, float) and math.isnan(expected):
        return math.isnan(found)
    return type(found) is type(expected) and found == expected


# --- cases ------------------------------------------------------------------------------------------


def _tests(text: str) -> Iterator[tuple[str, Message]]:
    for section in _parsed(text).get("section", []):
        for test in section.get("test", []):
            yield section["name"][0], test


def _case(section: str, test: Message) -> Case:
    if "check_only" in test:
        raise Outside("only the static type")
    if test.get("container", [""]) != [""]:
        raise Outside("protobuf, other types or namespaces")
    bindings = {entry["key"][0]: _bound(entry["value"][0]) for entry in test.get("bindings", [])}
    return Case(f"{section}/{test['name'][0]}", test["expr"][0], bindings, _expected(test))


def _expected(test: Message) -> object:
    if "eval_error" in test:
        return ERROR
    if "any_eval_errors" in test or "unknown" in test:
        raise Outside("unknowns of the protocol")
    if "typed_result" in test:
        results = test["typed_result"][0].get("result")
        return _value(results[0]) if results else True
    return _value(test["value"][0]) if "value" in test else True


def _bound(expression_value: Message) -> object:
    if "value" not in expression_value:
        raise Outside("a binding to an error or unknown")
    return _value(expression_value["value"][0])


def _value(message: Message) -> object:
    (kind, values), *_ = message.items()
    if kind not in _VALUES:
        raise Outside(f"a value of {kind.removesuffix('_value')}")
    return _VALUES[kind](values[0])


def _map(message: Message) -> dict[object, object]:
    found = {_value(entry["key"][0]): _value(entry["value"][0]) for entry in message.get("entries", [])}
    if any(isinstance(key, bool) for key in found):
        raise Outside("maps with other keys")
    return found


def _type(name: str) -> CelType:
    if name not in TYPES:
        raise Outside("protobuf, other types or namespaces")
    return CelType(name)


_VALUES: dict[str, Callable[[Raw], object]] = {
    "bool_value": lambda value: value == "true",
    "int64_value": lambda value: int(value, 0),
    "double_value": float,
    "string_value": lambda value: value,
    "null_value": lambda _: None,
    "list_value": lambda value: [_value(item) for item in value.get("values", [])],
    "map_value": _map,
    "type_value": _type,
}


# --- text protos ------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<mark>[{}:,;]|\[(?![a-z])|\])"""
    r"""|(?P<word>\[[a-z][^\]\s]*\]|[^\s{}\[\]:,;"'#]+)"""
)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIMPLE = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def _parsed(text: str) -> Message:
    found = [(m.lastgroup, m.group()) for m in _TOKEN.finditer(text) if m.lastgroup]
    return _message(iter([*found, ("mark", "}")]))


def _message(rest: Iterator[tuple[str | None, str]]) -> Message:
    """Read ``name: value`` and ``name {…}`` up to the closing brace. Texts side by side are one."""
    message: Message = {}
    name, before, in_list = "", "", False
    for kind, text in rest:
        if text == "}" and kind == "mark":
            return message
        if kind == "text" and before == "text":
            message[name][-1] += _unquoted(text)
        elif kind == "text":
            message.setdefault(name, []).append(_unquoted(text))
        elif kind == "mark" and text == "{":
            message.setdefault(name, []).append(_message(rest))
        elif kind == "word" and (before in (":", "[") or in_list):
            message.setdefault(name, []).append(text)
        elif kind == "word":
            name = text
        in_list = text == "[" or (in_list and text != "]")
        before = text if kind == "mark" else str(kind)
    return message


def _unquoted(literal: str) -> str:
    """Return a text whose escapes may be single bytes of UTF-8."""
    try:
        return _ESCAPE.sub(_unescaped, literal[1:-1].encode()).decode()
    except UnicodeDecodeError:
        return "(not UTF-8)"


def _unescaped(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, four, eight, simple = match.groups()
    if simple is not None:
        return bytes([_SIMPLE.get(simple[0], simple[0])])
    if four or eight:
        return chr(int(four or eight, 16)).encode()
    return bytes([int(hexadecimal, 16) if hexadecimal else int(octal, 8)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
