"""The text that a packaging tool uploads for a nested template, which gives it its name. Opens no file, uploads none.

``aws cloudformation package`` and ``sam package`` read the template, put URLs in the place of what lies beside it,
write it anew as YAML and name it by the MD5 of that text: ``…/<md5>.template`` (SHA-256 where a machine has no MD5).
Their YAML differs in details, so each has its own writer here. Facts: aws-cli 1.46.3 and its v2 branch of 2026-07
(``artifact_exporter.py``, ``s3uploader.py``, ``yamlhelper.py``), aws-sam-cli 1.170 (``yamlhelper.py``,
``resource_metadata_normalizer.py``), held against their own code on 2026-11-23.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import ClassVar, Final

import msgspec
import yaml

from wa_lint.document import read_document
from wa_lint.errors import SourceError
from wa_lint.model import Raw

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML without libyaml: the same, but slower
    from yaml import SafeLoader  # type: ignore[assignment] # it has the same members

_REMEMBERED: Final = 8192
"""Answers on contents, of which many packaged templates beside the same files ask again and again."""

_URL: Final = re.compile(r"(https?://[^?#]+/)([0-9a-f]{64}|[0-9a-f]{32})\.template(?:\?versionId=[^&#]*)?")

_ELSEWHERE: Final = ("http://", "https://", "s3://")

STACKS: Final[Mapping[str, str]] = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
"""The types that nest a stack, and the property that says where its template is."""


class Upload(msgspec.Struct, frozen=True):
    """What the URL of an uploaded template says."""

    folder: str
    """With the slash behind it; what was packaged with it lies there too."""
    digest: str
    """In hexadecimal digits."""


def location_of(body: Raw) -> Raw:
    """Return where a nested stack says that its template is; None for what is no nested stack."""
    match body:
        case {"Type": str(type_), "Properties": dict(properties)} if type_ in STACKS:
            return properties.get(STACKS[type_])
    return None


def upload_of(url: str) -> Upload | None:
    """Return what a URL says; None for one that no packaging tool makes."""
    found = _URL.fullmatch(url)
    return Upload(found[1], found[2]) if found else None


@lru_cache(maxsize=_REMEMBERED)
def local_stacks(content: bytes) -> tuple[tuple[str, str], ...] | None:
    """Return the nested stacks whose template a tool looks for beside their own: their ids, and where it is.

    None for what is no template that can be read: a wreck, an alias bomb.
    """
    if b"Resources" not in content:
        return None
    try:
        value = read_document(content, "").value
    except SourceError:
        return None
    resources = value.get("Resources") if isinstance(value, dict) else None
    if not isinstance(resources, dict):
        return None
    places = [(id_, location_of(body)) for id_, body in resources.items()]
    return tuple((id_, at) for id_, at in places if isinstance(at, str) and not at.startswith(_ELSEWHERE))


@lru_cache(maxsize=_REMEMBERED)
def digest_of(content: bytes, urls: tuple[tuple[str, str], ...], tool: str, length: int) -> str | None:
    """Return the name that a tool of `TOOLS` gives to a template; None for what it would not write.

    `urls` are pairs of the logical id of a nested stack and its new URL. The content has to be that of a template, see
    `local_stacks`: what is too deep, or an alias bomb, is not looked for here.
    """
    try:
        written = TOOLS[tool](content.decode(), dict(urls)).encode()
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError, yaml.YAMLError):
        return None  # foreign text in foreign code: whatever it trips over is no template that a tool would write
    return hexadecimal(written, length)


def hexadecimal(content: bytes, length: int) -> str:
    """Return the digest of so many hexadecimal digits: 64 are SHA-256, 32 MD5."""
    make = hashlib.sha256 if length == len(hashlib.sha256().hexdigest()) else hashlib.md5
    return make(content, usedforsecurity=False).hexdigest()


# --- reading, as the tools do -----------------------------------------------------------------------


def _value(text: str, loader: type[_Loader]) -> Raw:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, loader)  # noqa: S506, a SafeLoader with tags for CloudFormation's functions


def _tagged(loader: SafeLoader, suffix: str, node: yaml.Node) -> Raw:
    """Return ``!Ref X`` as a map. What such a tag says of a map is no ordered one: its keys are written sorted."""
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        said = loader.construct_scalar(node)
        return {name: said.split(".", 1) if suffix == "GetAtt" and isinstance(said, str) else said}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # noqa: S101, there is no fourth kind
    return {name: dict(sorted(loader.construct_mapping(node, deep=True).items()))}


def _in_order(loader: SafeLoader, node: yaml.MappingNode) -> Raw:
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


class _Loader(SafeLoader):
    yaml_constructors: ClassVar[dict[str | None, Raw]] = {
        **SafeLoader.yaml_constructors,
        yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG: _in_order,
    }
    yaml_multi_constructors: ClassVar[dict[str | None, Raw]] = {"!": _tagged}


def _decimal(loader: SafeLoader, node: yaml.ScalarNode) -> int:
    """Return a number that may begin with 0; only letters make it no decimal one."""
    text = str(loader.construct_scalar(node)).replace("_", "")
    return int(text, 0 if any(letter in text for letter in "box") else 10)


_NUMBERS: Final[Mapping[str, re.Pattern[str]]] = {
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?[0-9][0-9_]*(\.[0-9_]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$|[-+]?\.[0-9_]+([eE][-+][0-9]+)?$"
        r"|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
    ),
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)$"),
}
"""What a number looks like in YAML 1.2, as ruamel.yaml has it: an account id is one."""

_PLAIN: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in patterns]
    for first, patterns in SafeLoader.yaml_implicit_resolvers.items()
}
"""What plain text stands for, by its first character."""


class _Loader2(_Loader):
    yaml_implicit_resolvers = _PLAIN
    yaml_constructors: ClassVar[dict[str | None, Raw]] = {
        **_Loader.yaml_constructors,
        "tag:yaml.org,2002:int": _decimal,
    }


class _WithoutDates(_Loader):
    yaml_constructors: ClassVar[dict[str | None, Raw]] = {
        **_Loader.yaml_constructors,
        "tag:yaml.org,2002:timestamp": yaml.constructor.SafeConstructor.construct_yaml_str,
    }


# --- writing, as the tools do -----------------------------------------------------------------------


class _Version1(yaml.SafeDumper):
    """The PyYAML of version 1, as it is."""

    def ignore_aliases(self, data: Raw) -> bool:  # noqa: ARG002, that is its signature
        return True


class _Version2(_Version1):
    """The ruamel.yaml (to 0.17.21) of version 2: double quotes around what holds a quote or a line's end."""

    yaml_implicit_resolvers = _PLAIN

    def choose_scalar_style(self) -> str:
        style: str = super().choose_scalar_style()
        scalar: Raw = self.event
        return '"' if style == "'" and not scalar.style and ("'" in scalar.value or "\n" in scalar.value) else style


class _Version2Later(_Version2):
    """The ruamel.yaml (from 0.17.22) of version 2: a word that is too long for its line begins a new one."""

    def write_plain(self, text: str, split: bool = True) -> None:
        if not text or "\n" in text or self.root_context:
            super().write_plain(text, split)
            return
        if not self.whitespace:
            self._put(" ")
        self.whitespace = self.indention = False
        for run in re.findall(" +|[^ ]+", text):
            self._put_run(run, split=split)

    def _put_run(self, run: str, *, split: bool) -> None:
        is_blank = run.startswith(" ")
        if is_blank and run == " " and split and self.column >= self.best_width:
            self.write_indent()
            self.whitespace = self.indention = False
            return
        if not is_blank and self.column + len(run) > self.best_width and self.column > (self.indent or 0):
            self.write_indent()
        self._put(run)

    def _put(self, text: str) -> None:
        self.column += len(text)
        self.stream.write(text)


class _Sam(_Version1):
    """SAM's: quotes around all that begins with 0, for that could be an account id."""

    def represent_text(self, text: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", text, "'" if text.startswith("0") else None)

    yaml_representers: ClassVar[dict[type[Raw], Raw]] = {**yaml.SafeDumper.yaml_representers, str: represent_text}


def _written(value: Raw, dumper: type[_Version1], *, allow_unicode: bool = False) -> str:
    return str(yaml.dump(value, Dumper=dumper, default_flow_style=False, sort_keys=False, allow_unicode=allow_unicode))


def _with_urls(value: Raw, urls: Mapping[str, str]) -> Raw:
    for id_, url in urls.items():
        body = value["Resources"][id_]
        body["Properties"][STACKS[body["Type"]]] = url
    return value


# --- the tools --------------------------------------------------------------------------------------


def _aws_1(text: str, urls: Mapping[str, str]) -> str:
    return _written(_with_urls(_value(text, _Loader), urls), _Version1)


def _aws_2(text: str, urls: Mapping[str, str]) -> str:
    return _written(_with_urls(_value(text, _Loader2), urls), _Version2, allow_unicode=True)


def _aws_2_later(text: str, urls: Mapping[str, str]) -> str:
    return _written(_with_urls(_value(text, _Loader2), urls), _Version2Later, allow_unicode=True)


def _sam(text: str, urls: Mapping[str, str]) -> str:
    """Write also what SAM notes at each resource: its own name for it."""
    value = _with_urls(_value(text, _WithoutDates), urls)
    for id_, body in value["Resources"].items():
        if not id_.startswith("Fn::ForEach::"):
            said = body.get("Metadata") or {}
            body["Metadata"] = {**said, "SamResourceId": said.get("SamResourceId") or id_}
    return _written(value, _Sam)


TOOLS: Final[Mapping[str, Callable[[str, Mapping[str, str]], str]]] = {
    "aws 2": _aws_2_later,
    "aws 2 until 2025": _aws_2,
    "aws 1": _aws_1,
    "sam": _sam,
}
"""What writes a template anew: its text, and the URLs of its nested stacks by their logical ids."""
