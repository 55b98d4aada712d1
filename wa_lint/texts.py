"""The words of the review and its page, by language: data that a translation replaces. It knows no report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from wa_lint.document import read_document

LANGUAGES: Final = ("en", "zh-TW")
"""Those that there is a file `data/texts/LANGUAGE.yaml` for."""


_BESIDE: Final = frozenset({"rules", "sentences"})
"""Sections that only a translation has."""


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

    def rule(self, id_: str, title: str) -> str:
        """Return the title of a rule; `title`, the English one, where it is not translated."""
        return self._sections.get("rules", {}).get(id_, title)

    def group(self, name: str) -> str:
        """Return the name of a pillar, or what stands for all of them."""
        return self._sections["pillars"].get(name) or self("page", "together")

    def sentence(self, english: str) -> str:
        """Return a reason of a status in this language; as it is, where it is not translated."""
        return self._sections.get("sentences", {}).get(english, english)

    def all_keys(self) -> frozenset[tuple[str, str]]:
        """Return every (section, key), but those of rules and sentences, whose English is elsewhere."""
        return frozenset(
            (section, key) for section, words in self._sections.items() if section not in _BESIDE for key in words
        )

    @property
    def titled(self) -> frozenset[str]:
        """The ids of the rules whose titles are translated."""
        return frozenset(self._sections.get("rules", {}))


@cache
def texts(language: str = "en") -> Texts:
    """Return the words of a language; raise FileNotFoundError where there is none."""
    name = f"{language}.yaml"
    text = files("wa_lint").joinpath("data", "texts", name).read_text("utf-8")
    return Texts(language, read_document(text, name).value)
