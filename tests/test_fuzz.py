"""The fuzzer finds what is there to be found: each kind of fault is one to it, and no seed is."""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "fuzz"


def module(name: str) -> ModuleType:
    """Load a module of the fuzzer, which is a command and no package."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    sys.modules[name] = made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


targets, mutations, verdicts, fuzz = (module(name) for name in ("fuzz_targets", "mutations", "verdicts", "fuzz"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WA_LINT_DEBUG", "")
    yield tmp_path
    os.chdir(tmp_path)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_every_seed_is_read_as_what_it_is(name: str, folder: Path) -> None:
    target = targets.TARGETS[name]
    verdicts.prepared(folder, target)
    seeds = targets.seeds_of(name)
    assert seeds
    for seed in seeds:
        assert verdicts.fault_of(target, seed) is None
        code, out, err = verdicts._run(["check", *target.arguments, "-o", "json", "--jobs", "1"])
        assert (code in {0, 1}, [entry["status"] for entry in json.loads(out)["inputs"]]) == (True, ["judged"]), err


@pytest.mark.parametrize("name", targets.TARGETS)
def test_a_change_is_the_same_for_the_same_number_and_most_are_changes(name: str) -> None:
    seeds = targets.seeds_of(name)
    made = [mutations.mutated(seeds[0], seeds, number) for number in range(60)]
    assert made == [mutations.mutated(seeds[0], seeds, number) for number in range(60)]
    assert len(set(made)) > 40
    assert max(map(len, made)) <= mutations.LONGEST


def test_changes_reach_what_is_written_in_a_text() -> None:
    seeds = targets.seeds_of("changeset")
    luck = random.Random(1)  # noqa: S311, nothing is secret here
    inner = set()
    for _ in range(400):
        try:
            found = json.loads(mutations.mutated(seeds[0], seeds, luck.randrange(2**32)))
            inner.add(found["Changes"][0]["ResourceChange"]["AfterContext"])
        except (ValueError, KeyError, IndexError, TypeError):
            continue
    assert len({text for text in inner if isinstance(text, str) and '"Properties"' in text}) > 5


class Broken:
    """A command line that goes wrong in one way."""

    def __init__(self, error: BaseException | None = None, out: str = "", err: str = "", code: int = 0) -> None:
        self.error, self.out, self.err, self.code = error, out, err, code

    def __call__(self, arguments: Any) -> None:
        del arguments
        sys.stdout.write(self.out)
        sys.stderr.write(self.err)
        if self.error is not None:
            raise self.error
        raise SystemExit(self.code)


REPORT = json.dumps({"schema_version": 1})


@pytest.mark.parametrize(
    ("broken", "key"),
    [
        (Broken(ZeroDivisionError()), "ZeroDivisionError"),
        (Broken(RecursionError()), "RecursionError"),
        (Broken(MemoryError()), "memory"),
        (Broken(verdicts.OverTime()), "time"),
        (Broken(out=REPORT, code=9), "exit 9"),
        (Broken(out=REPORT, err="internal error in wa-lint, please report it", code=2), "internal error in wa-lint"),
        (Broken(out="", code=0), "silence"),
        (Broken(out="", code=2), "silence"),
        (Broken(out="{", code=1), "report"),
        (Broken(out='{"n": NaN}', code=1), "report"),
        (Broken(out=REPORT, code=1), "schema"),
    ],
)
def test_each_way_to_go_wrong_is_a_fault(
    broken: Broken, key: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wa_lint.cli.main", broken)
    target = targets.TARGETS["template"]
    verdicts.prepared(folder, target)
    found = verdicts.fault_of(target, b"\x08")  # the sum of its bytes is divisible by 8: the schema is asked too
    assert found
    assert found.key.startswith(key)


def test_an_error_of_the_users_is_none(folder: Path) -> None:
    verdicts.prepared(folder, targets.TARGETS["template"])
    for data in (b"Resources: [", b"\xff\xfe", b"", b"{" * 500, b"Resources: {A: 1}"):
        assert verdicts.fault_of(targets.TARGETS["template"], data) is None


def test_a_fault_is_written_once_with_what_shows_it_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts.prepared(folder, targets.TARGETS["pipeline"])
    hunt = fuzz.Hunt("pipeline", folder / "out")
    monkeypatch.setattr("wa_lint.cli.main", Broken(ZeroDivisionError("here")))
    for data in (b"{}", b"[]"):
        assert hunt.try_one(data)
    (told,) = (folder / "out").rglob("fault.txt")
    assert (told.parent / "input").read_bytes() == b"{}"
    assert json.loads((told.parent / "p.json").read_bytes())["Resources"]["P"]["Type"] == "AWS::SageMaker::Pipeline"
    said = told.read_text("utf-8")
    assert f"./run fuzz again pipeline {told.parent / 'input'}" in said
    assert "WA_LINT_DEBUG=1 wa-lint check p.json" in said
    assert "ZeroDivisionError: here" in said
    assert "2 inputs in 3 seconds, 1 kinds of fault" in hunt.told(3)
    assert fuzz.again("pipeline", told.parent / "input") == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["1"], ["x", "template"], ["1", "tmplate"], ["-1", "plan"], ["again", "x", "y"]])
def test_words_that_say_nothing_to_do_are_a_usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(words) == 2
    assert "usage: ./run fuzz MINUTES TARGET" in capsys.readouterr().err


def test_what_the_process_already_holds_counts_for_no_run(folder: Path) -> None:
    """A worker that has run thousands of tests has more addresses than one run may ask for."""
    target = targets.TARGETS["rule"]
    verdicts.prepared(folder, target)
    with mmap.mmap(-1, (verdicts.MOST_ADDRESSES + 200) * 2**20):
        assert verdicts.fault_of(target, targets.seeds_of("rule")[0]) is None
