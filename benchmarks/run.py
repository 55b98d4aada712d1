"""How long things take, in CPU seconds: ``./run bench``. Prints; judges nothing but its own inputs."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

VARIANT = """\
  Config{i}:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {{VariantName: blue, ModelName: churn, InstanceType: ml.m5.large, InitialInstanceCount: {count}}}
"""

CASES = {
    "--version": (0, ["--version"]),
    "one small template, JSON": (1, ["check", "-o", "json"]),
    "a template of 500 resources, text": (500, ["check", "-o", "text"]),
    "a template of 500 resources, JSON": (500, ["check", "-o", "json"]),
}
"""What is timed: how many resources the template has, and the command."""


def main() -> None:
    for name, (resources, arguments) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            if resources:
                Path(folder, "template.yaml").write_text(template(resources), "utf-8")
            print(f"{min(cpu_seconds(folder, arguments) for _ in range(3)):6.2f} s  {name}")


def template(resources: int) -> str:
    return "Resources:\n" + "".join(VARIANT.format(i=i, count=1 + i % 2) for i in range(resources))


def cpu_seconds(folder: str, arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "wa_lint", *arguments]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603, our own command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
