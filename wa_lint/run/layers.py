"""What configurations, the command line and enforcement say of a run, each with its source. It reads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.config import Config
from wa_lint.enforce import Enforcement
from wa_lint.model import Raw

COMMAND_LINE: Final = "command line"
ENVIRONMENT: Final = "environment"


class Layer(msgspec.Struct, frozen=True):
    """What one source says of one option."""

    source: str
    """The file, `COMMAND_LINE` or `ENVIRONMENT`."""
    trust: str
    """`COMMAND_LINE`, `wa_lint.config.NAMED` or `FOUND`."""
    where: str
    value: Raw
    places: tuple[str, ...] = ()
    """Where each item of a list was said; empty: all of them where the list was."""

    @property
    def is_file(self) -> bool:
        return self.trust != COMMAND_LINE

    def items(self) -> Iterator[tuple[Raw, str]]:
        """Yield each item of the value, and where it was said."""
        listed = self.value if isinstance(self.value, list | tuple) else [self.value]
        for number, item in enumerate(listed):
            yield item, self.places[number] if number < len(self.places) else self.where


class Layers(msgspec.Struct, frozen=True):
    """All that is said of a run. Without any of it, a run has no configuration, and nothing is enforced."""

    config: Config = Config()
    enforcement: Enforcement = Enforcement()
    options: Mapping[str, tuple[Layer, ...]] = {}
    """By option, as ``fail_on``: what counts of all that was said, the weakest first; of one that merges, all of it."""
    refused_file: str | None = None
    """The configuration that was found and, by what is enforced, not read."""

    def of(self, name: str) -> Sequence[Layer]:
        return self.options.get(name, ())

    def by_hand(self, name: str) -> tuple[str, ...]:
        """Return what the command line, or the environment, says of an option."""
        values = [layer.value for layer in self.of(name) if not layer.is_file]
        return tuple(text for value in values for text in ([value] if isinstance(value, str) else value))
