# ruff: noqa: RUF001, RUF002 -- the marks are angle quotes, which occur in no template by chance
"""Masks secrets in texts, so that no snapshot holds one and no report can leak it. It judges nothing else.

The span of a secret becomes ``‹secret:aws-access-key›`` and the rest stays. Masking twice changes nothing. What is
encoded in base64, as a notebook's start script, is masked inside and encoded again.

What a secret looks like, and which names say that their value is one, is data: `wa_lint/data/secrets.yaml`. Time is
linear in the text: each place is looked at a bounded number of times.
"""

from __future__ import annotations

import base64
import codecs
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from wa_lint.model import Value
from wa_lint.redact.assigned import assigned
from wa_lint.redact.data import SecretKind, any_mark, compiled, marks
from wa_lint.redact.telling_names import SECRET, is_secret, telling

__all__ = ["PAIR_VALUES", "flag_name", "marked_by_name", "mask", "mask_by_name", "mask_tree", "pair_name"]


def mask(text: str) -> str:
    """Return `text` with every span that is a secret by its own look, or by the words around it, replaced."""
    if len(text) < _SHORTEST:
        return text
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _masked(text)


def mask_by_name(name: str, value: Value) -> Value:
    """As `mask`, but a text whose `name` says that it is one (``DB_PASSWORD``, ``HF_TOKEN``) is masked as a whole.

    A text that only says where the secret is to be found (an ARN, ``${…}``, ``{{resolve:…}}``, a path) stays.
    """
    if not isinstance(value, str):
        return value
    return NAMED if is_secret(name, value) else mask(value)


def marked_by_name(name: str, value: Value) -> Value:
    """As `mask_by_name`, for a value that leaves its name behind: its mark keeps the name, ``‹secret:DbPassword›``.

    So two secrets stay two, where texts are compared with each other.
    """
    if not isinstance(value, str) or not is_secret(name, value):
        return value
    return f"‹secret:{name}›" if name.isalnum() else NAMED


def mask_tree(value: Value) -> Value:
    """Mask every text in dicts and lists, by their names too; return the same object where there is nothing to mask.

    Pairs are read as such: ``{"Name": "DB_PASSWORD", "Value": "…"}``, ``Key`` and ``Value`` alike, and the item of a
    list after ``--password``. What is not plain JSON stays.
    """
    if isinstance(value, str):
        return mask(value)
    if type(value) is list:
        return _mask_list(value)
    return _mask_dict(value) if type(value) is dict else value


def pair_name(value: dict[str, Value]) -> str | None:
    """Return the name in a name-value pair, unless its value names a secret instead of being one, as in CodeBuild."""
    if value.keys().isdisjoint(PAIR_VALUES) or value.get("Type") in ("PARAMETER_STORE", "SECRETS_MANAGER"):
        return None
    return next((name for key in _PAIR_NAMES if isinstance(name := value.get(key), str)), None)


def flag_name(item: Value) -> str:
    """Return the name that an item of a list gives the next one: of ``--password``; else nothing."""
    return item if isinstance(item, str) and item.startswith("--") and telling(item) == SECRET else ""


# --- trees ------------------------------------------------------------------------------------------


def _mask_list(value: list[Value]) -> list[Value]:
    names = ["", *(flag_name(before) for before, _ in pairwise(value))]
    masked = [mask_by_name(name, item) if name else mask_tree(item) for name, item in zip(names, value, strict=False)]
    return masked if any(new is not old for new, old in zip(masked, value, strict=True)) else value


def _mask_dict(value: dict[str, Value]) -> dict[str, Value]:
    said = pair_name(value)
    masked: dict[str, Value] = {}
    is_changed = False
    for name, old in value.items():
        known_as = said if said is not None and name in PAIR_VALUES else name
        new = mask_by_name(known_as, old) if isinstance(old, str) and isinstance(known_as, str) else mask_tree(old)
        key = _key(name, masked)
        masked[key] = new
        is_changed = is_changed or new is not old or key is not name
    return masked if is_changed else value


def _key(name: str, taken: dict[str, Value]) -> str:
    """Return the name of a member without a secret, told apart from others that are masked alike."""
    masked = mask(name) if isinstance(name, str) else name
    if masked is name or masked == name:
        return name
    number = sum(key.startswith(masked) for key in taken)
    return f"{masked} {number + 1}" if number else masked


# --- texts ------------------------------------------------------------------------------------------


def _masked(text: str) -> str:
    if _ENCODED.fullmatch(text):
        text = _mask_encoded(text)
    masked = _without_tokens(text) if _LONG_ENOUGH.search(text) and any_mark().search(text) else text
    if masked is not text and "‹secret:aws-access-key›" in masked:
        masked = _BARE_AWS_KEY.sub("‹secret:aws-secret-key›", masked)
    masked = _replaced(masked, assigned(masked))
    if not _LONG_ENOUGH.search(masked):
        return masked
    return _RUN.sub(_mask_run, masked)


_LONGEST_REMEMBERED: Final = 400
_remembered: Final = lru_cache(8192)(_masked)
"""The same names and values come by many times, once for each rule and scenario."""


def _without_tokens(text: str) -> str:
    tried: set[SecretKind] = set()
    for mark, kind in marks():
        if mark in text and kind not in tried:
            tried.add(kind)
            found = _starting(text, kind) if kind.begins else compiled(kind).finditer(text)
            text = _replaced(text, ((*_span(one), kind.kind) for one in found))
    return text


def _starting(text: str, kind: SecretKind) -> Iterator[re.Match[str]]:
    """Yield what matches where one of the literals is that the kind begins with."""
    pattern = compiled(kind)
    for begin in kind.begins:
        at = text.find(begin)
        while at >= 0:
            found = pattern.match(text, at)
            if found:
                yield found
            at = text.find(begin, found.end() if found else at + 1)


def _span(found: re.Match[str]) -> tuple[int, int]:
    return found.span("secret") if "secret" in found.re.groupindex else found.span()


def _replaced(text: str, spans: Iterator[tuple[int, int, str]]) -> str:
    """Return `text` with a mark instead of each span; two that overlap get the mark of the first."""
    pieces: list[str] = []
    done = 0
    for start, end, kind in sorted(spans):
        if start >= done:
            pieces += (text[done:start], f"‹secret:{kind}›")
        done = max(done, end)
    return "".join((*pieces, text[done:])) if pieces else text


# --- base64 -----------------------------------------------------------------------------------------


def _mask_run(found: re.Match[str]) -> str:
    return _mask_encoded(found[0])


def _mask_encoded(text: str) -> str:
    """Return a text in base64 with what it encodes masked; the same text if it is not one, or there is nothing."""
    plain = _decoded("".join(text.split()))
    if plain is None or len(plain) < _SHORTEST:
        return text
    masked = mask(plain)
    return text if masked == plain else base64.b64encode(masked.encode()).decode("ascii")


def _decoded(text: str) -> str | None:
    """Return the text in base64, which may be packed, in UTF-16 or cut short; None if it is not one."""
    try:
        content = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
        if content.startswith(b"\x1f\x8b"):
            content = zlib.decompressobj(31).decompress(content, _LARGEST_SCRIPT)
        encoding = "utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
        return content.decode(encoding)
    except (ValueError, zlib.error):
        return None


NAMED: Final = "‹secret:named›"

PAIR_VALUES: Final = frozenset({"Value", "ParameterValue", "value", "parameterValue"})
_PAIR_NAMES: Final = ("Name", "Key", "ParameterKey", "name", "key", "parameterKey", "OptionName", "Variable")

_SHORTEST: Final = 8
"""No secret that could be told has fewer characters with the word before it: ``pwd=1234``."""

_LARGEST_SCRIPT: Final = 1_000_000
"""Characters. SageMaker takes 16,384 in base64 (API reference, NotebookInstanceLifecycleHook, read 2026-11)."""

_LONG_ENOUGH: Final = re.compile(r"-----BEGIN |[A-Za-z0-9+/=_.~$-]{18}")
"""What is in every secret that is known by its own look: most texts are done with after 1 µs."""

_ENCODED: Final = re.compile(r"[A-Za-z0-9+/\r\n]{16,}+={0,2}\s*")
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}+={0,2}")

_BARE_AWS_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
"""Forty characters of base64 mean a secret key only in the company of an access key id."""
