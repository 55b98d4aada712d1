"""What ``check --fix`` writes and says: files, the fixed text of stdin, a diff, how many findings were fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.cli.output import Target, complain, pieces_to_stdout
from wa_lint.reporters import RenderOptions
from wa_lint.run.check_files import CheckRun, JudgedFiles
from wa_lint.run.choice import FixOptions
from wa_lint.run.fix_files import Attempt, Fixes, fix_files, safe_replacements, write_changes
from wa_lint.run.fix_trials import Settle
from wa_lint.run.inputs import content_of
from wa_lint.run.unified_diffs import unified_diff

_STDIN: Final = "-"
_STDERR: Final = Path("/dev/stderr")

_MOST_REASONS: Final = 20
"""Lines on findings that could not be fixed."""


def with_fixes(
    run: CheckRun, judged: JudgedFiles, settle: Settle, options: FixOptions, to: Sequence[Target]
) -> tuple[JudgedFiles, Sequence[Target], RenderOptions]:
    """Fix what can be fixed; return what is judged of the files then, where reports go, and what they may say of fixes.

    Without ``--fix`` nothing changes, and reports carry the safe fixes. As with ruff, the fixed text of stdin goes to
    stdout and its report to stderr; a diff goes to stdout, without a report.
    """
    if not options.fix:
        return judged, to, RenderOptions(replacements=safe_replacements(run, judged, settle))
    fixes = fix_files(run, judged, settle, is_unsafe=options.unsafe_fixes)
    if not options.dry_run:
        write_changes(change for change in fixes.changes if change.file.path != _STDIN)
    for line in (*_reasons(fixes.attempts), summary(fixes, is_dry=options.dry_run)):
        complain(line)
    if options.dry_run:
        pieces_to_stdout(piece for change in fixes.changes for piece in unified_diff(change))
        return judged, [target for target in to if target.file is not None], RenderOptions()
    for file in run.files:
        if file.path == _STDIN:
            changed = next((change.content for change in fixes.changes if change.file.path == _STDIN), None)
            pieces_to_stdout([(content_of(file) if changed is None else changed).decode("utf-8", "replace")])
            to = [msgspec.structs.replace(target, file=target.file or _STDERR) for target in to]
    return fixes.judged, to, RenderOptions()


def summary(fixes: Fixes, *, is_dry: bool) -> str:
    """Return ``Fixed 7 findings in 2 files; 3 more need --unsafe-fixes; 5 have no automatic fix``."""
    count = {outcome: sum(one.outcome == outcome for one in fixes.attempts) for outcome in ("fixed", "unsafe", "none")}
    done = "Would fix" if is_dry else "Fixed"
    parts = [f"{done} {_number(count['fixed'], 'finding')} in {_number(len(fixes.changes), 'file')}"]
    if count["unsafe"]:
        parts.append(f"{count['unsafe']} more {'needs' if count['unsafe'] == 1 else 'need'} --unsafe-fixes")
    if count["none"]:
        parts.append(f"{count['none']} {'has' if count['none'] == 1 else 'have'} no automatic fix")
    return "; ".join(parts)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _reasons(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield why findings whose rule has an edit were not fixed, those of one file and one reason in one line."""
    groups: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for one in attempts:
        if one.outcome == "none" and one.reason and one.finding.rule.edits:
            groups[one.finding.location.uri, one.reason].append(one)
    for number, ((uri, reason), found) in enumerate(groups.items()):
        if number == _MOST_REASONS:
            yield f"and {len(groups) - number} more reasons of this kind"
            return
        if len(found) == 1:
            yield f"{found[0].finding.location}: {found[0].finding.rule.id} not fixed: {reason}"
        else:
            yield f"{uri}: {len(found)} findings not fixed: {reason}"
