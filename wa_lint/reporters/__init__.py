"""How a report leaves the house. A reporter is a function from a report to text; it reads and writes nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Final, TypeAlias

import msgspec

from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report
from wa_lint.reporters.replacement import Replacements, no_replacements
from wa_lint.reporters.trend import TrendPage

_UNSEEN: Final = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U00013430-\U00013440\U00016fe4\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What steers a terminal, turns the direction of a line or is not shown: C1 controls, Default_Ignorable_Code_Point and
Bidi_Control (Unicode 16, DerivedCoreProperties and PropList, read 2026-11), and other blanks that are letters."""

_COMMAND: Final = r"#(?=#[A-Za-z]{0,20}\[)"
"""The first sign of ``##[add-mask]`` and ``##vso[task.setvariable]``, which the runners of GitHub and Azure Pipelines
obey wherever in a line of the log they are (`ActionCommand.cs` of actions/runner, `Command.cs` of
microsoft/azure-pipelines-agent, read 2026-12), and of ``##teamcity[``."""

_COMMAND_LINE: Final = re.compile(r"(?<=\n)([^\S\n]*):(?=:[A-Za-z])")
"""The first sign of ``::add-mask::``, which GitHub's runner obeys where a line begins with it, blanks apart."""

_CONTROL: Final = re.compile(f"[\x00-\x1f{_UNSEEN}]|{_COMMAND}")
_CONTROL_IN_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_UNSEEN}]|{_COMMAND}")
_UNSEEN_IN_JSON: Final = re.compile(f"[{_UNSEEN}]|{_COMMAND}")


def _no_lines(_uri: str) -> Sequence[str]:
    return ()


class Past(msgspec.Struct, frozen=True):
    """What an earlier run counted."""

    name: str
    failed: int
    unknown: int
    passed: int
    practices: Mapping[str, str] = {}
    """The status of each practice; empty where it does not tell."""


class RenderOptions(msgspec.Struct, frozen=True):
    """How the reader wants it. No option changes a verdict."""

    show_all: bool = False
    """Also show what passed and what did not apply."""
    verbose: bool = False
    """Show each finding in full, with the evidence: for the formats that are short otherwise."""
    quiet: bool = False
    """Show the summary only: for the formats that people read in a terminal."""
    statistics: bool = False
    """Show how often each rule fails instead of the findings: for the same formats."""
    colour: bool = False
    width: int = 80
    history: tuple[Past, ...] = ()
    """Earlier runs, the oldest first, for the formats that draw a trend."""
    trend: TrendPage | None = None
    """Of the database that ``--history`` names, this run included."""
    made_at: str | None = None
    """``2026-11-23T18:30:00``, UTC, for the formats that demand a time, and for the day of a page; others show none."""
    lines: Callable[[str], Sequence[str]] = _no_lines
    """The lines of the source behind a uri, secrets masked; none where they are not at hand."""
    replacements: Replacements = no_replacements
    """What the safe fix of a finding writes, for the formats that carry it."""
    show_fix: bool = False
    """Show the snippet of a rule below its findings: for the text."""


Reporter: TypeAlias = Callable[[Report, RenderOptions], str]

REPORTERS: Final[Mapping[str, str]] = {
    "asff": "wa_lint.reporters.asff",
    "concise": "wa_lint.reporters.concise",
    "csv": "wa_lint.reporters.csv_report",
    "github": "wa_lint.reporters.github",
    "gitlab": "wa_lint.reporters.gitlab",
    "gitlab-sast": "wa_lint.reporters.gitlab_sast",
    "html": "wa_lint.reporters.html",
    "json": "wa_lint.reporters.json_report",
    "jsonl": "wa_lint.reporters.jsonl",
    "junit": "wa_lint.reporters.junit",
    "markdown": "wa_lint.reporters.markdown",
    "ocsf": "wa_lint.reporters.ocsf",
    "sarif": "wa_lint.reporters.sarif",
    "sarif-full": "wa_lint.reporters.sarif_full",
    "text": "wa_lint.reporters.text",
}
"""Format: the module whose `render` writes it, imported when it is requested."""


COUNTING: Final = frozenset(
    {"concise", "github", "gitlab", "gitlab-sast", "json", "jsonl", "markdown", "sarif", "text"}
)
"""The formats for which it is enough to count what passes, unless all is to be shown."""


def reporter(name: str) -> Reporter:
    """Return the reporter for a format; raise `ConfigError`, with the nearest name, where there is none."""
    if name not in REPORTERS:
        raise ConfigError("-o", f"must be one of {', '.join(REPORTERS)} (got {name!r}){did_you_mean(name, REPORTERS)}")
    render: Reporter = import_module(REPORTERS[name]).render
    return render


def in_pieces(name: str) -> Callable[[Report, RenderOptions], Iterable[str]]:
    """Return the reporter for a format as one that gives its text in pieces; raise as `reporter`."""
    render = reporter(name)
    found: Callable[[Report, RenderOptions], Iterable[str]] | None
    found = getattr(import_module(REPORTERS[name]), "pieces", None)
    return found or (lambda report, options: [render(report, options)])


def visible(text: str) -> str:
    """Return `text` so that a terminal or the log of a runner shows it and does nothing else: an escape is its code."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible_lines(text: str) -> str:
    """As `visible`, but line ends and tabs stay: for formats whose readers show them."""
    shown = _CONTROL_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _COMMAND_LINE.sub(r"\1\\u003a", shown)


def visible_json(document: str) -> str:
    """Return a JSON document that says the same, with every unseen character written as its JSON escape."""
    is_plain = document.isascii() and "\x7f" not in document and "##" not in document
    return document if is_plain else _UNSEEN_IN_JSON.sub(_json_escape, document)


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def blanked(line: str) -> str:
    """As `visible`, but each such character is one ``\ufffd``, so that columns stay where they are."""
    return _CONTROL.sub("\ufffd", line)
