"""Both benches run to their end on something tiny, so that they do not rot. Nothing is timed here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def bench(script: str, *arguments: str) -> str:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_templates_are_timed_beside_the_peers_that_are_here() -> None:
    shown = bench("run.py", "--runs", "1", "--most", "1", "--without-peers")
    assert shown.startswith(" ")
    for size in ("1 template of 4 resources", "1 template of 500 resources", "1 template of 420 resources, well built"):
        assert size in shown
    for tool in ("wa-lint", "wa-lint, 5 x the rules", "cfn-lint", "cloudformation-validate"):
        assert len(re.findall(rf"\d s +\d+ MB +\d+\.\d x  {tool}\n", shown)) == 3
    outcomes = [tuple(map(int, found)) for found in re.findall(r"us for each of (\d+) outcomes, (\d+) shown", shown)]
    ours, fivefold, good, _ = outcomes
    assert fivefold == (5 * ours[0], 5 * ours[1])
    assert 10 * good[1] <= good[0]
    assert re.search(r"wa-lint: \S+ of 1 s CPU, (ok|OVER)\n", shown)
    assert re.search(r"wa-lint: \S+ of 120 MB, (ok|OVER)\n", shown)


@pytest.fixture(scope="module")
def live() -> str:
    return bench("live.py", "--each", "3", "--runs", "1", "--without-prowler")


def test_an_account_is_read_beside_a_loop_that_makes_the_same_calls(live: str) -> None:
    assert "21 resources, 59 requests" in live  # 15 for each of 3, and those that list, measure and ask who asks
    for side in ("boto3 loop", "wa-lint"):
        assert re.search(rf"s wall .* s CPU .* MB .* x wall .* x CPU  {side}\n", live)
    assert re.search(r"peak memory, MB: \S+ of 300, (ok|OVER)\n", live)
    assert "not read" not in live


def test_no_request_is_made_that_the_plan_could_do_without(live: str) -> None:
    assert re.search(r"requests beside the plan's fewest: (\d+) of \1, ok\n", live)
    assert re.search(r"requests beside the loop's: (\d+) of \1, ok\n", live)


def test_a_peer_that_cannot_be_installed_is_said_and_left_out(tmp_path: Path) -> None:
    lines = (
        "import json, pathlib, sys, peers",
        f"peers._FOLDER = pathlib.Path({str(tmp_path)!r})",
        "peers.sys.executable = '/bin/false'",
        "print(json.dumps(peers.program('cfripper')))",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) is None
    assert "cfripper is left out" in done.stderr
