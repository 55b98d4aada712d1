"""How long templates take, in CPU seconds and memory, beside peers: ``./run bench``. Prints; judges nobody.

Every figure is the least of three whole-process runs, taken in turn, so that a noisy machine harms all alike. Read the
ratios. cfn-lint and cloudformation-validate come with the development environment; checkov and cfripper are installed
on the first run, each in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from peers import program
from timing import Timed, least, timed, verdict


class Size(msgspec.Struct, frozen=True):
    """How much is judged in one run."""

    templates: int
    groups: int
    """In each template: an endpoint with its model, configuration and scaling target."""
    cpu: float = 0.0
    """Seconds that wa-lint may take; 0: as many as it likes."""
    megabytes: float = 0.0

    def __str__(self) -> str:
        several = "template" if self.templates == 1 else "templates"
        return f"{self.templates} {several} of {4 * self.groups} resources"


SIZES: Final = (Size(1, 1), Size(1, 125, 1.0, 120.0), Size(100, 3, 2.0), Size(1000, 3, 14.0))

SLOW: Final = 10.0
"""CPU seconds per run after which a peer is not asked for the next larger size."""

_VALIDATE = """
import sys
import cloudformation_validate as peer
engine = peer.CompositeEngine()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        engine.validate_template(file.read())
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench", description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each tool and size (default 3)")
    parser.add_argument("--most", type=int, default=1000, help="leave out sizes of more templates (default 1000)")
    parser.add_argument("--without-peers", action="store_true", help="install none; time what is here")
    options = parser.parse_args()
    commands = dict(tools(with_peers=not options.without_peers))
    print(f"{timed([*commands['wa-lint'][:3], '--version']).cpu:7.2f} s  wa-lint --version")
    for size in (size for size in SIZES if size.templates <= options.most):
        best = measured(size, commands, options.runs)
        _print(size, best)
        commands = {name: command for name, command in commands.items() if name == "wa-lint" or best[name].cpu < SLOW}


def tools(*, with_peers: bool) -> Mapping[str, Sequence[str]]:
    """Return the commands that are here; each takes the files after its own words."""
    beside = Path(sys.executable).parent
    found: dict[str, Sequence[str]] = {
        "wa-lint": [sys.executable, "-m", "wa_lint", "check", "-o", "json", "--jobs", "1"]
    }
    if (beside / "cfn-lint").exists():
        found["cfn-lint"] = [str(beside / "cfn-lint"), "--"]
    found["cloudformation-validate"] = [sys.executable, "-c", _VALIDATE]
    for name, words in _PEERS.items() if with_peers else ():
        if path := program(name):
            found[name] = [str(path), *words]
    return found


_PEERS: Final[Mapping[str, Sequence[str]]] = {
    "checkov": ("--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "-f"),
    "cfripper": (),
}


def measured(size: Size, commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Timed]:
    """Return the least that each tool took. What it finds, and its exit code, do not matter here."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), size.templates, size.groups)
        turns = [{name: timed([*command, *paths]) for name, command in commands.items()} for _ in range(runs)]
    return {name: least(turn[name] for turn in turns) for name in commands}


def _print(size: Size, best: Mapping[str, Timed]) -> None:
    ours = best["wa-lint"]
    print(f"\n{size}")
    for name, run in best.items():
        print(f"{run.cpu:7.2f} s  {run.megabytes:5.0f} MB  {run.cpu / ours.cpu:6.1f} x  {name}")
    for figure, limit, unit in ((ours.cpu, size.cpu, "s CPU"), (ours.megabytes, size.megabytes, "MB")):
        if limit:
            print(f"  wa-lint: {figure:.4g} of {limit:g} {unit}, {verdict(figure, limit)}", flush=True)


def write(folder: Path, files: int, groups: int) -> Sequence[str]:
    paths = [folder / f"template{i}.json" for i in range(files)]
    for path in paths:
        path.write_text(json.dumps(template(groups), indent=1), "utf-8")
    return [str(path) for path in paths]


def template(groups: int) -> Mapping[str, object]:
    resources = {name: body for i in range(groups) for name, body in group(i).items()}
    return {"Parameters": {"Stage": {"Type": "String"}}, "Resources": resources}


def group(i: int) -> Mapping[str, object]:
    name = f"${{Stage}}-endpoint{i}"
    role = "arn:aws:iam::111122223333:role/model"
    variant = {
        "VariantName": "blue",
        "ModelName": {"Fn::GetAtt": [f"Model{i}", "ModelName"]},
        "InstanceType": "ml.m6i.large",
        "InitialInstanceCount": 1 + i % 2,
        "InitialVariantWeight": 1,
    }
    configured = {"Fn::GetAtt": [f"Config{i}", "EndpointConfigName"]}
    return {
        f"Model{i}": of("SageMaker::Model", ExecutionRoleArn=role, PrimaryContainer={"Image": "image:1"}),
        f"Config{i}": of("SageMaker::EndpointConfig", ProductionVariants=[variant]),
        f"Endpoint{i}": of("SageMaker::Endpoint", EndpointName={"Fn::Sub": name}, EndpointConfigName=configured),
        f"Target{i}": of(
            "ApplicationAutoScaling::ScalableTarget",
            ResourceId={"Fn::Sub": f"endpoint/{name}/variant/blue"},
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            ServiceNamespace="sagemaker",
            MinCapacity=1,
            MaxCapacity=2,
        ),
    }


def of(type_: str, **properties: object) -> Mapping[str, object]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


if __name__ == "__main__":
    main()
