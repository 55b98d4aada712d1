"""What fixes would change, as a unified diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from wa_lint.reporters import visible_lines
from wa_lint.run.excerpts import masked_lines
from wa_lint.run.fix_trials import FixedFile


def unified_diff(change: FixedFile) -> Iterator[str]:
    """Yield the pieces of the diff of one file. Secrets in the lines around a change are masked."""
    before, after = _shown(change.before), _shown(change.after)
    name = change.file.uri
    for line in difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="\n"):
        yield line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"


def _shown(text: str) -> Sequence[str]:
    """Return the lines with their ends, as a terminal may show them; unmasked lines stay what they are."""
    lines = _with_ends(text)
    masked = masked_lines(text)
    if not masked:
        return lines
    return [visible_lines(shown) + line[len(line.rstrip("\r\n")) :] for shown, line in zip(masked, lines, strict=False)]


def _with_ends(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
