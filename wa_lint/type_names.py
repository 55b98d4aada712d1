"""Names of resource types: which ones AWS has, and which belong to machine learning. It knows no properties, no rule.

Both lists are dated data: `data/type_names.json` (CloudFormation's schemas) and `data/ml_types.json` (our judgement).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_DATA: Final = Path(__file__).parent / "data"

_AWS: Final = "AWS::"


class _Names(msgspec.Struct, frozen=True):
    types: Mapping[str, frozenset[str]]


class _Ml(msgspec.Struct, frozen=True):
    services: Mapping[str, str]
    types: Mapping[str, str]
    terraform: tuple[str, ...]


def is_ml(type_name: str) -> bool:
    """Whether a type, of CloudFormation or of Terraform, belongs to machine learning.

    It need not be one that AWS is known to have: ``AWS::SageMaker::Tomorrow`` belongs to it as well.
    """
    known = _ml()
    if not type_name.startswith(_AWS):
        return type_name.startswith(known.terraform)
    return type_name in known.types or _service(type_name) in known.services


def is_recognised(type_name: str) -> bool:
    """Whether AWS has the type, or wa-lint reads resources of other sources as it."""
    service, _, noun = type_name.removeprefix(_AWS).partition("::")
    return type_name.startswith(_AWS) and noun in _names().types.get(service, ())


def is_opaque(type_name: str) -> bool:
    """Whether code outside AWS's own services decides what a resource of the type is.

    So it is of a custom resource, a module, and a third-party type of CloudFormation's registry.
    """
    if type_name.startswith(_AWS):
        return type_name == "AWS::CloudFormation::CustomResource" or type_name.endswith("::MODULE")
    return "::" in type_name


def _service(type_name: str) -> str:
    return type_name.split("::")[1]


@cache
def _names() -> _Names:
    return msgspec.json.decode((_DATA / "type_names.json").read_bytes(), type=_Names)


@cache
def _ml() -> _Ml:
    return msgspec.json.decode((_DATA / "ml_types.json").read_bytes(), type=_Ml)
