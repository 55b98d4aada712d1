"""What is fuzzed: for each kind of input its seeds, and the command that reads it. All of it is data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
SEEDS: Final = Path(__file__).parent / "seeds"

TEMPLATE: Final = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: blue, ModelName: m, InitialInstanceCount: 1, InstanceType: ml.m5.large}]
  Notebook: {Type: AWS::SageMaker::NotebookInstance, Properties: {InstanceType: ml.t3.medium, RootAccess: Enabled}}
"""


def _as_it_is(data: bytes) -> bytes:
    return data


def _in_a_pipeline(data: bytes) -> bytes:
    body = {"PipelineDefinitionBody": data.decode("utf-8", "replace")}
    properties = {"PipelineName": "p", "RoleArn": "arn:aws:iam::123456789012:role/x", "PipelineDefinition": body}
    return json.dumps({"Resources": {"P": {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}}}).encode()


class Target(NamedTuple):
    """One kind of input."""

    file: str
    """Where an input is written, in an empty folder."""
    arguments: Sequence[str]
    """What `wa-lint check` is told besides."""
    seeds: Sequence[str]
    """Patterns of files in the repository, besides those in ``seeds/``."""
    written: Callable[[bytes], bytes] = _as_it_is
    """What stands in the file for an input."""


TARGETS: Final[Mapping[str, Target]] = {
    "template": Target("t.yaml", ("t.yaml",), ("fixtures/*/template.yaml", "tests/exports/workload.yaml")),
    "snapshot": Target("s.jsonl", ("s.jsonl",), ()),
    "plan": Target("p.json", ("p.json",), ("tests/exports/workload.plan.json",)),
    "changeset": Target("c.json", ("c.json",), ()),
    "config": Target("c.json", ("c.json",), ()),
    "pipeline": Target("p.json", ("p.json",), (), _in_a_pipeline),
    "rule": Target(
        "rules/own-endpoint-rule.yaml", ("t.yaml", "--rules", "rules"), ("rules/sagemaker/endpoint-*.yaml",)
    ),
    "configuration": Target("wa-lint.yaml", ("t.yaml", "--config", "wa-lint.yaml"), ()),
}


def seeds_of(name: str) -> list[bytes]:
    """Return the contents of a target's seeds."""
    files = [*sorted(SEEDS.glob(f"{name}/*")), *(f for p in TARGETS[name].seeds for f in sorted(ROOT.glob(p)))]
    return [file.read_bytes() for file in files]
