"""Which resources of a plan an expression names: through variables and outputs of modules, never by its text.

A plan's configuration holds no text of an expression, only what it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.model import Raw

_INDEX: Final = re.compile(r'\[(?:"(?:[^"\\]|\\.)*+"|[^\]"]*)\]')
_RESOURCE: Final = re.compile(
    r"(?P<base>(?:data\.)?[a-z][a-z0-9_]*\.[\w-]+)(?P<index>\[[^\]]*\])?(?:\.(?P<attribute>.+))?"
)
_DEEPEST: Final = 32
"""Variables and outputs that one value may come through."""

NOT_SET: Final = object()
"""Stands for the expression of what the configuration does not set."""


class Reference(msgspec.Struct, frozen=True):
    """One thing that an expression refers to."""

    address: str
    """Of a resource of the plan; empty where it is something else, as a local value, or one of several instances."""
    attribute: str = ""
    type: str = ""


_OTHER: Final = Reference("")


class PlanConfiguration:
    """The configuration of a plan with the addresses of its resources. An index, built once."""

    def __init__(self, root: Raw, addresses: Iterable[str]) -> None:
        self.root = root if isinstance(root, dict) else {}
        self._instances: dict[str, list[str]] = {}
        self._expressions: dict[tuple[str, ...], dict[str, Raw]] = {}
        for address in addresses:
            self._instances.setdefault(without_index(address), []).append(address)

    def expressions(self, address: str) -> Raw:
        """Return the expressions of a resource, by the names of its attributes; None where the plan has none."""
        modules, base = _split(without_index(address))
        if modules not in self._expressions:
            self._expressions[modules] = dict(_expressions(self._module(modules)))
        return self._expressions[modules].get(base)

    def references(self, expression: Raw, own: str) -> Sequence[Reference]:
        """Return what `expression`, which is in the resource `own`, refers to. `own` is an address."""
        modules, _ = _split(without_index(own))
        found = dict.fromkeys(self._followed(_names(expression), modules, own, 0))
        return tuple(found)

    def _followed(self, names: Sequence[str], modules: tuple[str, ...], own: str, depth: int) -> Iterator[Reference]:
        for name in names:
            head, _, rest = name.partition(".")
            if depth > _DEEPEST:
                yield _OTHER
            elif head == "var":
                yield from self._variable(rest, modules, own, depth)
            elif head == "module":
                yield from self._output(rest, modules, own, depth)
            elif (found := _RESOURCE.fullmatch(name)) and head not in {"local", "each", "count", "path", "terraform"}:
                yield from self._resource(found, modules, own)
            else:
                yield _OTHER

    def _variable(self, rest: str, modules: tuple[str, ...], own: str, depth: int) -> Iterator[Reference]:
        """Yield what the call of the module gives a variable. What stands for the root's is known in the plan."""
        if not modules:
            return
        outer = self._module(modules[:-1])
        call = (outer or {}).get("module_calls", {}).get(modules[-1])
        given = call.get("expressions") if isinstance(call, dict) else None
        expression = given.get(_first(rest)) if isinstance(given, dict) else None
        yield from self._followed(_names(expression), modules[:-1], own, depth + 1)

    def _output(self, rest: str, modules: tuple[str, ...], own: str, depth: int) -> Iterator[Reference]:
        name, _, attribute = _INDEX.sub("", rest).partition(".")
        inner = (*modules, name)
        outputs = (self._module(inner) or {}).get("outputs")
        output = outputs.get(_first(attribute)) if isinstance(outputs, dict) else None
        if not isinstance(output, dict):
            yield _OTHER
            return
        yield from self._followed(_names(output.get("expression")), inner, own, depth + 1)

    def _resource(self, found: re.Match[str], modules: tuple[str, ...], own: str) -> Iterator[Reference]:
        """Yield the instance that is meant; nothing where the plan has none, as with a count of 0."""
        base = "".join(f"module.{name}." for name in modules) + found["base"]
        instances = self._instances.get(base, [])
        if not instances and not found["base"].startswith("data."):
            return
        beside = [a for a in instances if _instance_of(a) == _instance_of(own)]
        chosen = _only(beside or instances, found["index"] or "", own)
        type_ = found["base"].removeprefix("data.").partition(".")[0]
        yield Reference(chosen, found["attribute"] or "", type_) if chosen else _OTHER

    def _module(self, modules: Sequence[str]) -> dict[str, Raw] | None:
        module = self.root.get("root_module")
        for name in modules:
            calls = module.get("module_calls") if isinstance(module, dict) else None
            call = calls.get(name) if isinstance(calls, dict) else None
            module = call.get("module") if isinstance(call, dict) else None
        return module if isinstance(module, dict) else None


def inside(expression: Raw, step: str | int) -> Raw:
    """Return the expression of a member, or of a block of a list; of what is one expression, the whole of it."""
    if expression is None or expression is NOT_SET:
        return expression
    if isinstance(expression, list):
        return expression[step] if isinstance(step, int) and step < len(expression) else NOT_SET
    if not isinstance(expression, dict):
        return NOT_SET
    if "references" in expression or "constant_value" in expression or isinstance(step, int):
        return expression
    return expression.get(step, NOT_SET)


def without_index(address: str) -> str:
    """Return ``module.a.aws_x.y`` for ``module.a[0].aws_x.y["k"]``."""
    return _INDEX.sub("", address)


def _expressions(module: dict[str, Raw] | None) -> Iterator[tuple[str, Raw]]:
    resources = module.get("resources") if module else None
    for resource in resources if isinstance(resources, list) else ():
        if isinstance(resource, dict) and isinstance(resource.get("address"), str):
            yield resource["address"], resource.get("expressions") or {}


def _names(expression: Raw) -> Sequence[str]:
    """Return the longest of the names that an expression refers to: ``aws_x.y.arn`` comes with ``aws_x.y``."""
    found = expression.get("references") if isinstance(expression, dict) else None
    names = sorted({name for name in (found if isinstance(found, list) else ()) if isinstance(name, str)})
    return [name for name in names if not any(other.startswith((f"{name}.", f"{name}[")) for other in names)]


def _first(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _split(address: str) -> tuple[tuple[str, ...], str]:
    """Split an address without indexes into the names of its modules and the resource in the last one."""
    modules: list[str] = []
    while address.startswith("module."):
        _, name, address = address.split(".", 2) if address.count(".") > 1 else ("", "", "")
        modules.append(name)
    return tuple(modules), address


def _instance_of(address: str) -> str:
    """Return the module that a resource is in, with the indexes: ``module.a[0]``."""
    bare = re.search(r"(?:^|\.)(?:data\.)?(?!module\.)[a-z][a-z0-9_]*\.[^.\[]+(?:\[.*\])?$", address)
    return address[: bare.start()] if bare else ""


def _only(instances: Sequence[str], index: str, own: str) -> str:
    """Return the one instance that is meant: by its index, by being alone, or by having the asker's own index."""
    if index:
        return next((address for address in instances if address.endswith(index)), "")
    if len(instances) == 1:
        return instances[0]
    mine = _INDEX.findall(own)[-1:]
    return next((address for address in instances if mine and address.endswith(mine[0])), "")
