"""``wa-lint review plan``, ``apply`` and ``export-lens``: a review and the Well-Architected Tool.

`plan` reads the tool, `export-lens` reads rules; only `apply` writes to AWS, and only once somebody agreed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from wa_lint.cli.check import reading
from wa_lint.cli.configuring import configured, said_by_all
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.options import choice_beside_account, settling
from wa_lint.cli.output import code_of_packs, complain, to_stdout
from wa_lint.cli.tool_access import ToolAccess, access
from wa_lint.errors import ConfigError
from wa_lint.review.answer import current
from wa_lint.review.practice_status import PracticeStatus, statuses
from wa_lint.run.check_files import Reading
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.review import OPTION, judged_or_read_back, review_files, with_workload
from wa_lint.run.settle import demand_no_diff, settled, today
from wa_lint.suppress.apply import Settling
from wa_lint.writing import atomic, demand_writable

_ANSWERS: Final = click.option(
    OPTION,
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What people answered, as `wa-lint review` takes it.  [default: wa-review.yaml, where it is]",
)


def _of_tool(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is reviewed, by what answers, and how the tool is reached."""
    for add in (access, _ANSWERS, settling, choice_beside_account, reading, configured):
        command = add(command)
    return command


@click.command()
@_of_tool
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to a file that `apply --plan` takes.",
)
@click.option(
    "-o",
    "--output",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the plan.",
)
def plan(  # noqa: PLR0913, one for each option
    *,
    reading: Reading,
    choice: Choice,
    settling: Settling,
    answers: Sequence[Path],
    access: ToolAccess,
    save: Path | None,
    output: str,
) -> int:
    """Show what a review would change in the Well-Architected Tool; change nothing.

    Takes what `wa-lint review` takes. A choice is selected where its practice is met; what a person answered in the
    tool is left alone. docs/review-tool.md has the whole table.
    """
    from wa_lint.cli.tool_writing import OpenedTool, json_of, text_of  # noqa: PLC0415, boto3 takes half a second

    if save is not None:
        demand_writable(save)
    tool = OpenedTool(access)
    lens = tool.lens()
    if lens is None:
        raise _no_lens()
    found = tool.plan(lens, _statuses(reading, choice, settling, answers) if lens.is_associated else {})
    if save is not None:
        with atomic(save, is_private=True) as stream:
            stream.write(json_of(found).encode())
    to_stdout(json_of(found) if output == "json" else text_of(found))
    return CLEAN


@click.command()
@_of_tool
@click.option(
    "--plan",
    "planned",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Apply what `review plan --save` wrote, if no answer was edited since.",
)
@click.option("--yes", is_flag=True, help="Do not ask before writing. Needed where there is no terminal.")
@click.option(
    "--import-lens",
    is_flag=True,
    help="Where the account has no Machine Learning Lens, import the one of `export-lens` first.",
)
@click.option(
    "--journal",
    default="wa-lint-review-journal.json",
    show_default=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where it is kept what was done, so that a run that ended early goes on.",
)
def apply(  # noqa: PLR0913, one for each option
    *,
    reading: Reading,
    choice: Choice,
    settling: Settling,
    answers: Sequence[Path],
    access: ToolAccess,
    planned: Path | None,
    yes: bool,
    import_lens: bool,
    journal: Path,
) -> int:
    """Write a review into the Well-Architected Tool: a milestone first, then what `review plan` shows.

    Each answer is compared once more just before it is written; one that somebody edited in between is left as it is,
    and the rest goes on. Run it again after it was stopped: what is written is not written twice.

    Exit 0: all is written. 2: it was not allowed, or not agreed to. 4: some answers could not be written.
    """
    from wa_lint.cli import tool_writing as tools  # noqa: PLC0415, boto3 takes half a second

    ask = tools.asking(is_agreed=yes)
    demand_writable(journal)
    if planned is not None:
        found = tools.read_plan(planned)
        return tools.ToolWriter(tools.OpenedTool(tools.of_plan(access, found)), journal, ask).write(found)
    tool = tools.OpenedTool(access)
    lens = tool.lens()
    if lens is None and not import_lens:
        raise _no_lens()
    told = _statuses(reading, choice, settling, answers)
    writer = tools.ToolWriter(tool, journal, ask)
    if lens is None or not lens.is_associated:
        lens = writer.add_lens(lens, "" if lens else _lens_text(choice))
    return writer.write(tool.plan(lens, told))


@click.command(name="export-lens")
@configured
@choice_beside_account
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: stdout]",
)
@click.option("--rule-pages", metavar="URL", help="Where your copy of docs/rules is, to link each rule to its page.")
def export_lens(*, choice: Choice, output: Path | None, rule_pages: str | None) -> int:
    """Write the Machine Learning Lens of 2025-11-19 as a custom lens for the Well-Architected Tool.

    Each best practice has the rules that look at it as improvement plans. `aws wellarchitected import-lens` and
    `create-lens-version` publish it; `apply --import-lens` does both.
    """
    code = code_of_packs(choice)
    text = _lens_text(choice, rule_pages)
    if output is None:
        to_stdout(text)
        return code
    with atomic(output) as stream:
        stream.write(text.encode())
    complain(f"the lens is in {output}: {len(text)} characters")
    return code


SUBCOMMANDS: Final = (plan, apply, export_lens)
"""What the group ``wa-lint review`` has from here."""


# --- what is judged ---------------------------------------------------------------------------------


def _statuses(
    reading: Reading, choice: Choice, settling: Settling, answers: Sequence[Path]
) -> Mapping[str, PracticeStatus]:
    """Return the status of each practice, as ``wa-lint review`` has it."""
    demand_no_diff(settling)
    files, said = review_files(answers)
    report, _, is_old = judged_or_read_back(reading, with_workload(choice, files), None, complain)
    if not is_old:
        report = settled(report, settling, choice, said_by_all(), today(None), complain)
    return statuses(report, current(said.answers, dt.date.fromisoformat(today(None))))


def _lens_text(choice: Choice, rule_pages: str | None = None) -> str:
    from wa_lint.publish.lens_export import lens_json  # noqa: PLC0415, once

    if rule_pages is not None and not rule_pages.startswith(("https://", "http://")):
        raise ConfigError("--rule-pages", f"{rule_pages!r} is no address that begins with https://")
    return lens_json((rule.info for rule in chosen_rules(choice)), rule_pages)


def _no_lens() -> ConfigError:
    return ConfigError(
        "--lens",
        "ListLenses has no Machine Learning Lens: `wa-lint review apply --import-lens` imports it, or name one",
    )
