# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/instance_types.json`, `notebook_platforms.json` and `lambda_runtimes.json`. Build time only.

    python scripts/refresh_platforms.py [--date 2026-11-23]

Instance types: botocore's enums of SageMaker say which there are and what for; DescribeInstanceTypes of EC2, as moto
carries it, says what they are made of. What neither knows is written down here, with its source.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data"

_USES: Final = {
    "hosting": "ProductionVariantInstanceType",
    "training": "TrainingInstanceType",
    "transform": "TransformInstanceType",
    "processing": "ProcessingInstanceType",
    "notebook": "InstanceType",
    "studio": "AppInstanceType",
    "cluster": "ClusterInstanceType",
}
"""What an instance type is for, and botocore's enum that lists it."""

_PREVIOUS: Final = {
    "c4": "AWS's page of EC2's previous generation instances",
    "g3": "AWS's page of EC2's previous generation instances",
    "m4": "AWS's page of EC2's previous generation instances",
    "p2": "AWS's page of EC2's previous generation instances",
    "r4": "AWS's page of EC2's previous generation instances",
    "p3": "EC2's DescribeInstanceTypes no longer lists it (p3dn it does)",
}
"""Families that are of a previous generation beyond doubt, with the reason."""

_NOT_IN_EC2: Final[Mapping[str, Raw]] = {
    "dl1": {"local_storage": True, "burstable": False, "architecture": "x86_64", "accelerator": "gaudi"},
    "g3": {"local_storage": False, "burstable": False, "architecture": "x86_64", "accelerator": "gpu"},
    "geospatial": {},
    "p2": {"local_storage": False, "burstable": False, "architecture": "x86_64", "accelerator": "gpu"},
    "p3": {"local_storage": False, "burstable": False, "architecture": "x86_64", "accelerator": "gpu"},
    "p6e-gb200": {"local_storage": True, "burstable": False, "architecture": "arm64", "accelerator": "gpu"},
}
"""Families that DescribeInstanceTypes lacks. p2 and g3: AWS's page of EC2's previous generation instances. p3, dl1 and
p6e-gb200 are as EC2 announced them; no page was at hand to check them. What is not said is not known."""

_NOTEBOOKS: Final = {
    "notebook-al1-v1": {"no_new_since": "2023-02-01", "unsupported_since": "2024-03-31", "system": "Amazon Linux"},
    "notebook-al2-v1": {"no_new_since": "2025-06-30", "unsupported_since": "2026-06-30", "system": "Amazon Linux 2"},
    "notebook-al2-v2": {"no_new_since": "2025-06-30", "unsupported_since": "2026-06-30", "system": "Amazon Linux 2"},
    "notebook-al2-v3": {"no_new_since": "2026-07-01", "unsupported_since": "2026-06-30", "system": "Amazon Linux 2"},
    "notebook-al2023-v1": {"no_new_since": None, "unsupported_since": None, "system": "Amazon Linux 2023"},
}

_NOTEBOOK_DEFAULTS: Final = [["2022-10-31", "notebook-al2-v2"], ["2026-05-15", "notebook-al2023-v1"]]
"""Since when a request without PlatformIdentifier gets which; a step to v3 between the two has no date."""


def main() -> None:
    """Write the three files anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", default=dt.datetime.now(tz=dt.UTC).date().isoformat())
    read_on = parser.parse_args().date
    _write("instance_types.json", _instance_types(read_on))
    _write("notebook_platforms.json", _notebook_platforms(read_on))
    _write("lambda_runtimes.json", _lambda_runtimes())


def _write(name: str, document: Raw) -> None:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    (_OUT / name).write_text(text + "\n", encoding="utf-8")


# --- instance types ---------------------------------------------------------------------------------


def _instance_types(read_on: str) -> Raw:
    uses, ec2 = _uses(), _ec2()
    families = sorted({*(name.split(".")[1] for name in uses), *_PREVIOUS})
    return {
        "source": "botocore's enums of SageMaker (Apache-2.0); EC2's DescribeInstanceTypes as moto carries it"
        " (Apache-2.0); AWS's page of EC2's previous generation instances",
        "version": f"botocore {version('botocore')}, moto {version('moto')}",
        "date": read_on,
        "families": {family: _family(family, ec2) for family in families},
        "types": {name: _size(ec2.get(name.removeprefix("ml.")), uses[name]) for name in sorted(uses)},
    }


def _uses() -> dict[str, list[str]]:
    from botocore.loaders import Loader  # noqa: PLC0415, only this function needs it

    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    uses: dict[str, list[str]] = {}
    for use, enum in _USES.items():
        for name in shapes[enum]["enum"]:
            if name.startswith("ml."):
                uses.setdefault(name, []).append(use)
    return uses


def _ec2() -> Mapping[str, Raw]:
    import moto.ec2  # noqa: PLC0415, only this function needs it

    packed = Path(moto.ec2.__path__[0]) / "resources" / "instance_types.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()))  # type: ignore[no-any-return] # it is that mapping


def _family(family: str, ec2: Mapping[str, Raw]) -> Raw:
    known = [entry for name, entry in ec2.items() if name.split(".")[0] == family]
    facts = _described(known) if known else {**_NOT_IN_EC2.get(family, {})}
    if family in _PREVIOUS:
        facts |= {"previous": True, "why_previous": _PREVIOUS[family]}
    return facts


def _described(known: list[Raw]) -> Raw:
    first = known[0]
    facts: Raw = {
        "local_storage": any(entry.get("InstanceStorageSupported", False) for entry in known),
        "burstable": first.get("BurstablePerformanceSupported", False),
        "current": first["CurrentGeneration"],
        "architecture": "arm64" if "arm64" in first["ProcessorInfo"]["SupportedArchitectures"] else "x86_64",
    }
    if accelerator := _accelerator(first):
        facts["accelerator"] = accelerator
    return facts


def _accelerator(entry: Raw) -> str | None:
    if "GpuInfo" in entry:
        return "gpu"
    if "InferenceAcceleratorInfo" in entry:
        return "inferentia"
    if "NeuronInfo" in entry:
        name = entry["NeuronInfo"]["NeuronDevices"][0]["Name"]
        return "inferentia" if "inf" in name.lower() else "trainium"
    return None


def _size(entry: Raw, uses: list[str]) -> Raw:
    if entry is None:
        return {"uses": uses}
    size = {"uses": uses, "vcpus": entry["VCpuInfo"]["DefaultVCpus"], "mib": entry["MemoryInfo"]["SizeInMiB"]}
    if gpus := sum(gpu["Count"] for gpu in entry.get("GpuInfo", {}).get("Gpus", ())):
        size["gpus"] = gpus
    return size


# --- notebooks and Lambda ---------------------------------------------------------------------------


def _notebook_platforms(read_on: str) -> Raw:
    return {
        "source": "AWS's SageMaker developer guide, Amazon Linux 2 notebook instances (nbi-al2)",
        "version": 1,
        "date": read_on,
        "defaults": _NOTEBOOK_DEFAULTS,
        "platforms": _NOTEBOOKS,
    }


def _lambda_runtimes() -> Raw:
    import cfnlint.data.AdditionalSpecs as lifecycles  # noqa: N813, PLC0415, slow to import; only this function needs it
    from cfnlint.data import schemas  # noqa: PLC0415, the same

    read = json.loads((Path(lifecycles.__path__[0]) / "LmbdRuntimeLifecycle.json").read_text())
    stamp = json.loads((Path(schemas.__path__[0]) / "version.json").read_text())
    return {
        "source": "cfn-lint's copy of AWS's table of Lambda runtimes (MIT-0)",
        "version": version("cfn-lint"),
        "date": stamp["schema_date"][:10],
        "runtimes": {
            name: {
                "deprecated": entry["deprecated"],
                "no_new_since": entry["create-block"],
                "no_update_since": entry["update-block"],
                "successor": entry["successor"],
            }
            for name, entry in sorted(read.items())
        },
    }


if __name__ == "__main__":
    main()
