"""What a report says of the stages of a template, in words. It formats nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

from wa_lint.model import Finding, Outcome, Report, Skew

Where: TypeAlias = Callable[[Finding], str]
"""Says in which stages a finding holds; nothing if in all."""


def where_of(report: Report) -> Where:
    """Return what says where a finding holds: ``in dev, not in prod, not known in test``; empty if it does in all.

    It does not say that it is not so where the same fails on another line.
    """
    judged: dict[str, tuple[str, ...]] = {e.uri: e.stages for e in report.inputs if e.status == "judged"}
    every = tuple(dict.fromkeys(stage for stages in judged.values() for stage in stages))
    said: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    unknown: dict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in report.findings if every else ():
        stages = set(finding.stages or every)
        if finding.outcome is Outcome.FAIL:
            said[finding.rule.id, finding.resource.id, finding.path] |= stages
        if finding.outcome is Outcome.UNKNOWN:
            unknown[finding.rule.id, finding.resource.id] |= stages

    def where(finding: Finding) -> str:
        if finding.stages is None:
            return ""
        same = said[finding.rule.id, finding.resource.id, finding.path]
        open_ = unknown[finding.rule.id, finding.resource.id]
        others = [stage for stage in judged.get(finding.location.uri, every) if stage not in {*finding.stages, *same}]
        return ", ".join(
            [
                f"in {_and(finding.stages)}",
                *_part("not in", [stage for stage in others if stage not in open_]),
                *_part("not known in", [stage for stage in others if stage in open_]),
            ]
        )

    return where


def of_skew(skew: Skew) -> str:
    """Return one difference: ``Config.VolumeSize: 5 in dev, 50 in prod``."""
    name = f"{skew.resource}.{skew.path}" if skew.path else skew.resource
    stages: dict[str, list[str]] = defaultdict(list)
    for stage, shown in skew.shown.items():
        stages[shown].append(stage)
    said = ", ".join(f"{shown} in {_and(found)}" for shown, found in stages.items())
    return f"{name}, {skew.rule}: {said}" if skew.rule else f"{name}: {said}"


def _part(words: str, stages: list[str]) -> list[str]:
    return [f"{words} {_and(stages)}"] if stages else []


def _and(stages: Iterable[str]) -> str:
    return " and ".join(stages)
