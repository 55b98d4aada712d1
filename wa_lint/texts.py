"""The words of the review and its page, by language: data that a translation replaces. It knows no report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from wa_lint.document import read_document

LANGUAGES: Final = ("en",)
"""Those that there is a file `data/texts/LANGUAGE.yaml` for."""


class Texts:
    """The words of one language, by section and key."""

    __slots__ = ("_sections", "language")

    def __init__(self, language: str, sections: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._sections = sections

    def __call__(self, section: str, key: str, **given: object) -> str:
        """Return the words of a key, its braces filled in. Raise KeyError where there are none."""
        text = self._sections[section][key]
        return text.format_map(given) if given else text

    def counted(self, key: str, number: int, **given: object) -> str:
        """Return the words for a number: those of ``KEY-one`` for 1, else of ``KEY-many``."""
        return self("page", f"{key}-{'one' if number == 1 else 'many'}", number=number, **given)

    def all_keys(self) -> frozenset[tuple[str, str]]:
        """Return every (section, key)."""
        return frozenset((section, key) for section, words in self._sections.items() for key in words)


@cache
def texts(language: str = "en") -> Texts:
    """Return the words of a language; raise FileNotFoundError where there is none."""
    name = f"{language}.yaml"
    text = files("wa_lint").joinpath("data", "texts", name).read_text("utf-8")
    return Texts(language, read_document(text, name).value)
