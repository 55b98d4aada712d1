# ruff: noqa: RUF001 -- the marks are angle quotes
"""Finds the values in a text that the words around them say are secrets: ``DB_PASSWORD=…``, ``--token …``, a URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, TypeAlias

from wa_lint.redact.data import compiled_context, data
from wa_lint.redact.telling_names import NO, is_code, is_elsewhere, is_random, is_secret, telling

Span: TypeAlias = tuple[int, int, str]
"""Where a secret starts and ends, and its kind."""


def assigned(text: str) -> Iterator[Span]:
    """Yield the spans of `text` that are secrets by what is said beside them."""
    if "@" in text and "://" in text:
        yield from _found(_URL, text, "url-password")
        yield from (span for span in _found(_URL_USER, text, "url-password") if is_random(text[span[0] : span[1]]))
    lower = text.lower()
    if " -" in text and ("login" in lower or "curl" in lower or "http" in lower):
        yield from _found(_USER, text, "password")
        yield from _found(_LOGIN, text, "password")
    for context in data().contexts:
        if any(literal in lower for literal in context.holds):
            yield from _within(compiled_context(context), text)
    if not any(word in lower for word in _HINTS):
        return
    yield from _named(text)
    if "value" in lower:
        yield from _pairs(text)
    if "authorization" in lower or "bearer" in lower:
        yield from _headers(text)


def _found(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Span]:
    for found in pattern.finditer(text):
        if not is_elsewhere(found["secret"]):
            yield *found.span("secret"), kind


def _within(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """Yield the arguments of a command or call that are secrets; of those with a name, which the name says are one."""
    has_name = "name" in pattern.groupindex
    for found in pattern.finditer(text):
        secret = found["secret"]
        if is_secret(found["name"], secret) if has_name else not is_elsewhere(secret):
            yield *found.span("secret"), "password"


def _headers(text: str) -> Iterator[Span]:
    for found in _AUTHORIZATION.finditer(text):
        secret = found["secret"]
        is_word = secret.isalpha() and (secret.islower() or secret.istitle())
        if not is_word and (found["header"] or is_random(secret)):
            yield *found.span("secret"), "bearer-token"


# --- a name, and its value --------------------------------------------------------------------------


def _named(text: str) -> Iterator[Span]:
    """Yield the values of the names in `text` that are telling. Each name and each value is looked at once."""
    done = 0
    for found in _NAME.finditer(text):
        if found.start() < done or telling(found["name"]) == NO:
            continue
        span = _value(text, found)
        if span:
            yield span
            done = span[1]


def _value(text: str, found: re.Match[str]) -> Span | None:
    """Return the span of the value behind a telling name. A short piece of it decides, so that time is linear."""
    name, sep = found["name"], _sign(found)
    quoted = _QUOTED.match(text, found.end())
    value = quoted or _BARE.match(text, found.end())
    if value is None or (quoted and not _may_be_quoted(text, found)):
        return None
    secret = value["secret"]
    if not quoted and not _may_be_bare(text, found, value):
        return None
    if _AWS_SECRET.fullmatch(secret) and "secret" in name.lower():
        return _whole(text, value, "aws-secret-key")
    if sep.isspace() and not quoted and not _is_flag(text, found) and not _is_setting(name, secret):
        return None
    if not quoted and (len(secret) < _SHORTEST_BARE and "pass" not in name.lower() and "pwd" not in name.lower()):
        return None
    return _whole(text, value, "password") if is_secret(name, secret) else None


def _whole(text: str, value: re.Match[str], kind: str) -> Span:
    """Return the span of a secret to its end."""
    rest = _rest_of(value.groupdict().get("quote")).match(text, value.end())
    return value.start("secret"), rest.end() if rest else value.end(), kind


@cache
def _rest_of(quote: str | None) -> re.Pattern[str]:
    """Return what goes on behind the first piece of a value, up to its quote, or to the end of the word."""
    if quote is None:
        return re.compile(r"[^\s\"'`;|,<>‹›\\&){}\]]*+")
    return re.compile(rf"(?:(?!{re.escape(quote)})(?:\\.|[^\\\r\n‹›]))*+")


def _sign(found: re.Match[str]) -> str:
    """Return what is between a name and its value; ``X%3D`` and ``${X:-`` say the same as ``X=``."""
    return _EQUALS.sub("=", found["sep"])


def _may_be_quoted(text: str, found: re.Match[str]) -> bool:
    """Whether a value in quotes belongs to the name: behind a sign, a flag, or in a call that sets a variable."""
    sep = _sign(found)
    if "=" in sep or ":" in sep or ">" in sep:
        return True
    return _is_flag(text, found) or ("," in sep and bool(_SETS.search(text, max(0, found.start() - 40), found.start())))


def _may_be_bare(text: str, found: re.Match[str], value: re.Match[str]) -> bool:
    """Whether a value without quotes is one: no piece of a program, and behind a colon the end of its line."""
    sep, secret = _sign(found), value["secret"]
    if sep.endswith(">") and "=" not in sep:
        return text[found.start() - 1 : found.start()] == "<"  # <password>…</password>
    if "," in sep:
        return False
    if "=" in sep:
        return not is_code(secret)
    if ":" not in sep:
        return True
    if _is_inside(text, found.start()) or not sep[-1:].isspace():
        return False
    return not is_code(secret) and _ends_there(text, found.start(), value.end())


def _ends_there(text: str, start: int, end: int) -> bool:
    """Whether a value behind a colon is all that its line, its quotes or its braces say of the name."""
    after = text[end : end + 2]
    if after[:1] == ",":
        return "{" in text[max(0, start - 80) : start]
    return not after.strip() or after[0] in "\r\n}\"'\\" or after == " #"


def _is_inside(text: str, start: int) -> bool:
    """Whether something is before the name on its line, so that it is a part of a sentence."""
    before = text[max(0, start - 40) : start].rstrip(" \t")
    return bool(before) and before[-1] not in "\r\n-{,\"'" and not before.endswith(("\\n", "\\t", "\\r"))


def _is_flag(text: str, found: re.Match[str]) -> bool:
    if found["name"].startswith("--"):
        return True
    return found["name"].lower() == "password" and "login " in text[max(0, found.start() - 80) : found.start()]


def _is_setting(name: str, secret: str) -> bool:
    """Whether it is a line of properties without a sign, as of Spark: ``fs.s3a.secret.key …``."""
    return ("." in name or "_" in name) and is_random(secret)


def _pairs(text: str) -> Iterator[Span]:
    """Yield the values of ``"key": "DB_PASSWORD", "value": "…"``, in either order."""
    for pattern in (_PAIR, _PAIR_REVERSED):
        for found in pattern.finditer(text):
            group = "quoted" if found["quoted"] is not None else "bare"
            elsewhere = _ELSEWHERE_TYPE.search(text, found.end(), found.end() + 60)
            if is_secret(found["name"], found[group]) and not elsewhere:
                yield *found.span(group), "password"


_HINTS: Final = (
    "pass",
    "pw",
    "mnemonic",
    "secret",
    "token",
    "key",
    "credential",
    "authorization",
    "auth",
    "bearer",
    "jwt",
    "_pat",
)

_SHORTEST_BARE: Final = 6

_Q: Final = r"[\"'\\]{0,8}"

_ENTITY: Final = r"(?:&(?:quot|apos|#3[49]|#x2[27]);|\\{1,4}u002[27]|%2[27])"
"""A quote as HTML, JSON or a URL may spell it."""

_NAME: Final = re.compile(
    r"(?:(?<![A-Za-z0-9_.-])|(?<=\\[nrt]))(?P<name>[A-Za-z0-9_.-]++)"
    rf"(?P<sep>(?:[\"'\\\])]|{_ENTITY}){{0,8}}[ \t]{{0,8}}(?::=|:-(?!\s)|=>|[:=]|%3[AaDd])[ \t]{{0,8}}"
    r"|[ \t]{1,8}|>|[\"'\\]{1,8},\s{0,8})"
)
"""A name and the sign behind it: ``X=``, ``"X": ``, ``environ['X'] = ``, ``--x ``, ``<x>``, ``("X", ``."""

_EQUALS: Final = re.compile(r":-|%3[AaDd]")

_QUOTED: Final = re.compile(
    rf"(?P<quote>\\{{0,7}}[\"']|{_ENTITY})(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n‹›])){{1,256}}+)"
)
_BARE: Final = re.compile(r"(?P<secret>[^\s\"'`;|,<>‹›\\&){}\]]{1,256}+)")

_SETS: Final = re.compile(r"(?i)(?:set\w*|putenv|environ\w*|env)\(\s{0,4}[\"'\\]{1,8}$")

_AWS_SECRET: Final = re.compile(r"[A-Za-z0-9/+]{40}")

_PAIR_NAME: Final = r"(?<![A-Za-z0-9_])(?i:name|key|parameterkey|optionname|variable)"
_PAIR_VALUE: Final = r"(?<![A-Za-z0-9_])(?i:value|parametervalue)"
_PAIR: Final = re.compile(
    rf"{_PAIR_NAME}{_Q}\s{{0,4}}[:=]\s{{0,4}}{_Q}(?P<name>[A-Za-z0-9_.-]++){_Q}[\s,]{{1,40}}{_Q}"
    rf"{_PAIR_VALUE}{_Q}\s{{0,4}}[:=]\s{{0,4}}"
    r"(?:\\{0,7}[\"'](?P<quoted>[^\"'\\\r\n‹›]{1,512})|(?P<bare>[^\s\"'{}\[\],‹›\\]{1,512}))"
)
_PAIR_REVERSED: Final = re.compile(
    rf"{_PAIR_VALUE}{_Q}\s{{0,4}}[:=]\s{{0,4}}"
    r"(?:\\{0,7}[\"'](?P<quoted>[^\"'\\\r\n‹›]{1,512})\\{0,7}[\"']|(?P<bare>[^\s\"'{}\[\],‹›\\]{1,512}))"
    rf"[\s,]{{1,40}}{_Q}{_PAIR_NAME}{_Q}\s{{0,4}}[:=]\s{{0,4}}{_Q}(?P<name>[A-Za-z0-9_.-]++)"
)
_ELSEWHERE_TYPE: Final = re.compile(r"PARAMETER_STORE|SECRETS_MANAGER")

_URL: Final = re.compile(
    r"(?<=[A-Za-z0-9]://)[^\s/:@?#\"'<>‹›]{0,128}:(?![$%{<*]|@)(?P<secret>[^\s/?#\"'<>‹›]{1,256})@(?=[A-Za-z0-9$\[{])"
)

_URL_USER: Final = re.compile(r"(?<=[A-Za-z0-9]://)(?P<secret>[A-Za-z0-9_~.+-]{16,256}+)@(?=[A-Za-z0-9$\[{])")
"""A token in the place of the user, as Git takes it."""

_AUTHORIZATION: Final = re.compile(
    r"(?P<header>(?i:authorization)[\"'\\]{0,8}\s{0,4}[:=]\s{0,4}[\"'\\]{0,8})?"
    r"(?<![A-Za-z0-9])(?i:bearer|basic|token|api-?key)\s{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{8,}+)"
)

_USER: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?:-u|--user|--creds|--auth)[ =]{1,4}[\"'\\]{0,4}[A-Za-z0-9_.@-]{1,64}:"
    r"(?![0-9]{1,5}(?![^\s\"'\\]))(?P<secret>[^\s\"'\\‹›]{4,}+)"
)
_LOGIN: Final = re.compile(
    r"(?<![A-Za-z0-9])login [^\r\n‹›]{0,120}?(?<=\s)(?:-p|--password)[ =]{1,4}[\"'\\]{0,4}(?P<secret>[^\s\"'\\‹›]{4,}+)"
)
