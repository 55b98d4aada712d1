"""How fast an account is read, beside a plain boto3 loop that makes the same calls: ``./run bench live``.

The account is moto's server, a process of its own on the loopback, so nothing here needs or touches AWS; it is asked
for no metrics that it has. wa-lint's rate limit (50 requests per second and service) is lifted: what is timed is our
own work, not our manners. Both sides are whole processes with 16 threads that take turns; every figure is the least of
its runs. Read the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from peers import program
from timing import Timed, least, timed, verdict

RATIO: Final = 1.1
"""Wall time beside that of the loop."""

MEGABYTES: Final = 300.0

_ACCOUNT: Final = (sys.executable, str(Path(__file__).with_name("account.py")))
_PROWLER_SECONDS: Final = 1800.0


class Server(msgspec.Struct, frozen=True):
    """moto's server, and what a client is told in its environment to find it."""

    environment: Mapping[str, str]

    def run(self, what: str, *arguments: str) -> Timed:
        """Run one of the processes of `account.py`. Raise SystemExit with what it said where it fails."""
        done = timed([*_ACCOUNT, what, *arguments], self.environment)
        if done.code:
            sys.exit(f"bench: {what} ended with {done.code}\n{done.out}")
        return done


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench live", description=str(__doc__).splitlines()[0])
    parser.add_argument("--each", type=int, default=1000, help="resources of each of seven kinds (default 1000)")
    parser.add_argument("--runs", type=int, default=2, help="runs of each side (default 2)")
    parser.add_argument("--without-prowler", action="store_true", help="do not install or run prowler")
    options = parser.parse_args()
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        _say(f"seeding {options.each} each of seven kinds")
        server.run("seed", "--each", str(options.each))
        _compare(server, Path(folder, "calls.json"), options)
        if not options.without_prowler:
            _prowler(server, Path(folder))


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Start moto's server on a free port, and end it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    silence = subprocess.DEVNULL
    command = [*_ACCOUNT, "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=silence, stderr=silence, env={**os.environ, **_environment(port)}) as process:  # noqa: S603, ours
        try:
            _wait_for(f"http://127.0.0.1:{port}/moto-api/", process)
            yield Server(_environment(port))
        finally:
            process.terminate()


def _environment(port: int) -> dict[str, str]:
    """Return what leads a client to the server, and away from what the user has configured."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",  # moto asks for none in particular
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("bench: moto's server did not start; is moto[server] installed?")
        with contextlib.suppress(OSError), straight.open(url, timeout=5):
            return
        time.sleep(0.1)
    sys.exit("bench: moto's server does not answer")


# --- wa-lint and the loop ---------------------------------------------------------------------------


def _compare(server: Server, calls: Path, options: argparse.Namespace) -> None:
    _say("writing down wa-lint's calls (not timed)")
    recorded = json.loads(server.run("read", "--calls", str(calls)).out)
    fewest = json.loads(server.run("fewest", "--each", str(options.each)).out)["calls"]
    _say(f"reading {options.runs} times in turn")
    turns = [(server.run("loop", "--calls", str(calls)), server.run("read")) for _ in range(options.runs)]
    loop, ours = (least(runs) for runs in zip(*turns, strict=True))
    print(f"\n{sum(recorded['resources'].values())} resources, {recorded['sent']} requests, no limit to the rate")
    _print("boto3 loop", loop, loop)
    _print("wa-lint", ours, loop)
    _print_limits(ours, loop, recorded, sum(fewest.values()))


def _print(name: str, run: Timed, loop: Timed) -> None:
    ratios = f"{run.wall / loop.wall:6.2f} x wall {run.cpu / loop.cpu:6.2f} x CPU"
    print(f"{run.wall:8.2f} s wall {run.cpu:8.2f} s CPU {run.megabytes:6.0f} MB {ratios}  {name}", flush=True)


def _print_limits(ours: Timed, loop: Timed, recorded: Mapping[str, Any], fewest: int) -> None:
    limits: Sequence[tuple[str, float, float]] = (
        ("wall time beside the loop", ours.wall / loop.wall, RATIO),
        ("requests beside the plan's fewest", recorded["sent"], fewest),
        ("requests beside the loop's", recorded["sent"], json.loads(loop.out)["calls"]),
        ("peak memory, MB", ours.megabytes, MEGABYTES),
    )
    for title, figure, limit in limits:
        print(f"  {title}: {round(figure, 2):g} of {limit:g}, {verdict(figure, limit)}")
    for gap in recorded["gaps"]:
        print(f"  not read: {gap}")


# --- prowler ----------------------------------------------------------------------------------------


def _prowler(server: Server, folder: Path) -> None:
    """Time prowler once on the same account: its checks of the same three services, in the same region."""
    command = program("prowler")
    if command is None:
        return
    _say("prowler, once")
    chosen = ["--service", "sagemaker", "s3", "iam", "--region", "us-east-1"]
    written = ["--output-formats", "csv", "--output-directory", str(folder), "--no-banner", "--ignore-exit-code-3"]
    run = timed([str(command), "aws", *chosen, *written], server.environment, _PROWLER_SECONDS)
    shown = f"{run.wall:8.2f} s wall {run.cpu:8.2f} s CPU {run.megabytes:6.0f} MB"
    print(f"{shown} {'':25}  prowler {', '.join(chosen[1:4])}: {_became(run, folder)}", flush=True)


def _became(run: Timed, folder: Path) -> str:
    if run.code == -signal.SIGKILL:
        return f"ended after {_PROWLER_SECONDS:g} s"
    csv.field_size_limit(sys.maxsize)
    rows = 0
    for path in folder.glob("prowler-output-*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows += sum(1 for _ in csv.reader(file, delimiter=";")) - 1
    return f"{rows} results" if rows else f"no result: {' '.join(run.out.strip().splitlines()[-1:])}"


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
