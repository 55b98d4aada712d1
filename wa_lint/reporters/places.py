"""What a report may call a place that must be a file: live resources get a path of their own. It formats nothing."""

from __future__ import annotations

from wa_lint.model import Location, Resource


def file_of(place: Location, resource: Resource | None = None) -> str:
    """Return the uri, or for an ARN a path: code hosts refuse a report in which a place is no file."""
    return synthetic(place.uri, resource) if place.uri.startswith("arn:") else place.uri


def synthetic(arn: str, resource: Resource | None) -> str:
    """Return ``aws/ACCOUNT/REGION/SERVICE/NAME.json`` for a live resource."""
    _, _, service, region, account, name = (arn.split(":", 5) + [""] * 6)[:6]
    account = account or (resource and resource.account) or "unknown-account"
    region = region or (resource and resource.region) or "global"
    return f"aws/{account}/{region}/{service}/{name.replace(':', '/')}.json"
