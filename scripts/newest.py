"""What the newest packages change for us: ``./run test --newest``, after its tests. Reports, and judges nothing.

Run by the Python of the lock; the argument is the Python with the newest packages. It compares the versions, and of
botocore's models the operations and answers that the collector table calls or could call.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, Final

_WATCHED: Final = ("bedrock", "sagemaker")
"""Services of which every operation that reads is named; of the others only what the collector table calls."""

_READS: Final = ("Describe", "Get", "List")

_DEPTH: Final = 3
"""Levels of structures in an answer that are compared."""

State = Mapping[str, Any]


def state() -> State:
    """Return the versions of this environment, and what botocore says of the services of the collector table."""
    import botocore.session  # noqa: PLC0415, only a child process needs it

    from wa_lint.sources.live.collectors import all_collectors  # noqa: PLC0415, the same

    session = botocore.session.get_session()
    called = called_by(all_collectors())
    names = sorted({*called, *(name for name in session.get_available_services() if name.startswith(_WATCHED))})
    versions = {distribution.name.lower(): distribution.version for distribution in metadata.distributions()}
    return {
        "versions": versions,
        "services": {name: _service(session.get_service_model(name), called) for name in names},
    }


def called_by(collectors: Sequence[Any]) -> Mapping[str, frozenset[str]]:
    """Return the operations that the collector table calls, by service."""
    services = {collector.service for collector in collectors}
    return {
        service: frozenset(
            call.operation
            for collector in collectors
            if collector.service == service
            for call in (collector.listing, *collector.describe)
            if call
        )
        for service in services
    }


def _service(model: Any, called: Mapping[str, frozenset[str]]) -> State:
    ours = called.get(model.service_name, frozenset())
    return {
        "called": sorted(ours),
        "operations": sorted(name for name in model.operation_names if name.startswith(_READS) or name in ours),
        "answers": {name: sorted(_members(model, name)) for name in sorted(ours) if name in model.operation_names},
    }


def _members(model: Any, operation: str) -> Iterator[str]:
    """Yield the members of an answer and of the structures in it."""
    pending = [(model.operation_model(operation).output_shape, "", 0)]
    while pending:
        shape, path, depth = pending.pop()
        if shape is not None and shape.type_name == "list":
            pending.append((shape.member, f"{path}[]", depth))
        elif shape is not None and shape.type_name == "structure" and depth < _DEPTH:
            for name, member in shape.members.items():
                yield f"{path}.{name}".lstrip(".")
                pending.append((member, f"{path}.{name}", depth + 1))


def changes(locked: State, newest: State) -> Iterator[str]:
    """Yield one line for each difference, the packages first."""
    before, after = locked["versions"], newest["versions"]
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"package {name}: {before[name]} is locked, {after[name]} is the newest"
    for service in sorted(locked["services"].keys() | newest["services"].keys()):
        old, new = locked["services"].get(service), newest["services"].get(service)
        if old is None or new is None:
            yield f"service {service}: {'new' if old is None else 'gone'}"
        else:
            yield from _operations(service, old, new)


def _operations(service: str, old: State, new: State) -> Iterator[str]:
    for name in sorted({*new["operations"]} - {*old["operations"]}):
        if service.startswith(_WATCHED) or name in old["called"]:
            yield f"{service}: {name} is new; no collector calls it"
    for name in sorted({*old["operations"]} - {*new["operations"]}):
        yield f"{service}: {name} is gone{'; the collector table calls it' if name in old['called'] else ''}"
    for name in sorted(old["answers"].keys() & new["answers"].keys()):
        for sign, members in (
            ("new", {*new["answers"][name]} - {*old["answers"][name]}),
            ("gone", {*old["answers"][name]} - {*new["answers"][name]}),
        ):
            if members:
                yield f"{service}: the answer of {name}: {sign}: {', '.join(sorted(members))}"


def main(arguments: Sequence[str]) -> int:
    """Print this environment's state as JSON, or compare it with that of another Python."""
    if arguments == ["--state"]:
        print(json.dumps(state()))
        return 0
    (newest,) = arguments
    done = subprocess.run([newest, __file__, "--state"], stdout=subprocess.PIPE, text=True, check=True)
    lines = list(changes(state(), json.loads(done.stdout)))
    print("\n".join(lines or ["nothing differs from the lock"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
