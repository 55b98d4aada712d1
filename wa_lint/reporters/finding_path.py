"""What a report may call a place that must be a file: live resources get a path of their own. It formats nothing."""

from __future__ import annotations

from wa_lint.model import Location, Resource


def file_of(place: Location, resource: Resource | None = None) -> str:
    """Return a path inside the repository, for an ARN too: code hosts refuse a report in which a place is no file.

    A step up is named so; what begins at the root of a disk begins at the repository's.
    """
    path = synthetic(place.uri, resource) if place.uri.startswith("arn:") else place.uri
    steps = [step for step in path.replace("\\", "/").split("/") if step not in {"", "."}]
    return "/".join("_up_" if step == ".." else step for step in steps) or "unknown"


def synthetic(arn: str, resource: Resource | None) -> str:
    """Return ``aws/ACCOUNT/REGION/SERVICE/NAME.json`` for a live resource."""
    _, _, service, region, account, name = (arn.split(":", 5) + [""] * 6)[:6]
    account = account or (resource and resource.account) or "unknown-account"
    region = region or (resource and resource.region) or "global"
    steps = [step for step in name.replace(":", "/").split("/") if step not in {"", ".", ".."}]
    return "/".join(["aws", account, region, *([service] if service else []), *(steps or ["unnamed"])]) + ".json"
