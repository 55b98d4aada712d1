"""Several snapshots as one, so that links lead from each into the others. It reads nothing."""

from __future__ import annotations

from collections.abc import Sequence

from wa_lint.model import Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.merged_answers import merged


def join(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return one snapshot of several of the same kind. What is in more than one counts once.

    The first description counts, and of exports what it does not tell and another does. It was taken when the first
    one was.
    """
    first = snapshots[0]
    if len(snapshots) == 1:
        return first
    resources: dict[tuple[str, str], Resource] = {}
    for resource in (resource for snapshot in snapshots for resource in snapshot.resources):
        told = resources.setdefault((resource.type, resource.id), resource)
        if isinstance(told.properties, Unknown):  # only listed there, perhaps described here
            resources[resource.type, resource.id] = resource
        elif told is not resource and first.kind is SourceKind.EXPORT:
            resources[resource.type, resource.id] = merged(told, resource)
    return Snapshot(
        kind=first.kind,
        uri=", ".join(snapshot.uri for snapshot in snapshots),
        resources=tuple(resources[key] for key in sorted(resources)),
        complete=frozenset[Scope]().union(*(snapshot.complete for snapshot in snapshots)),
        gaps=tuple(dict.fromkeys(gap for snapshot in snapshots for gap in snapshot.gaps)),
        taken_at=first.taken_at,
        problems=tuple(problem for snapshot in snapshots for problem in snapshot.problems),
        notes=tuple(note for snapshot in snapshots for note in snapshot.notes),
        unjudged=tuple(entry for snapshot in snapshots for entry in snapshot.unjudged),
        not_followed=tuple(entry for snapshot in snapshots for entry in snapshot.not_followed),
    )
