"""AWS's own SAM translator, called so that it opens no socket and decides nothing that the deployment decides."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Raw
from wa_lint.sources.template.transforms.sam_role import managed_paths

KEPT: Final = "{{IntrinsicFunction:kept}}"
"""A value that the translator takes for one of CloudFormation's placeholders: references to it stay references."""

_REGION: Final = "us-east-1"
"""Where no region is given. What the translator concludes from it, the partition, is taken out again."""


class Refused(Exception):  # noqa: N818, it says what the translator did; nothing went wrong here
    """The translator takes the template for wrong."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__(*messages)
        self.messages = messages


def translate(template: dict[str, Raw], values: Mapping[str, Raw], region: str | None) -> dict[str, Raw]:
    """Return the sections that the translator changes, and change `template` on the way. Raise `Refused`.

    No ``AWS::Serverless::Application`` may be in it: the translator asks AWS about those. `values` are those of the
    parameters; one that is `KEPT` stays open.
    """
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415, 0.5 s and more
    from samtranslator.parser.parser import Parser  # noqa: PLC0415, as above
    from samtranslator.translator.translator import Translator  # noqa: PLC0415, as above

    _hush()
    written = set(_texts(template))
    session = _Region(region or _REGION)
    known = {**values, "AWS::Region": KEPT, "AWS::Partition": KEPT}
    try:
        translator = Translator(_managed(session.region_name), Parser(), boto_session=session)
        out = translator.translate(template, known, passthrough_metadata=True)
    except InvalidDocumentException as error:
        raise Refused([str(cause.message) for cause in error.causes]) from None
    except Exception as error:  # foreign code: what it does not expect, it does not refuse either
        raise Refused([f"it fails at it ({type(error).__name__})"]) from error
    changed = {name: out[name] for name in ("Conditions", "Outputs", "Resources") if name in out}
    return {name: section if region else _in_any_partition(section, written) for name, section in changed.items()}


class _Region(msgspec.Struct, frozen=True):
    """What the translator reads of a boto3 session; a real one would read configuration files."""

    region_name: str


def _managed(region: str) -> dict[str, str]:
    from samtranslator.translator.arn_generator import ArnGenerator  # noqa: PLC0415, as above

    partition = ArnGenerator.get_partition_name(region)
    return {name: f"arn:{partition}:iam::aws:policy{path}{name}" for name, path in managed_paths().items()}


def _hush() -> None:
    """Keep the translator from printing: what it logs as errors, it raises too."""
    logger = logging.getLogger("samtranslator")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _texts(raw: Raw) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    for inner in raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ():
        yield from _texts(inner)


def _in_any_partition(raw: Raw, written: set[str], *, is_sub: bool = False) -> Raw:
    """Return the value without the partition that the translator concluded from the region, which is not known."""
    if isinstance(raw, str):
        if "arn:aws:" not in raw or raw in written or ("${" in raw and not is_sub):
            return raw
        text = raw.replace("arn:aws:", "arn:${AWS::Partition}:")
        return text if is_sub else {"Fn::Sub": text}
    if isinstance(raw, list):
        first = [_in_any_partition(inner, written, is_sub=is_sub) for inner in raw[:1]]
        return [*first, *(_in_any_partition(inner, written) for inner in raw[1:])]
    if isinstance(raw, dict):
        return {key: _in_any_partition(inner, written, is_sub=key == "Fn::Sub") for key, inner in raw.items()}
    return raw
