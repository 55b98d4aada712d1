"""Documents: values, places and comments of YAML and JSON, and every bad input that may come."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wa_lint.document import Document, Number, read_document
from wa_lint.document.from_yaml import mended_scanner, yaml_document
from wa_lint.errors import SourceError
from wa_lint.model import Path, Raw

CORPUS = FilePath(__file__).parents[1].parent / "shared" / "corpus" / "files"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abc"\\é\n:#{ -', max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def _value(text: str) -> Raw:
    return read_document(text, "x").value


def _span(document: Document, path: Path) -> str:
    """Return the text that the place of `path` covers."""
    found = document.locate(path)
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = lines[found.line - 1 : found.end_line]
    lines[-1] = lines[-1][: found.end_column - 1]
    lines[0] = lines[0][found.column - 1 :]
    return "\n".join(lines)


# --- values -----------------------------------------------------------------------------------------

SCALARS: dict[str, Raw] = {
    "text": "text",
    "true": True,
    "False": False,
    "yes": "yes",
    "on": "on",
    "NO": "NO",
    "~": None,
    "null": None,
    "": None,
    "0": 0,
    "-17": -17,
    "+5": 5,
    "1.5": 1.5,
    "1.": 1.0,
    ".5": 0.5,
    "1e3": 1000.0,
    "0o17": 15,
    "0x1F": 31,
    "2012-10-17": "2012-10-17",
    "1:30": "1:30",
    "0123": "0123",
    "012345678901": "012345678901",
    "123456789012": 123456789012,
    "0b11": "0b11",
    "1_000": "1_000",
    ".inf": ".inf",
    ".nan": ".nan",
    "1e400": "1e400",
    "9" * 50: "9" * 50,
    "'1'": "1",
    '"true"': "true",
    "!!str 1": "1",
    "!!int '7'": 7,
    "!!bool 'true'": True,
    "! 1": "1",
    "- a": ["a"],
}


@pytest.mark.parametrize(("text", "value"), list(SCALARS.items()))
def test_scalars_follow_the_core_rules_of_yaml_1_2(text: str, value: Raw) -> None:
    found = _value(f"k:\n  {text}\n")["k"]
    assert (found, type(found) is Number or type(found)) == (value, type(found) is Number or type(value))


def test_a_decimal_remembers_how_it_was_written() -> None:
    for text in ("a: 1.10\nb: 1.5", '{"a": 1.10, "b": 1.5}'):
        value = _value(text)
        assert (value["a"], value["a"].written) == (1.1, "1.10")
        assert type(value["b"]) is float


TAGS: dict[str, Raw] = {
    "!Ref A": {"Ref": "A"},
    "!Ref 123": {"Ref": "123"},
    "!Condition A": {"Condition": "A"},
    "!GetAtt A.B": {"Fn::GetAtt": ["A", "B"]},
    "!GetAtt A.B.C": {"Fn::GetAtt": ["A", "B.C"]},
    "!GetAtt [A, B]": {"Fn::GetAtt": ["A", "B"]},
    "!Sub '${A}'": {"Fn::Sub": "${A}"},
    "!Sub ['${A}', {A: !Ref B}]": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]},
    "!If [C, !Ref AWS::NoValue, 1]": {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, 1]},
    "!Base64 1.0": {"Fn::Base64": "1.0"},
    "!Equals [!Ref A, true]": {"Fn::Equals": [{"Ref": "A"}, True]},
    "!Transform {Name: M}": {"Fn::Transform": {"Name": "M"}},
    "!Or [!And [!Condition A], !Not [!Condition B]]": {
        "Fn::Or": [{"Fn::And": [{"Condition": "A"}]}, {"Fn::Not": [{"Condition": "B"}]}]
    },
    **{
        f"!{name} [a]": {f"Fn::{name}": ["a"]}
        for name in ("Cidr", "FindInMap", "GetAZs", "ImportValue", "Join", "Length", "Select", "Split", "ToJsonString")
    },
}


@pytest.mark.parametrize(("text", "value"), list(TAGS.items()))
def test_short_forms_become_long_ones(text: str, value: Raw) -> None:
    assert _value(f"k: {text}\n")["k"] == value


@pytest.mark.parametrize(
    ("tag", "name"),
    [("!Nonsense", "!Nonsense"), ("!!python/object/apply:os.system", "!!python/object/apply:os.system")],
)
def test_an_unknown_tag_is_a_problem_and_nothing_is_done_with_it(tag: str, name: str) -> None:
    document = read_document(f"k: {tag} [echo]\n", "x")
    assert document.value == {"k": {name: ["echo"]}}
    assert [problem.message for problem in document.problems] == [f"the tag {name} is unknown, so its value is unknown"]


def test_keys_are_texts_as_they_are_written() -> None:
    assert _value("1.0: a\ntrue: b\n012: c\n2012-10-17: d\nnull: e\n'': f\n") == {
        "1.0": "a",
        "true": "b",
        "012": "c",
        "2012-10-17": "d",
        "null": "e",
        "": "f",
    }


def test_aliases_repeat_and_merges_yield_to_what_stands_there() -> None:
    text = """
a: &a {x: 1, y: 2}
b: &b {x: 3, z: 4}
c: {<<: [*a, *b], y: 5}
d: *a
e: {'<<': text}
f: {<<: *b}
"""
    value = _value(text)
    assert value["c"] == {"x": 1, "z": 4, "y": 5}
    assert value["d"] == {"x": 1, "y": 2}
    assert value["e"] == {"<<": "text"}
    document = read_document(text, "x")
    assert _span(document, ("c", "x")) == "x: 1"
    assert _span(document, ("d",)) == "d: *a"
    assert _span(document, ("d", "y")) == "y: 2"


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", '{"a": 1,\n "b": 2,\n "a": 3}'])
def test_a_key_that_stands_twice_is_a_problem_and_the_last_one_counts(text: str) -> None:
    document = read_document(text, "x")
    assert document.value == {"a": 3, "b": 2}
    (problem,) = document.problems
    assert (problem.location.line, problem.message) == (3, "the key 'a' occurs twice; the last one counts")
    assert _span(document, ("a",)).replace('"', "") == "a: 3"


@pytest.mark.parametrize(
    "text",
    ["{a: b, c: !Ref d}", '{"a": 1,}', '{"a": 1} # comment', "{'a': 1}", "[a, b]", '{"a": NaN}'],
)
def test_what_begins_like_json_may_be_yaml(text: str) -> None:
    assert _value(text)


def test_json_is_json_whatever_the_indentation() -> None:
    assert _value('\n\t{\n\t"a":\t[1,\t2]\n\t}\n') == {"a": [1, 2]}
    assert _value('{"a": "\\ud83d\\ude00", "b": "\\ud800"}') == {"a": "\U0001f600", "b": "\ufffd"}


# --- texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "a: é".encode(),
        b"\xef\xbb\xbf" + "a: é".encode(),
        "\ufeffa: é".encode("utf-16-le"),
        "\ufeffa: é".encode("utf-16-be"),
        "\ufeffa: é".encode("utf-32-le"),
        b"\xef\xbb\xbf" + '{"a": "é"}'.encode(),
    ],
)
def test_a_byte_order_mark_says_the_encoding_and_shifts_nothing(content: bytes) -> None:
    document = read_document(content, "x")
    assert document.value == {"a": "é"}
    assert document.locate(("a",)).column in {1, 2}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end: str) -> None:
    document = read_document(f"a: 'x\u2028y'{end}b: |{end}  l1{end}  l2{end}{end}c: 1{end}", "x")
    assert document.value["b"].split() == ["l1", "l2"]
    assert [document.locate((key,)).line for key in "abc"] == [1, 2, 6]
    assert document.locate(("b",)).end_line == 4
    assert document.locate(("c",)).end_column == 5


def test_the_first_document_with_content_counts_and_the_next_is_named() -> None:
    assert _value("---\n# nothing\n---\na: 1\n") == {"a": 1}
    assert read_document("a: 1\n---\n", "x").continues_at is None
    assert read_document("a: 1\n...\n", "x").continues_at is None
    where = read_document("a: 1\n---\nb: 1\n--- {\n", "x").continues_at
    assert where is not None
    assert (where.line, where.column) == (3, 1)


# --- places -----------------------------------------------------------------------------------------

YAML = """\
# first
a:   1   # one
"quoted # key": 'x # y'
list:
  - item
  -   nested: 1
      more: |
        text # no comment

        end

  - [x, {y: z}]
folded: one
  two
flow: {k: v,
  l: [1]}
ref: !Ref Some
join: !Join
  - ''
  - - a
    - !Sub "${b}" # last
empty:
none: {}
"""

SPANS: dict[Path, str] = {
    ("a",): "a:   1",
    ("quoted # key",): "\"quoted # key\": 'x # y'",
    ("list",): "list",
    ("list", 0): "item",
    ("list", 1): "nested: 1",
    ("list", 1, "more"): "more: |\n        text # no comment\n\n        end",
    ("list", 2): "[x, {y: z}]",
    ("list", 2, 1, "y"): "y: z",
    ("folded",): "folded: one\n  two",
    ("flow",): "flow",
    ("flow", "k"): "k: v",
    ("flow", "l", 0): "1",
    ("ref",): "ref: !Ref Some",
    ("ref", "Ref"): "!Ref Some",
    ("join",): "join",
    ("join", "Fn::Join", 1, 0): "a",
    ("join", "Fn::Join", 1, 1): '!Sub "${b}"',
    ("empty",): "empty:",
    ("empty", "missing", 0): "empty:",
    ("none",): "none: {}",
    ("missing",): "a:   1",
}


@pytest.mark.parametrize("scanner", [None, mended_scanner()])
@pytest.mark.parametrize("path", list(SPANS))
def test_a_place_covers_key_and_value(path: Path, scanner: Any) -> None:
    document = yaml_document(YAML, "x", scanner)
    if path == ("missing",):
        assert document.depth_of(path) == 0
        return
    assert _span(document, path).removesuffix(":") == SPANS[path].removesuffix(":")


def test_places_in_json() -> None:
    document = read_document('{"a": 1,\n "b": [{"c": "x", "d": {}},\n  "e"],\n "f": {\n  "g": null}}', "x")
    assert _span(document, ("a",)) == '"a": 1'
    assert _span(document, ("b",)) == '"b"'
    assert _span(document, ("b", 0)) == '{"c": "x", "d": {}}'
    assert _span(document, ("b", 0, "c")) == '"c": "x"'
    assert _span(document, ("b", 0, "d")) == '"d": {}'
    assert _span(document, ("b", 1)) == '"e"'
    assert _span(document, ("f", "g")) == '"g": null'
    assert _span(document, ("f", "missing")) == '"f"'
    assert document.locate_key(("b", 0, "c")).end_column == 12


def test_comments_are_found_outside_of_texts() -> None:
    found = [(comment.location.line, comment.text) for comment in read_document(YAML, "x").comments()]
    assert found == [(1, "# first"), (2, "# one"), (21, "# last")]
    assert list(read_document('{"a": " # b"}', "x").comments()) == []


@settings(max_examples=200, deadline=None)
@given(json_values, st.sampled_from([None, 1, "\t"]))
def test_any_json_is_read_as_it_is_and_every_place_points_at_its_text(value: Raw, indent: int | str | None) -> None:
    text = json.dumps({"k": value}, indent=indent)
    document = read_document(text, "x")
    assert document.value == {"k": value}
    for path, inner in _leaves({"k": value}):
        covered = _span(document, path)
        key = f"{json.dumps(path[-1])}: " if path and isinstance(path[-1], str) else ""
        assert covered == f"{key}{json.dumps(inner)}"


def _leaves(value: Raw, path: Path = ()) -> list[tuple[Path, Raw]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in _leaves(inner, (*path, index))]
    return [(path, value)]


_YAML_1_1 = re.compile(r"[-+.\d]+[eE][-+\d]*|0[xo]\w*|[\s\S]*[\x85\u2028\u2029][\s\S]*")
"""What PyYAML writes by the older rules: 0E0 without quotes, for it is not a number there, and more line breaks."""


@settings(max_examples=100)
@given(json_values, st.booleans())
def test_any_yaml_is_read_as_it_was_written(value: Raw, is_flow: bool) -> None:
    assume(not any(isinstance(leaf, str) and _YAML_1_1.fullmatch(leaf) for _, leaf in _leaves(value)))
    text = yaml.safe_dump({"k": value}, default_flow_style=is_flow, allow_unicode=True)
    assert read_document(text, "x").value == {"k": value}


@settings(max_examples=300, deadline=None)
@given(st.text("ab:- \t\n#'\"{}[],&*!|>?%1.\u2028é", max_size=40))
def test_any_text_is_read_or_named_in_one_line(text: str) -> None:
    try:
        document = read_document(text, "x")
    except SourceError as error:
        message = str(error)
    else:
        message = ""
        for path, _ in _leaves(document.value):
            assert document.locate(path).line >= 1
        list(document.comments())
    assert "\n" not in message


# --- libyaml or not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a:\tb\n",
        "a: b\t# c\n",
        "a: b\tc\n",
        "a: b \t c  \n",
        "-\ta\n-\tb\n",
        "a: {\tb: c\t,\td: e\t}\n",
        "a: x\n  \ty\n",
        "a:\t\n  b: c\n",
        "a: [b::c, d:e]\n",
    ],
)
def test_without_libyaml_tabs_separate_just_the_same(text: str) -> None:
    assert yaml.__with_libyaml__, "the comparison needs libyaml"
    with_it, without = (_outcome(text, scanner) for scanner in (None, mended_scanner()))
    assert with_it == without


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_without_libyaml_real_templates_read_the_same() -> None:
    files = sorted(file for file in CORPUS.rglob("*") if file.is_file() and file.stat().st_size < 4_000)
    for file in files[::4]:
        results = [_outcome(file.read_text("utf-8-sig"), scanner) for scanner in (None, mended_scanner())]
        assert results[0] == results[1], file.name


def _outcome(text: str, scanner: Any) -> object:
    try:
        document = yaml_document(text, "x", scanner)
    except SourceError:
        return SourceError
    return document.value, document.places, document.problems


# --- bad inputs -------------------------------------------------------------------------------------

BAD: dict[str, tuple[str | bytes, str, str]] = {
    "a tab that indents": ("a:\n\tb: c\n", "x:2:1", "a tab is used for indentation"),
    "a byte that is not UTF-8": (b"a: b\nc: \xe9\n", "x:2:4", "byte 8 of the file is not UTF-8"),
    "a NUL": (b"a: b\x00\n", "x:1:5", "the character U+0000 is not allowed in YAML"),
    "UTF-16 without a mark": ("a: b".encode("utf-16-le"), "x:1:2", "the character U+0000"),
    "half of a UTF-16 character": (b"\xff\xfea\x00\x00", "x:1:2", "byte 4 of the file is not UTF-16"),
    "truncated JSON": ('{"a": [1, 2', "x:1:12", "it ends unexpectedly; a bracket or a quote is missing"),
    "a comment in JSON": ('{"a": 1, // one\n"b": }', "x:1:10", "JSON has no comments"),
    "a template of a template, at the start": (
        "{{ name }}: x\n",
        "x:1:2",
        "this looks like a template of another tool",
    ),
    "a key that is a list": ("? [a]\n: b\n", "x:1:3", "a map or list is used as a key"),
    "a template of a template": ("a: {{ x }} y\n", "x:1:5", "this looks like a template of another tool"),
    "a template of a template, with a loop": ("{% for a in b %}\na: b\n", "x:1:2", "this looks like a template of"),
    "an undefined alias": ("a: *b\n", "x:1:4", "the alias *b is used inside its own anchor"),
    "an anchor in itself": ("a: &b [*b]\n", "x:1:8", "the alias *b is used inside its own anchor"),
    "a merge of a text": ("a: {<<: b}\n", "x:1:5", "<< merges maps"),
    "deep YAML": ("[" * 20_000, "x", "it nests deeper than 100 levels"),
    "deep block YAML": ("".join(" " * n + "a:\n" for n in range(200)), "x:102:102", "it nests deeper than 100 levels"),
    "deep JSON": ("[" * 20_000 + "]" * 20_000, "x", "it nests deeper than 100 levels"),
    "rather deep JSON": ("[" * 200 + "]" * 200, "x", "it nests deeper than 100 levels"),
    "a long YAML": ("a: b\n" * 2_000_001, "x", "it has 10000005 characters"),
    "an unclosed quote": ("a: 'b\n", "x:1:4", "it cannot be read as YAML: while scanning a quoted scalar"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_input_is_one_error_with_its_place(name: str) -> None:
    content, where, problem = BAD[name]
    with pytest.raises(SourceError) as caught:
        read_document(content, "x")
    assert problem in caught.value.problem
    assert caught.value.where.startswith(where)


def test_an_alias_bomb_is_stopped_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    began = time.process_time()
    with pytest.raises(SourceError, match="aliases repeat more than 100000 values"):
        read_document(bomb, "x")
    assert time.process_time() - began < 1
