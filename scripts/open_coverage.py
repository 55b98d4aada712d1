#!/usr/bin/env python3
"""List the rows of `wa_lint/data/coverage.yaml` that wait for a rule, and what the rules say that the table does not.

    .venv/bin/python scripts/open_coverage.py [PILLAR]

Under each practice: its open rows, then the rules that name the practice and decide no row of it yet: for these the
test of the table fails. Then the open topics and controls, and the controls that a rule names by now.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from wa_lint import coverage_table, lens, packs
from wa_lint.coverage_table import OPEN, table
from wa_lint.rule import Rule


def main(arguments: Sequence[str]) -> int:
    """Print the lists; return 0."""
    rules = [*packs.load_folder(packs.rules_folder(), is_trusted=True)]
    pillars = arguments or lens.PILLARS
    for practice in table().practices:
        if lens.practice(practice).pillar in pillars:
            sys.stdout.write("".join(_lines(practice, rules)))
    rest = [(name, what) for name, what in coverage_table.still_open(rules) if name not in table().practices]
    sys.stdout.write("".join(f"{name}: {what}\n" for name, what in (*rest, *_stale(rules))))
    return 0


def _lines(practice: str, rules: Sequence[Rule]) -> Iterator[str]:
    checks = coverage_table.checks_of(practice, rules)
    placed = {rule for check in checks for rule in check.rules}
    waiting = [rule.info.id for rule in rules if practice in rule.info.practices and rule.info.id not in placed]
    still_open = [check.what for check in checks if check.reason == OPEN]
    if still_open or waiting:
        yield f"{practice} {lens.practice(practice).title}\n"
    yield from (f"    open: {what}\n" for what in still_open)
    yield from (f"    RULE: {rule}\n" for rule in waiting)


def _stale(rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """Yield (control, what to do) for each control of the table that a rule names by now."""
    named = {control: rule.info.id for rule in rules for control in rule.controls}
    rows = [(name, topic.ids) for name, topic in table().topics.items()]
    rows += [(row.what, row.ids) for row in table().controls]
    for name, ids in rows:
        for control in ids:
            if control in named:
                yield control, f"{named[control]} names it: take it out of {name!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
