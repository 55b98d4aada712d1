"""The tags that speak to wa-lint, and those that say who made a resource, read for a region at once. Judges nothing.

`GetResources` of the Resource Groups Tagging API finds what bears a tag, in one paged listing instead of a call for
each resource. It knows nothing of IAM, whose tags come with the roles themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint import aws, redact
from wa_lint.model import Gap, Location, Note, Raw, Resource, Scope
from wa_lint.sources.live.call_plan import TAGS
from wa_lint.sources.live.listing import Refused, Run

ALLOW: Final = "wa-lint:allow"
"""What a suppression is in."""

STACK: Final = "aws:cloudformation:stack-name"
LOGICAL_ID: Final = "aws:cloudformation:logical-id"
"""What CloudFormation writes on all that it makes (its user guide, "Resource tag", read 2026-11)."""

Tags = Mapping[str, str]


class Tagged(msgspec.Struct, frozen=True):
    """What bears one of the tags that were requested."""

    tags: Mapping[str, Tags] = {}
    """By ARN, all tags of it."""
    gaps: tuple[Gap, ...] = ()


def tagged(run: Run, keys: Collection[str]) -> Tagged:
    """Return what in the region bears a tag of one of `keys`, and which of them could not be requested."""
    found: dict[str, Tags] = {}
    gaps = []
    for key in sorted(keys):
        for page in run.clients.ask_all(TAGS.service, TAGS.operation, {"TagFilters": [{"Key": key}]}):
            if isinstance(page, aws.Refusal):
                refused = Refused(TAGS, page)
                gaps.append(
                    Gap(Scope(f"the tag {key}", run.place.account, run.place.region), refused.reason, refused.grant)
                )
            else:
                found |= dict(_pairs(page))
    return Tagged(found, tuple(gaps))


def with_tags(resources: Iterable[Resource], found: Tagged) -> Iterator[Resource]:
    """Yield the resources with the tags that were found, those that a stack made with what it calls them."""
    for resource in resources:
        tags = found.tags.get(resource.arn or "")
        if tags is None:
            yield resource
            continue
        made = f"{tags[STACK]}/{tags[LOGICAL_ID]}" if STACK in tags and LOGICAL_ID in tags else resource.made_by
        kept = {key: redact.mask(value) for key, value in tags.items()}
        yield msgspec.structs.replace(resource, made_by=made, tags=kept)


def notes(resources: Iterable[Resource], found: Tagged) -> Iterator[Note]:
    """Yield what the tags say to wa-lint, those in the resources' own answers too."""
    for arn, tags in sorted(found.tags.items()):
        if ALLOW in tags:
            yield _note(arn, tags[ALLOW])
    for resource in resources:
        said = _own(resource)
        if said is not None and resource.arn not in found.tags:
            yield _note(resource.arn or resource.id, said)


def _note(arn: str, text: str) -> Note:
    return Note("tag", f"allow {redact.mask(text)}", Location(arn), Location(arn), arn)


def _own(resource: Resource) -> str | None:
    tags = resource.properties.get("Tags") if isinstance(resource.properties, dict) else None
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and tag.get("Key") == ALLOW and isinstance(tag.get("Value"), str):
            return str(tag["Value"])
    return None


def _pairs(page: Raw) -> Iterator[tuple[str, Tags]]:
    for entry in page.get("ResourceTagMappingList") or ():
        tags = {tag.get("Key"): tag.get("Value") for tag in entry.get("Tags") or () if isinstance(tag, dict)}
        if isinstance(entry.get("ResourceARN"), str):
            yield entry["ResourceARN"], {k: v for k, v in tags.items() if isinstance(k, str) and isinstance(v, str)}
