"""Our CEL against Google's: random expressions over random known data must agree on value and on error-ness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wa_lint.cel.evaluate import compile as compile_cel
from wa_lint.cel.parse import parse
from wa_lint.cel.values import EvaluationError
from wa_lint.model import ABSENT, Bounds, Hole, Partial, Path, Raw, Unknown, Unresolved, Value

cel = pytest.importorskip("cel_expr_python.cel")
ext_optional = pytest.importorskip("cel_expr_python.ext.ext_optional")
ext_strings = pytest.importorskip("cel_expr_python.ext.ext_strings")

CHUNKS, PER_CHUNK = 11, 2_000


# --- random expressions -----------------------------------------------------------------------------


class Grammar:
    """Writes an expression of a wanted type over `r`; now and then, on purpose, one of another type."""

    TYPES = ("bool", "int", "double", "string", "list", "map")

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bound: list[str] = []

    def expression(self, wanted: str, depth: int) -> str:
        if self.random.random() < 0.015:
            wanted = self.random.choice(self.TYPES[:-1])
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf(wanted)
        form: Raw = self.random.choice([*self.FORMS[wanted], *self.FORMS["any"]])
        return str(form(self, wanted, depth - 1))

    def leaf(self, wanted: str) -> str:
        if self.random.random() < 0.5:
            return self.path(wanted)
        return self.random.choice(self.LITERALS[wanted])

    def path(self, wanted: str) -> str:
        roots = ["r", *self.bound] if self.random.random() < 0.85 else ["r.Inner"]
        root = self.random.choice(roots)
        return (
            root if root in self.bound and self.random.random() < 0.5 else f"{root}.{self.random.choice(NAMES[wanted])}"
        )

    LITERALS = {  # noqa: RUF012, a table
        "bool": ["true", "false"],
        "int": ["0", "1", "2", "-1", "7", "9223372036854775807", "-9223372036854775808", "0x1F"],
        "double": ["0.0", "1.0", "2.5", "-0.5", "1e3", "1e300", ".25"],
        "string": ["''", "'a'", '"b"', "r'\\d'", "'''it's'''", "'ab'", "'\\u00e9\\n'", "'1'", "'2.5'", "'arn:aws'"],
        "list": ["[]", "[1, 2]", "['a', 'b']", "[1, 'a', true, null]", "[[1], [2.0]]", "[{'Name': 'a', 'Count': 1}]"],
        "map": ["{}", "{'Count': 1, 'Name': 'a'}", "{1: 'a', 'b': 2}", "{'Items': [1]}"],
    }

    def all_of(self, texts: list[str], depth: int) -> list[str]:
        return [f"({self.expression(wanted, depth)})" for wanted in texts]

    def comparison(self, _: str, depth: int) -> str:
        kind = self.random.choice(("int", "int", "double", "string", "bool"))
        left, right = self.all_of([kind, kind], depth)
        return f"{left} {self.random.choice(('<', '<=', '>', '>='))} {right}"

    def equality(self, _: str, depth: int) -> str:
        kind = self.random.choice(self.TYPES)
        left, right = self.all_of([kind, kind if self.random.random() < 0.8 else self.random.choice(self.TYPES)], depth)
        return f"{left} {self.random.choice(('==', '!='))} {right}"

    def logic(self, _: str, depth: int) -> str:
        operator = self.random.choice((" && ", " || "))
        return operator.join(self.all_of(["bool"] * self.random.choice((2, 2, 3)), depth))

    def negation(self, _: str, depth: int) -> str:
        return f"!({self.expression('bool', depth)})"

    def membership(self, _: str, depth: int) -> str:
        item, items = self.all_of([self.random.choice(self.TYPES), self.random.choice(("list", "list", "map"))], depth)
        return f"{item} in {items}"

    def question(self, _: str, depth: int) -> str:
        text, piece = self.all_of(["string", "string"], depth)
        return f"{text}.{self.random.choice(('startsWith', 'endsWith', 'contains'))}({piece})"

    def pattern(self, _: str, depth: int) -> str:
        pattern = self.random.choice(("'^a'", "'b$'", "r'^[a-z]+$'", "r'\\d'", "'('", "'a|b'", "''"))
        return f"({self.expression('string', depth)}).matches({pattern})"

    def presence(self, _: str, depth: int) -> str:
        return f"has(({self.expression('map', depth)}).{self.name()})"

    def has_value(self, _: str, depth: int) -> str:
        return f"({self.expression('map', depth)}).?{self.name()}.hasValue()"

    def quantifier(self, _: str, depth: int) -> str:
        macro = self.random.choice(("all", "exists", "exists", "exists_one"))
        return self.macro(macro, depth, lambda: self.expression("bool", depth))

    def filtered(self, _: str, depth: int) -> str:
        return self.macro("filter", depth, lambda: self.expression("bool", depth))

    def mapped(self, _: str, depth: int) -> str:
        body = self.random.choice(self.TYPES)
        condition = f"{self.expression('bool', depth)}, " if self.random.random() < 0.3 else ""
        return self.macro("map", depth, lambda: condition + self.expression(body, depth))

    def macro(self, name: str, depth: int, body: Callable[[], str]) -> str:
        kind = self.random.choice(("list", "list", "list", "map"))
        items = self.sequence(depth) if name in ("map", "filter") else self.expression(kind, depth)
        self.bound.append(f"v{len(self.bound)}")
        text = f"({items}).{name}({self.bound[-1]}, {body()})"
        self.bound.pop()
        return text

    def sequence(self, depth: int) -> str:
        """Write what can be no map: the order of its keys is free, so that their order is no question to ask."""
        paths = [f"{root}.{name}" for root in ("r", "r.Inner") for name in NAMES["list"]]
        forms: list[Callable[[], str]] = [
            lambda: self.random.choice(paths),
            lambda: self.random.choice(self.LITERALS["list"]),
        ]
        longer: list[Callable[[], str]] = [
            lambda: self.split("", depth),
            lambda: self.filtered("", depth - 1),
            lambda: self.literal_list("", depth),
        ]
        return self.random.choice([*forms, *forms, *longer] if depth > 0 else forms)()

    def arithmetic(self, wanted: str, depth: int) -> str:
        operators = ("+", "-", "*", "/", "%") if wanted == "int" else ("+", "-", "*", "/")
        left, right = self.all_of([wanted, wanted], depth)
        return f"{left} {self.random.choice(operators)} {right}"

    def minus(self, wanted: str, depth: int) -> str:
        return f"-({self.expression(wanted, depth)})"

    def size(self, _: str, depth: int) -> str:
        inside = self.expression(self.random.choice(("list", "string", "map")), depth)
        return f"size({inside})" if self.random.random() < 0.5 else f"({inside}).size()"

    def conversion(self, wanted: str, depth: int) -> str:
        if wanted == "string":
            # A computed double may be NaN, whose text is the platform's.
            inner = self.expression(self.random.choice(("int", "string", "bool")), depth)
            return f"string({self.random.choice((inner, inner, 'r.Ratio', *self.LITERALS['double']))})"
        # Never of a bool: cel-cpp takes int(true), which no specification of CEL has.
        kind = self.random.choice(("int", "double", "string"))
        return f"{wanted}({self.random.choice((*self.LITERALS[kind], f'r.{self.random.choice(NAMES[kind])}'))})"

    def concatenation(self, wanted: str, depth: int) -> str:
        return " + ".join(self.all_of([wanted, wanted], depth))

    def text_function(self, _: str, depth: int) -> str:
        text = f"({self.expression('string', depth)})"
        forms = (".lowerAscii()", ".upperAscii()", ".trim()", ".replace('a', 'bb')", ".replace('', '-', 2)")
        # Never up to the very end: cel-cpp 0.1.3 refuses 'a'.substring(0, 1), which the extension's text allows.
        indexed = (f".substring({self.random.choice((0, 1, 2, -1))})", ".substring(0, 0)", ".substring(1, 0)")
        return text + self.random.choice(forms + indexed)

    def split(self, _: str, depth: int) -> str:
        limit = self.random.choice(("", "", ", 0", ", 1", ", 2", ", -1"))
        return f"({self.expression('string', depth)}).split({self.random.choice(('a', '', ':'))!r}{limit})"

    def join(self, _: str, depth: int) -> str:
        return f"({self.expression('list', depth)}).join({self.random.choice(('', chr(39) * 2, repr('-')))})"

    def choice(self, wanted: str, depth: int) -> str:
        condition, then, otherwise = self.all_of(["bool", wanted, wanted], depth)
        return f"({condition} ? {then} : {otherwise})"

    def member(self, wanted: str, depth: int) -> str:
        name = self.random.choice(NAMES[wanted])
        return f"({self.expression('map', depth)})" + self.random.choice((f".{name}", f"[{name!r}]"))

    def item(self, _: str, depth: int) -> str:
        return f"({self.expression('list', depth)})[{self.random.choice(('0', '1', '-1', 'dyn(1.0)', 'dyn(0.5)'))}]"

    def otherwise(self, wanted: str, depth: int) -> str:
        steps = "".join(f".?{self.random.choice((*NAMES[wanted], 'Inner'))}" for _ in range(self.random.choice((1, 2))))
        return f"({self.expression('map', depth)}){steps}.orValue({self.expression(wanted, depth)})"

    def item_or(self, wanted: str, depth: int) -> str:
        return f"({self.expression('list', depth)})[?{self.random.choice((0, 1, 5))}].orValue({self.leaf(wanted)})"

    def literal_list(self, _: str, depth: int) -> str:
        kind = self.random.choice(self.TYPES)
        return "[" + ", ".join(self.all_of([kind] * self.random.randrange(4), depth)) + "]"

    def literal_map(self, _: str, depth: int) -> str:
        names = self.random.sample([name for group in NAMES.values() for name in group], self.random.randrange(3))
        return "{" + ", ".join(f"{name!r}: {self.expression('int', depth)}" for name in names) + "}"

    def typed(self, _: str, depth: int) -> str:
        name = self.random.choice(("int", "double", "string", "bool", "list", "map", "null_type"))
        return f"type({self.expression(self.random.choice(self.TYPES), depth)}) == {name}"

    def name(self) -> str:
        return self.random.choice([name for group in NAMES.values() for name in group])

    FORMS: dict[str, list[Raw]] = {  # noqa: RUF012, a table
        "any": [choice, member, item, otherwise, item_or],
        "bool": [
            *(comparison, comparison, equality, equality, logic, logic, logic, negation, membership, question),
            *(pattern, presence, has_value, quantifier, quantifier, typed),
        ],
        "int": [arithmetic, arithmetic, minus, size, conversion],
        "double": [arithmetic, minus, conversion],
        "string": [concatenation, text_function, text_function, conversion, join],
        "list": [filtered, filtered, mapped, concatenation, split, literal_list],
        "map": [literal_map],
    }


WRONG = ("int", "double", "string", "list")
NAMES = {
    "bool": ("Enabled", "Public"),
    "int": ("Count", "Size"),
    "double": ("Ratio",),
    "string": ("Name", "Arn"),
    "list": ("Items", "Texts"),
    "map": ("Inner",),
}


def random_map(random: Random, depth: int = 2) -> dict[str, Value]:
    """Return properties as a resource has them: some are missing, some are of a wrong type."""
    made: dict[str, Value] = {}
    for kind, names in NAMES.items():
        for name in names:
            if random.random() < 0.9:
                made[name] = random_value(random, kind if random.random() < 0.97 else random.choice(WRONG), depth)
    return made


def random_value(random: Random, kind: str, depth: int) -> Value:
    if kind == "map":
        return random_map(random, depth - 1) if depth > 0 else {}
    if kind == "list":
        inner = random.choice(("int", "string", "map", "map"))
        return [random_value(random, inner, depth - 1) for _ in range(random.choice((0, 1, 2, 3)))]
    return random.choice(ATOMS[kind])


ATOMS: dict[str, tuple[Value, ...]] = {
    "bool": (True, False),
    "int": (0, 1, 2, 5, -3, 2**62),
    "double": (0.0, 1.0, 0.5, -2.5, 1e10),
    "string": ("", "a", "b", "abc", "1", "arn:aws:s3", "É", None),
}


# --- what both say ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def oracle() -> object:
    extensions = [ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    return cel.NewEnv(variables={"r": cel.Type.DYN}, extensions=extensions)


def theirs(oracle: object, text: str, data: Value) -> object:
    result = oracle.compile(text, disable_check=True).eval(data={"r": data})  # type: ignore[attr-defined] # no types
    return "error" if result.type() == cel.Type.ERROR else comparable(result.plain_value())


def ours(text: str, data: Value) -> object:
    result = compile_cel(parse(text)).evaluate({"r": data})
    assert not isinstance(result, Unknown), "nothing is unknown here"
    return "error" if isinstance(result, EvaluationError) else comparable(result)


def comparable(value: object) -> object:
    """Return a value that equals another only if type and content do, NaN included."""
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return sorted((repr(comparable(key)), comparable(item)) for key, item in value.items())
    if isinstance(value, float) and math.isnan(value):
        return ("float", "nan")
    return (type(value).__name__, value)


def random_case(random: Random) -> tuple[str, dict[str, Value]]:
    wanted = random.choice(("bool", "bool", "bool", "int", "double", "string", "list"))
    return Grammar(random).expression(wanted, random.choice((1, 2, 3, 3))), random_map(random)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_expressions_mean_what_they_mean_to_google(oracle: object, chunk: int) -> None:
    random = Random(chunk)  # noqa: S311, no secret: the same expressions every time
    differing = []
    for _ in range(PER_CHUNK):
        text, data = random_case(random)
        expected, found = theirs(oracle, text, data), ours(text, data)
        if expected != found:
            differing.append((text, data, expected, found))
    assert not differing, f"{len(differing)} of {PER_CHUNK} differ, first: {min(differing, key=lambda d: len(d[0]))}"


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_an_expression_that_google_reads_otherwise_would_be_shrunk_here(oracle: object, random: Random) -> None:
    text, data = random_case(random)
    assert ours(text, data) == theirs(oracle, text, data), text


# --- ignorance --------------------------------------------------------------------------------------


class Place:
    """A cell over plain JSON that knows its path."""

    def __init__(self, value: Value, path: Path = ()) -> None:
        self.value = value
        self.path = path

    def select(self, name: str) -> Place:
        return Place(self.value.get(name, ABSENT) if isinstance(self.value, dict) else ABSENT, (*self.path, name))

    def items(self) -> list[Place]:
        seen = self.value.items if isinstance(self.value, Partial) else self.value
        assert isinstance(seen, list | tuple)
        unseen = [Place(Unknown("unseen"), self.path)] if isinstance(self.value, Partial) else []
        return [Place(item, (*self.path, index)) for index, item in enumerate(seen)] + unseen

    def plain(self) -> Value:
        return self.value


def less_known(value: Value) -> Iterator[Value]:
    """Yield what could be known of `value` by somebody who knows less."""
    yield Unknown("hidden")
    if isinstance(value, str) and value:
        yield Unresolved("hidden", parts=(value[:1], Hole("Rest")))
        yield Unresolved("hidden", parts=(Hole("Rest"), value[1:]) if value[1:] else (Hole("Rest"),))
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield Unresolved("hidden", bounds=Bounds(minimum=value - 1, maximum=value + 1))
    if value is not None and not isinstance(value, dict | list):
        yield Unresolved("hidden")
    if isinstance(value, list):
        yield Partial(tuple(value[:-1]), "hidden")
        yield Partial(tuple(value[1:]), "hidden")


def paths_of(value: Value, path: Path = ()) -> Iterator[Path]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from paths_of(inner, (*path, step))


def at(value: Value, path: Path) -> Value:
    for step in path:
        value = value[step]  # type: ignore[index] # the path goes through it
    return value


def hidden(value: Value, path: Path, by: Value) -> Value:
    if not path:
        return by
    step, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)  # type: ignore[call-overload] # the path goes through it
    copy[step] = hidden(copy[step], tuple(rest), by)
    return copy


def definite_cases(seed: int, count: int) -> Iterator[tuple[Random, str, dict[str, Value], bool, list[Place]]]:
    random = Random(seed)  # noqa: S311, no secret: the same expressions every time
    for _ in range(count):
        text, data = Grammar(random).expression("bool", 3), random_map(random)
        trace: list[Place] = []
        result = compile_cel(parse(text)).truth({"r": Place(data)}, trace)  # type: ignore[arg-type] # a Place is a Cell
        if isinstance(result, bool):
            yield random, text, data, result, trace


@pytest.mark.parametrize("seed", range(4))
def test_hiding_a_value_never_flips_a_definite_answer(seed: int) -> None:
    moved = 0
    for random, text, data, expected, trace in definite_cases(100 + seed, 1_500):
        read = [cell.path for cell in trace if cell.path and cell.value is not ABSENT]
        path = random.choice(read or list(paths_of(data)))
        for by in less_known(at(data, path)):
            result = compile_cel(parse(text)).truth({"r": Place(hidden(data, path, by))})
            assert result == expected or isinstance(result, Unknown), (text, path, by, data)
            moved += isinstance(result, Unknown)
    assert moved > 100, "hiding mattered now and then"


@pytest.mark.parametrize("seed", range(4))
def test_what_the_trace_does_not_name_did_not_decide(seed: int) -> None:
    for random, text, data, expected, trace in definite_cases(200 + seed, 1_500):
        read = [cell.path for cell in trace]
        others = [path for path in paths_of(data) if not any(path[: len(r)] == r[: len(path)] for r in read)]
        for path in random.sample(others, min(3, len(others))):
            result = compile_cel(parse(text)).truth({"r": Place(hidden(data, path, Unknown("hidden")))})
            assert result == expected, (text, path, read, data)


@pytest.mark.parametrize("seed", range(2))
def test_cells_and_plain_values_come_to_the_same(seed: int) -> None:
    for _, text, data, expected, _ in definite_cases(300 + seed, 1_000):
        assert compile_cel(parse(text)).truth({"r": data}) == expected, (text, data)
