"""What a finding says, in one line: for formats that have one line for each."""

from __future__ import annotations

from typing import Final

from wa_lint.model import Finding

CHANGED: Final = {"new": "new: ", "updated": "worse: "}
"""State of a finding: what is before the reason for it."""


def in_one_line(finding: Finding, where: str) -> str:
    """Return the message of a finding with its stages (`where`), scenario and change."""
    said = [finding.message, *([f"({where})"] if where else []), *([f"When {finding.when}."] if finding.when else [])]
    said += [f"({CHANGED.get(finding.state or '', '')}{finding.change})"] if finding.change else []
    return " ".join(said)
