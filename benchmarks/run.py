"""How long templates take, in CPU seconds and memory, beside peers: ``./run bench``. Prints; judges nobody.

wa-lint is timed as its wheel, with our rules and with a book of five times as many. Every figure is the least of three
whole-process runs, taken in turn, so that a noisy machine harms all alike. Read the ratios. cfn-lint and
cloudformation-validate come with the development environment; checkov and cfripper are installed on the first run, each
in an environment of its own.
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
import wheel
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
    is_good: bool = False
    """Whether at most a tenth of the outcomes fail; else it is about half."""

    def __str__(self) -> str:
        several = "template" if self.templates == 1 else "templates"
        built = ", well built" if self.is_good else ""
        return f"{self.templates} {several} of {len(group(0, is_good=self.is_good)) * self.groups} resources{built}"


SIZES: Final = (
    Size(1, 1),
    Size(1, 125, 1.0, 120.0),
    Size(1, 84, 1.0, 120.0, is_good=True),
    Size(100, 3, 2.0),
    Size(1000, 3, 14.0, 120.0),
)

FIVEFOLD: Final = "wa-lint, 5 x the rules"

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
    with tempfile.TemporaryDirectory() as folder:
        commands = dict(tools(Path(folder), with_peers=not options.without_peers))
        print(f"{timed([*commands['wa-lint'][:4], '--version']).cpu:7.2f} s  wa-lint --version")
        start: dict[str, float] = {}
        for size in (size for size in SIZES if size.templates <= options.most):
            best = measured(size, commands, options.runs)
            start = start or {name: run.cpu for name, run in best.items()}
            _print(size, best, start)
            commands = {n: words for n, words in commands.items() if n.startswith("wa-lint") or best[n].cpu < SLOW}


def tools(folder: Path, *, with_peers: bool) -> Mapping[str, Sequence[str]]:
    """Return the commands that are here; each takes the files after its own words. Wheels are unpacked in `folder`."""
    beside = Path(sys.executable).parent
    words = ("check", "-o", "json", "--jobs", "1")
    found: dict[str, Sequence[str]] = {
        "wa-lint": [*wheel.command(wheel.unpacked(folder / "ours")), *words],
        FIVEFOLD: [*wheel.command(wheel.unpacked(folder / "fivefold", is_fivefold=True)), *words],
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
        paths = write(Path(folder), size)
        turns = [{name: timed([*command, *paths]) for name, command in commands.items()} for _ in range(runs)]
    return {name: least(turn[name] for turn in turns) for name in commands}


def _print(size: Size, best: Mapping[str, Timed], start: Mapping[str, float]) -> None:
    """Print the figures, and beside ours what each outcome took beyond the start (the run on one small template)."""
    ours, peer = best["wa-lint"], best.get("cloudformation-validate", best["wa-lint"])
    print(f"\n{size}")
    for name, run in best.items():
        each = ""
        if name.startswith("wa-lint") and size.groups * size.templates > 1:
            outcomes, failed = counted(run.out)
            each = (
                f"  {(run.cpu - start[name]) / outcomes * 1e6:.0f} us for each of {outcomes} outcomes, {failed} shown"
            )
        print(
            f"{run.cpu:7.2f} s  {run.megabytes:5.0f} MB  {run.cpu / ours.cpu:6.1f} x  {name}\n"
            f"{run.cpu / peer.cpu:9.2f} of cloudformation-validate{each}"
        )
    for figure, limit, unit in ((ours.cpu, size.cpu, "s CPU"), (ours.megabytes, size.megabytes, "MB")):
        if limit:
            print(f"  wa-lint: {figure:.4g} of {limit:g} {unit}, {verdict(figure, limit)}", flush=True)


def counted(report: str) -> tuple[int, int]:
    """Return how many outcomes a report counts, and how many of them it shows."""
    summary = json.loads(report)["summary"]
    shown = summary["failed"] + summary["unknown"]
    return shown + summary["passed"] + summary["not_applicable"], shown


def write(folder: Path, size: Size) -> Sequence[str]:
    paths = [folder / f"template{i}.json" for i in range(size.templates)]
    for path in paths:
        path.write_text(json.dumps(template(size), indent=1), "utf-8")
    return [str(path) for path in paths]


def template(size: Size) -> Mapping[str, object]:
    parts = (group(i, is_good=size.is_good) for i in range(size.groups))
    resources = {name: body for part in parts for name, body in part.items()}
    return {"Parameters": {"Stage": {"Type": "String"}}, "Resources": resources}


def group(i: int, *, is_good: bool) -> Mapping[str, object]:
    return _good(i) if is_good else _half(i)


def _half(i: int) -> Mapping[str, object]:
    name = f"${{Stage}}-endpoint{i}"
    role = "arn:aws:iam::111122223333:role/model"
    configured = {"Fn::GetAtt": [f"Config{i}", "EndpointConfigName"]}
    return {
        f"Model{i}": of("SageMaker::Model", ExecutionRoleArn=role, PrimaryContainer={"Image": "image:1"}),
        f"Config{i}": of("SageMaker::EndpointConfig", ProductionVariants=[_variant(i, "ml.m6i.large", 1 + i % 2)]),
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


_IMAGE: Final = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/churn:1.2.0"


def _good(i: int) -> Mapping[str, object]:
    """Return an endpoint as the rules want it, with what scales it and what watches it."""
    name, key = f"endpoint{i}", "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    capture = {"EnableCapture": True, "DestinationS3Uri": "s3://bucket/captured", "KmsKeyId": key}
    capture |= {
        "InitialSamplingPercentage": 20,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    canary = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}, "WaitIntervalInSeconds": 600}
    deployment = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": canary, "TerminationWaitInSeconds": 600},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"{name}-errors"}]},
    }
    named = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
    return {
        f"Model{i}": of(
            "SageMaker::Model",
            ExecutionRoleArn="arn:aws:iam::111122223333:role/model",
            EnableNetworkIsolation=True,
            VpcConfig={"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
            PrimaryContainer={"Image": {"Fn::Sub": _IMAGE}},
        ),
        f"Config{i}": of(
            "SageMaker::EndpointConfig",
            KmsKeyId=key,
            DataCaptureConfig=capture,
            ProductionVariants=[_variant(i, "ml.m7i.xlarge", 3)],
        ),
        f"Endpoint{i}": of(
            "SageMaker::Endpoint",
            EndpointName=name,
            EndpointConfigName={"Fn::GetAtt": [f"Config{i}", "EndpointConfigName"]},
            DeploymentConfig=deployment,
            RetainAllVariantProperties=True,
        ),
        f"Target{i}": of(
            "ApplicationAutoScaling::ScalableTarget",
            ResourceId=f"endpoint/{name}/variant/blue",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            ServiceNamespace="sagemaker",
            MinCapacity=2,
            MaxCapacity=6,
        ),
        f"Alarm{i}": of(
            "CloudWatch::Alarm",
            AlarmName=f"{name}-errors",
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=named,
            AlarmActions=["arn:aws:sns:eu-west-1:111122223333:oncall"],
        ),
    }


def _variant(i: int, type_: str, count: int) -> Mapping[str, object]:
    return {
        "VariantName": "blue",
        "ModelName": {"Fn::GetAtt": [f"Model{i}", "ModelName"]},
        "InstanceType": type_,
        "InitialInstanceCount": count,
        "InitialVariantWeight": 1,
    }


def of(type_: str, **properties: object) -> Mapping[str, object]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


if __name__ == "__main__":
    main()
