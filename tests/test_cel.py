"""The rule language: what expressions mean, what they say when they do not know, what is refused, what decided."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path as FilePath

import pytest
import yaml

from wa_lint.cel.evaluate import compile as compile_cel
from wa_lint.cel.guards import unguarded
from wa_lint.cel.mutate import operands, reads, with_operand
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import CelCheckError, CelSyntaxError, caret, walk
from wa_lint.cel.type_check import check
from wa_lint.cel.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    Environment,
    Function,
    ListType,
    MapType,
    Type,
)
from wa_lint.cel.values import EvaluationError, settled
from wa_lint.model import ABSENT, Bounds, Hole, Partial, Path, Raw, Unknown, Unresolved, Value, path_text
from wa_lint.scenario import Fork

CASES = FilePath(__file__).parent / "cel"


def cases(file: str, section: str | None = None) -> Raw:
    found = yaml.safe_load((CASES / f"{file}.yaml").read_text(encoding="utf-8"))
    return found if section is None else found[section]


def decoded(raw: Raw) -> Value:
    if isinstance(raw, list):
        return [decoded(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    if "$unknown" in raw:
        return Unknown(raw["$unknown"])
    if "$partial" in raw:
        return Partial(tuple(map(decoded, raw["$partial"])), "partly seen")
    if "$unresolved" in raw:
        parts = tuple(part if isinstance(part, str) else _hole(part) for part in raw.get("parts", ()))
        bounds = Bounds(**raw["bounds"]) if "bounds" in raw else None
        return Unresolved(raw["$unresolved"], parts, tuple(raw.get("differs_from", ())), bounds)
    return {name: decoded(inner) for name, inner in raw.items()}


def _hole(part: Mapping[str, str]) -> Hole:
    return Hole(part["hole"], part.get("target"), None, part.get("shape", ""))


class Place:
    """A cell over decoded values that knows its path, and is the same whenever it is asked for."""

    def __init__(self, value: Value, path: Path = ()) -> None:
        self.value = value
        self.path = path
        self._below: dict[str | int, Place] = {}

    def select(self, name: str) -> Place:
        return self._step(name, self.value.get(name, ABSENT) if isinstance(self.value, dict) else ABSENT)

    def items(self) -> list[Place]:
        partial = isinstance(self.value, Partial)
        seen = self.value.items if isinstance(self.value, Partial) else self.value
        assert isinstance(seen, list | tuple)
        unseen = [Place(Unknown("partly seen"), self.path)] if partial else []
        return [self._step(index, item) for index, item in enumerate(seen)] + unseen

    def plain(self) -> Value:
        return self.value

    def _step(self, step: str | int, value: Value) -> Place:
        return self._below.setdefault(step, Place(value, (*self.path, step)))


def evaluated(text: str, r: Value, functions: Mapping[str, Function] | None = None) -> tuple[object, list[str]]:
    trace: list[Place] = []
    result = compile_cel(parse(text), functions).evaluate({"r": Place(r)}, trace)  # type: ignore[arg-type] # Places are Cells
    return result, [path_text(cell.path) for cell in trace]


# --- what expressions mean --------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("values"), ids=lambda case: case["expr"])
def test_an_expression_without_data_has_this_value(case: Raw) -> None:
    try:
        result = compile_cel(parse(case["expr"])).evaluate({})
    except CelSyntaxError:
        result = EvaluationError("syntax")
    if "error" in case:
        assert isinstance(result, EvaluationError)
        assert case["error"] in result.reason
        return
    assert (type(result), result) == (type(case["is"]), case["is"])


@pytest.mark.parametrize("case", [c for c in cases("values") if "ours" not in c], ids=lambda case: case["expr"])
def test_google_says_the_same_of_it(case: Raw) -> None:
    cel = pytest.importorskip("cel_expr_python.cel")
    ext_optional = pytest.importorskip("cel_expr_python.ext.ext_optional")
    ext_strings = pytest.importorskip("cel_expr_python.ext.ext_strings")
    env = cel.NewEnv(extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()])
    try:
        result = env.compile(case["expr"], disable_check=True).eval(data={})
    except Exception:  # noqa: BLE001, the binding raises what it likes where it cannot compile
        assert "error" in case
        return
    assert (result.type() == cel.Type.ERROR) == ("error" in case)
    assert "error" in case or result.plain_value() == case["is"]


def kleene_cases() -> Iterator[Raw]:
    for section, found in cases("kleene").items():
        yield from (pytest.param(case, id=f"{section}: {case['name']}") for case in found)


@pytest.mark.parametrize("case", list(kleene_cases()))
@pytest.mark.parametrize("wrap", [Place, lambda value: value], ids=["cells", "plain"])
def test_what_is_not_known_stays_unknown(case: Raw, wrap: Raw) -> None:
    trace: list[Place] = []
    result = settled(compile_cel(parse(case["expr"])).truth({"r": wrap(decoded(case["r"]))}, trace))  # type: ignore[arg-type] # Places are Cells
    kind = "unknown" if isinstance(result, Unknown) else "error" if isinstance(result, EvaluationError) else result
    assert kind == case["expect"], result
    if "because" in case:
        assert isinstance(result, Unknown | EvaluationError)
        assert result.reason.startswith(case["because"])
    if "trace" in case and wrap is Place:
        assert [path_text(cell.path) for cell in trace] == case["trace"]


CONFORMANCE = FilePath(__file__).parents[2] / "shared" / "cel-conformance"


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the public conformance cases are not carried here")
def test_the_public_conformance_cases_hold_as_far_as_the_subset_goes() -> None:
    script = FilePath(__file__).parents[1] / "scripts" / "conformance.py"
    ran = subprocess.run([sys.executable, script, CONFORMANCE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


# --- evidence ---------------------------------------------------------------------------------------


def test_a_cell_is_named_once_however_often_it_is_read() -> None:
    assert evaluated("r.A > 1 && r.A > 2 && r.A < 9", {"A": 5}) == (True, ["A"])


def test_a_result_that_is_a_cell_is_handed_out_with_its_value_even_an_absent_one() -> None:
    result, _ = evaluated("r.A", {})
    assert settled(result) is ABSENT
    result, _ = evaluated("r.A", {"A": [1]})
    assert settled(result) == [1]


def test_items_of_filters_sums_and_flattened_lists_keep_their_places() -> None:
    for text in ("r.A.filter(x, x.N > 0)", "r.A + r.B", "[r.A, r.B].flatten()", "r.A.distinct()"):
        result, _ = evaluated(f"({text})[0]", {"A": [{"N": 1}], "B": []})
        assert isinstance(result, Place)
        assert result.path == ("A", 0)


def test_what_a_cell_knows_although_its_own_value_is_not_known_is_used() -> None:
    class Resource(Place):
        def select(self, name: str) -> Place:
            return Place(3, ("observed",)) if name == "observed" else super().select(name)

    for text, expected in (("r.observed == 3", True), ("has(r.observed)", True), ("has(r.other)", Unknown("refused"))):
        assert compile_cel(parse(text)).truth({"r": Resource(Unknown("refused"))}) == expected


def test_the_error_of_a_missing_key_names_the_absent_member() -> None:
    result, trace = evaluated("r.A.B.C == 1", {"A": {}})
    assert isinstance(result, EvaluationError)
    assert isinstance(result.cell, Place)
    assert (result.cell.path, trace) == (("A", "B"), ["A.B"])


# --- functions that are handed in -------------------------------------------------------------------


def given(name: str, *params: Type, result: Type = BOOL, **how: Raw) -> dict[str, Function]:
    """Return a function that returns its arguments, so that a test can look at what it was given."""
    return {name: Function(name, params, result, lambda *arguments: arguments, **how)}


def test_a_function_is_given_plain_values_and_its_arguments_are_evidence() -> None:
    assert evaluated("f(r.A, 1)", {"A": {"B": 1}}, given("f", DYN, INT)) == (({"B": 1}, 1), ["A"])


def test_a_method_is_given_what_it_is_called_on() -> None:
    assert evaluated("r.A.f(2)", {"A": 1}, given("f", INT, INT, receiver=True)) == ((1, 2), ["A"])


@pytest.mark.parametrize(
    "hidden", [{"$unknown": "?"}, [{"$unknown": "?"}], {"a": {"$unknown": "?"}}, {"$partial": [1]}]
)
def test_an_unknown_argument_or_one_inside_is_the_result_without_a_call(hidden: Raw) -> None:
    result, _ = evaluated("f(r.A)", {"A": decoded(hidden)}, given("f", DYN))
    assert isinstance(result, Unknown)


def test_a_list_literal_with_an_unknown_inside_is_not_passed_either() -> None:
    assert evaluated("f([r.A, 1])", {"A": 2}, given("f", ListType(INT)))[0] == ([2, 1],)
    result, trace = evaluated("f([r.A, 1])", {"A": Unknown("?")}, given("f", ListType(INT)))
    assert (result, trace) == (Unknown("?"), ["A"])


def test_an_unresolved_argument_is_passed_for_the_function_to_decide() -> None:
    unresolved = Unresolved("a parameter")
    assert evaluated("f(r.A)", {"A": unresolved}, given("f", STRING))[0] == (unresolved,)


def test_an_absent_argument_is_an_error_unless_the_function_accepts_it() -> None:
    result, trace = evaluated("f(r.A)", {}, given("f", STRING))
    assert isinstance(result, EvaluationError)
    assert trace == ["A"]
    assert evaluated("f(r.A)", {}, given("f", STRING, accepts_absent=True)) == ((ABSENT,), ["A"])


def test_a_raw_function_is_given_cells() -> None:
    result, trace = evaluated("f(r.A)", {"A": decoded({"$unknown": "?"})}, given("f", DYN, raw=True))
    assert isinstance(result, tuple)
    assert result[0].path == ("A",)
    assert trace == ["A"]


def test_an_argument_of_a_wrong_type_is_an_error() -> None:
    result, _ = evaluated("f(r.A)", {"A": 1}, given("f", STRING))
    assert isinstance(result, EvaluationError)


def test_what_a_function_returns_may_be_a_cell_or_a_list_of_cells() -> None:
    found = [Place(1, ("X",)), Place(2, ("Y",))]
    functions = {"f": Function("f", (), ListType(INT), lambda: found)}
    assert evaluated("f().exists(x, x == 2)", {}, functions) == (True, ["Y"])


def test_a_fork_that_a_cell_raises_passes_through() -> None:
    class Undecided(Place):
        def select(self, name: str) -> Place:
            raise Fork([{name: ABSENT}])  # type: ignore[dict-item] # only that it passes matters

    for text in ("r.A == 1 || true", "has(r.A)", "[1].exists(x, r.A == x)", "r.?A.orValue(1) == 1"):
        with pytest.raises(Fork):
            compile_cel(parse(text)).evaluate({"r": Undecided({})}, [])


# --- what is refused --------------------------------------------------------------------------------


class Shape:
    """A struct of the tests: member -> (type, required)."""

    def __init__(self, name: str, members: Mapping[str, tuple[Type, bool]]) -> None:
        self.name = name
        self._members = members

    def member(self, name: str) -> Type | None:
        return self._members[name][0] if name in self._members else None

    def members(self) -> Iterable[str]:
        return self._members

    def required(self, name: str) -> bool:
        return self._members[name][1]


PERMISSIONS = Shape("permissions", {})
VARIANT = Shape("AWS::X::Config.Variants", {"Name": (STRING, True), "Count": (INT, False), "KmsKeyId": (STRING, False)})
INNER = Shape("AWS::X::Config.Inner", {"Name": (STRING, True), "Count": (INT, False)})
CONFIG = Shape(
    "AWS::X::Config",
    {
        "Name": (STRING, True),
        "KmsKeyId": (STRING, False),
        "Count": (INT, True),
        "Ratio": (DOUBLE, True),
        "Enabled": (BOOL, True),
        "Variants": (ListType(VARIANT), True),
        "Inner": (INNER, False),
        "Tags": (MapType(STRING), True),
        "Document": (DYN, True),
        "permissions": (PERMISSIONS, True),
        "endpoint": (INNER, False),
    },
)
ENVIRONMENT = Environment(
    {"resource": CONFIG},
    {
        **given("own_key", STRING, accepts_absent=True),
        **given("allows", PERMISSIONS, STRING, STRING, receiver=True),
    },
)


@pytest.mark.parametrize("case", cases("faults", "syntax"), ids=lambda case: case["expr"])
def test_what_is_no_expression_is_refused_where_the_fault_is(case: Raw) -> None:
    with pytest.raises(CelSyntaxError) as refused:
        parse(case["expr"])
    assert f"{refused.value.line}:{refused.value.column}" == case["at"]
    assert case["says"] in refused.value.problem


@pytest.mark.parametrize("case", cases("faults", "static"), ids=lambda case: case["expr"])
def test_what_cannot_mean_anything_is_refused_before_it_is_evaluated(case: Raw) -> None:
    with pytest.raises(CelCheckError) as refused:
        check(parse(case["expr"]), ENVIRONMENT)
    assert f"{refused.value.line}:{refused.value.column}: {refused.value.problem}".startswith(f"{case['at']}: ")
    assert case["says"] in refused.value.problem


@pytest.mark.parametrize("case", cases("faults", "sound"), ids=lambda case: case["expr"])
def test_what_can_has_a_type(case: Raw) -> None:
    assert check(parse(case["expr"]), ENVIRONMENT).name == case["type"]


@pytest.mark.parametrize("case", cases("faults", "unguarded"), ids=lambda case: case["expr"])
def test_a_member_that_may_be_absent_must_be_guarded(case: Raw) -> None:
    where = [parse(text) for text in case.get("given", ())]
    found = unguarded(parse(case["expr"]), ENVIRONMENT, where)
    assert [f"{path} {line}:{column}" for path, line, column in found] == case["finds"]


def test_the_caret_stands_below_the_column_also_after_tabs() -> None:
    assert caret("a ==\n\tb @ c", 2, 4) == "\tb @ c\n\t  ^"
    assert caret("a", 1, 2) == "a\n ^"
    assert caret("", 1, 1) == "\n^"


HOSTILE = (
    "(" * 5000,
    "-" * 5000 + "x",
    "!" * 4999 + "x",
    "[" * 5000,
    "a" + ".b" * 5000,
    "a" + "[0]" * 5000,
    "1" + "+1" * 5000,
)


@pytest.mark.parametrize("text", [*HOSTILE, "a ? b : " * 5000 + "c", "{1:" * 5000, "f(" * 5000, "x.all(y," * 5000])
def test_no_text_exhausts_the_stack(text: str) -> None:
    try:
        node = parse(text)
    except CelSyntaxError:
        return
    compile_cel(node).evaluate({})


def test_what_is_as_deep_as_allowed_is_parsed_checked_and_evaluated() -> None:
    deep = "(" * 39 + "1" + " + 1)" * 39 + " + 1" * 79 + " > 0"
    node = parse(deep)
    assert check(node, ENVIRONMENT) == BOOL
    assert compile_cel(node).evaluate({}) is True
    assert parse(" || ".join(["false"] * 5_000)) is not None


DOUBLING = "'aaaaaaaaaaaaaaaa'" + ".replace('', 'bbbbbbbbbbbbbbbb')" * 8


@pytest.mark.parametrize("text", ["x.all(a, x.all(b, x.all(c, x.all(d, x.all(e, true)))))", DOUBLING])
def test_an_expression_that_would_not_end_is_stopped(text: str) -> None:
    result = compile_cel(parse(text)).evaluate({"x": ["a"] * 40})
    assert isinstance(result, EvaluationError | Unknown)


def test_data_that_is_nested_without_end_is_an_error() -> None:
    deep: Value = []
    for _ in range(5_000):
        deep = [deep]
    for text in ("r.A == r.B", "f(r.A)", "r.A.flatten(9999).size() == 0"):
        result, _ = evaluated(text, {"A": deep, "B": [deep]}, given("f", DYN))
        assert isinstance(result, EvaluationError)


def test_odd_data_is_an_error_and_no_crash() -> None:
    odd = {"Half": "\ud800", "Huge": 10**400, "Nan": float("nan")}
    for text in ("r.Half.matches('a')", "r.Huge + 1 == 0", "int(r.Nan) == 0", "r.Huge * r.Huge > 0"):
        result, _ = evaluated(text, odd)
        assert isinstance(result, EvaluationError), text
    assert evaluated("r.Huge > 1.5 && r.Huge != 1.5 && double(r.Huge) > 1.0", odd)[0] is True


def test_importing_the_language_does_not_import_re2() -> None:
    code = "import sys, wa_lint.cel.type_check, wa_lint.cel.guards, wa_lint.cel.mutate; print('re2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# --- what rule tests and docs ask -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("a && !b || c > 1", ["a", "b", "c > 1"]),
        ("a ? b : !c", ["a", "b", "c"]),
        ("has(a.b) && a.b == (c || d)", ["has(a.b)", "a.b == (c || d)", "c", "d"]),
        ("x.exists(v, v.A && !v.B)", ["x.exists(v, v.A && !v.B)", "v.A", "v.B"]),
        ("x.filter(v, v.A || v.B).size() > 0", ["x.filter(v, v.A || v.B).size() > 0", "v.A", "v.B"]),
        ("(a ? 1 : 2) == 1", ["(a ? 1 : 2) == 1", "a"]),
        ("x.map(v, v.A > 1, v.B).exists(w, w)", ["x.map(v, v.A > 1, v.B).exists(w, w)", "v.A > 1", "w"]),
        ("true", []),
    ],
)
def test_the_operands_of_a_condition_are_its_leaves(text: str, leaves: list[str]) -> None:
    assert [text[leaf.span.start : leaf.span.end] for leaf in operands(parse(text))] == leaves


def test_fixing_each_operand_gives_the_truth_table() -> None:
    text = "(a && !b) || x.exists(v, v && c)"
    node = parse(text)
    a, b, macro, v, c = operands(node)
    for a_is, b_is, v_is, c_is in product((True, False), repeat=4):
        fixed = node
        for operand, value in ((a, a_is), (b, b_is), (v, v_is), (c, c_is)):
            fixed = with_operand(fixed, operand, value)
        assert compile_cel(fixed).evaluate({"x": [0]}) is ((a_is and not b_is) or (v_is and c_is))
    assert compile_cel(with_operand(node, macro, value=True)).evaluate({"a": False}) is True
    assert node == parse(text), "the tree itself stays what it was"


def test_every_kind_of_node_can_be_rebuilt() -> None:
    text = "f({'a': [b.c[d || e], -g]}, x.map(v, v.A, v.B)) == (h ? 'i' : j.?k.m(n))"
    node = parse(text)
    for part in walk(node):
        fixed = with_operand(node, part, value=True)
        assert sum(other is part for other in walk(fixed)) == 0
        assert len(list(walk(fixed))) == len(list(walk(node))) - len(list(walk(part))) + 1


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("r.KmsKeyId == ''", {"KmsKeyId"}),
        ("r.Variants.all(v, v.Count > 1 && has(v.Name))", {"Variants[].Count", "Variants[].Name"}),
        ("r.Variants.filter(v, v.A).exists(w, w.B.C)", {"Variants[].A", "Variants[].B.C"}),
        ("r.Variants[0].Name + r['Key']", {"Variants[].Name", "Key"}),
        ("r.?A.?B.orValue(0) > r.?C.optMap(c, c.D).value()", {"A.B", "C.D"}),
        ("r.A.distinct()[0].X == r.?C.orValue({}).D", {"A[].X", "C.D"}),
        ("r.M[r.Name].X", {"M", "Name"}),
        ("size(r.A) > 0 && other.B", {"A"}),
        ("r.A.all(r, r.B)", {"A[].B"}),
        ("r", set()),
    ],
)
def test_the_paths_that_an_expression_reads_can_be_told(text: str, paths: set[str]) -> None:
    assert reads(parse(text), "r") == paths
