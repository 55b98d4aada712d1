"""From paths and answers to a review: files are judged, or an earlier report is read back. It prints nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from wa_lint import lens, packs
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report
from wa_lint.review.answer import Answer
from wa_lint.review.review_file import NAME, ReviewFile, merged, parse, with_answer
from wa_lint.run.check_files import Lines, Reading, judged_files
from wa_lint.run.choice import Choice
from wa_lint.run.read_back import is_report, read_back
from wa_lint.run.within import workload_in
from wa_lint.writing import atomic

OPTION = "--answers"


def review_files(given: Sequence[Path]) -> tuple[Sequence[Path], ReviewFile]:
    """Return the files of answers, by default `wa-review.yaml` where it is, and what they say together.

    Raise `ConfigError` at the first thing in them that is wrong.
    """
    files = list(given) or [path for path in (Path(NAME),) if path.is_file()]
    return files, merged([parse(_content(file), file.as_posix()) for file in files])


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(OPTION, f"{file.as_posix()} cannot be read: {error.strerror}") from error


def with_workload(choice: Choice, files: Sequence[Path]) -> Choice:
    """Return the choice with the workload that the files of answers name, unless another one is named."""
    if choice.workload is not None:
        return choice
    naming = next((file for file in files if parse(_content(file), file.as_posix()).workload is not None), None)
    return msgspec.structs.replace(choice, workload=naming)


def judged_or_read_back(
    reading: Reading, choice: Choice, now: dt.datetime | None, say: Callable[[str], None]
) -> tuple[Report, Lines, bool]:
    """Return the report, what shows its lines, and whether it was read back. Raise as `judged_files`, `read_back`."""
    reports = [path for path in reading.paths if is_report(path)]
    if not reports:
        return *judged_files(msgspec.structs.replace(reading, lists_all=True), choice, now, say), False
    if len(reading.paths) > 1:
        raise ConfigError(reports[0].as_posix(), "is a report of an earlier run: give it alone")
    report = read_back(reports[0], {rule.info.id: rule.info for rule in packs.book(choice.rules).rules})
    if report.workload is None and choice.workload is not None and not workload_in(choice.workload).is_everything:
        say(f"{reports[0].as_posix()} was made without --workload, so this is a review of all that it is about")
    return report, lambda _: (), True


def required(given: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of practices that ``--require`` names, in the Lens's order; ``*`` stands for anything."""
    known = [practice.id for practice in lens.practices()]
    words = [word.strip() for text in given for word in text.split(",") if word.strip()]
    for word in words:
        if not any(fnmatchcase(id_, word) for id_ in known):
            raise ConfigError("--require", f"the Lens has no practice {word!r}{did_you_mean(word, known)}")
    return tuple(id_ for id_ in known if any(fnmatchcase(id_, word) for word in words))


def keep(file: Path, id_: str, answer: Answer) -> None:
    """Write one answer into a file of answers; all else in it stays as it is."""
    text = file.read_text("utf-8") if file.is_file() else ""
    changed = with_answer(text, id_, answer)
    parse(changed, file.as_posix())  # what we write, we read
    with atomic(file) as stream:
        stream.write(changed.encode())
