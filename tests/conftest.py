"""What all tests share: the same examples on every run, ``--bless``, and the command line."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from wa_lint.cli import main

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="accept what the reporters write now as what is expected")
    parser.addoption("--cases", default=2000, help="rules and templates made at random for tests/test_two_passes.py")


def pytest_configure() -> None:
    """Hear interrupts where the tests run in the background, as by nohup: a shell lets such a job ignore them, and the
    processes that the tests start inherit it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be written rather than compared."""
    return bool(request.config.getoption("--bless"))


class Run(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def wa_lint(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """The command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "WA_LINT_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Run:
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        said = capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return Run(exit_.value.code, said.out, said.err)

    return run
