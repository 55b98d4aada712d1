"""How long things take, in CPU seconds, beside peers that are installed: ``./run bench``. Prints; judges nobody.

Every figure is the least of three whole-process runs, taken in turn, so that a noisy machine harms all alike. Read the
ratios. cfn-lint and cloudformation-validate come with the development environment; checkov and cfripper are timed where
they are on the PATH.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

RUNS = 3
SIZES: Mapping[str, tuple[int, int]] = {
    "1 template of 4 resources": (1, 1),
    "1 template of 500 resources": (1, 125),
    "100 templates of 12 resources": (100, 3),
    "1000 templates of 12 resources": (1000, 3),
}
"""What is timed: how many templates, and how many endpoints with model, configuration and scaling target in each."""

SLOW = 10.0
"""CPU seconds per run after which a tool is not asked for the next larger size."""

_VALIDATE = """
import sys
import cloudformation_validate as peer
engine = peer.CompositeEngine()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        engine.validate_template(file.read())
"""


def tools() -> Mapping[str, Sequence[str]]:
    """Return the commands that are here; each takes the files after its own words."""
    beside = Path(sys.executable).parent
    found: dict[str, Sequence[str]] = {
        "wa-lint": [sys.executable, "-m", "wa_lint", "check", "-o", "json", "--jobs", "1"]
    }
    if (beside / "cfn-lint").exists():
        found["cfn-lint"] = [str(beside / "cfn-lint"), "--"]
    found["cloudformation-validate"] = [sys.executable, "-c", _VALIDATE]
    if path := shutil.which("checkov"):
        found["checkov"] = [path, "--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "-f"]
    if path := shutil.which("cfripper"):
        found["cfripper"] = [path]
    return found


def main() -> None:
    commands = dict(tools())
    print(f"{cpu_seconds([*commands['wa-lint'][:3], '--version'], []):7.2f} s  wa-lint --version")
    for title, (files, groups) in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = write(Path(folder), files, groups)
            timed = {name: [cpu_seconds(command, paths) for _ in range(RUNS)] for name, command in commands.items()}
        best = {name: min(seconds) for name, seconds in timed.items()}
        print(f"\n{title}")
        for name, seconds in best.items():
            print(f"{seconds:7.2f} s  {seconds / best['wa-lint']:6.1f} x  {name}")
        commands = {name: command for name, command in commands.items() if best[name] < SLOW}


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


def cpu_seconds(command: Sequence[str], files: Sequence[str]) -> float:
    """Return user and system time of one run. What it finds, and its exit code, do not matter here."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, *files], capture_output=True, check=False)  # noqa: S603, commands of the table above
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
