"""``--parameters``: from what was given to the sets of values that every template is judged with. It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.run.inputs import uri_of
from wa_lint.sources.template import Stage, pair_of, read_stages

OPTION: Final = "--parameters"


def stages_of(given: Sequence[str], start: Path) -> tuple[Stage, ...]:
    """Return a stage for each file that is given, or for each environment of a samconfig; none if nothing is given.

    ``Name=Value`` words hold in every stage and win over its file; words alone are one stage without a name. Raise
    `ConfigError` or `SourceError` where something cannot be read or is given twice.
    """
    files = [text for text in given if _is_file(text)]
    words = _words(text for text in given if not _is_file(text))
    if not files:
        return (_over(Stage("", {}), words),) if words else ()
    return tuple(_over(stage, words) for stage in _told_apart([_read(Path(file), start) for file in files]))


def demand_declared(stages: Iterable[Stage], declared: Collection[str]) -> None:
    """Raise `ConfigError`, a line for each, at names that are not `declared` by any template. AWS's own always are."""
    unknown = {
        (stage.places.get(name, OPTION), name)
        for stage in stages
        for name in stage.pins
        if name not in declared and not name.startswith("AWS::")
    }
    if unknown:
        said = "no template of this run declares the parameter"
        lines = [f"{at}: {said} {name!r}{did_you_mean(name, declared)}" for at, name in sorted(unknown)]
        raise ConfigError("", "\n".join(lines))


def _is_file(text: str) -> bool:
    """Whether it names a file that is there. It may be a pipe, as ``<(…)`` of the shell is."""
    path = Path(text)
    return path.exists() and not path.is_dir()


def _words(given: Iterable[str]) -> dict[str, str]:
    words: dict[str, str] = {}
    for text in given:
        found = pair_of(text)
        if found is None:
            raise ConfigError(OPTION, f"{text!r} is neither an existing file nor Name=Value{_hint(text)}")
        name, value = found
        if name in words:
            raise ConfigError(OPTION, f"the parameter {name} is given twice")
        words[name] = value
    return words


def _hint(text: str) -> str:
    first = text.partition(",")[0]
    return f"; give {OPTION} once for each file" if first != text and _is_file(first) else ""


def _read(path: Path, start: Path) -> tuple[str, Sequence[Stage]]:
    uri = uri_of(path, start)
    try:
        return uri, read_stages(path.read_bytes(), uri)
    except OSError as error:
        raise ConfigError(uri, f"cannot be read: {error.strerror}") from error


def _told_apart(read: Sequence[tuple[str, Sequence[Stage]]]) -> Sequence[Stage]:
    """Return the stages under their names; where two share one, each is called by its file as well."""
    counts = Counter(stage.name for _, stages in read for stage in stages)
    named = [
        msgspec.structs.replace(stage, name=stage.name if counts[stage.name] == 1 else _long_name(uri, stages, stage))
        for uri, stages in read
        for stage in stages
    ]
    twice = [name for name, count in Counter(stage.name for stage in named).items() if count > 1]
    if twice:
        raise ConfigError(OPTION, f"{twice[0]} is given twice")
    return named


def _long_name(uri: str, stages: Sequence[Stage], stage: Stage) -> str:
    return uri if len(stages) == 1 else f"{uri}:{stage.name}"


def _over(stage: Stage, words: dict[str, str]) -> Stage:
    pins = {**stage.pins, **words}
    return Stage(stage.name, pins, {**stage.places, **dict.fromkeys(words, OPTION)})
