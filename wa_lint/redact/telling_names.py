# ruff: noqa: RUF001 -- the marks are angle quotes
"""Which names say that their value is a secret, and which values are none whatever their name is."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import Final

from wa_lint.redact.data import data

NO, RANDOM, SECRET = 0, 1, 2
"""What a name says: nothing; that the value is a secret if it looks made by a machine; that it is one."""


def telling(name: str) -> int:
    """Return `NO`, `RANDOM` or `SECRET` for a name such as ``DB_PASSWORD``, ``dbPassword`` or ``--db-password``."""
    return _telling(name[-_LONGEST_NAME:])


@lru_cache(4096)
def _telling(name: str) -> int:
    words = _words(name)
    while words and words[-1].isdigit():
        words.pop()
    known = data().names
    if not words or "".join(words) in known.never:
        return NO
    *before, last = words
    if last == "key":
        return _of_key(before)
    if last.endswith("token"):
        prefix = last.removesuffix("token") or (before[-1] if before else "")
        return RANDOM if prefix in known.token_of_a_model else SECRET
    if last in known.whole or last.endswith(known.secret) or words[-2:] == ["secret", "string"]:
        return SECRET
    if words[-3:] == ["secret", "key", "base"]:
        return SECRET
    return RANDOM if last == "pat" or "".join(words) in known.random_whole else NO


def is_secret(name: str, value: str) -> bool:
    """Whether a text is a secret because its name says so, and it says nothing else of itself."""
    said = telling(name)
    value = value.strip()
    if said == NO or is_elsewhere(value):
        return False
    if said == RANDOM:
        return is_random(value) or _is_user_and_password(value)
    is_password = "pass" in name.lower() or "pwd" in name.lower()
    if is_password:
        return len(value) >= _SHORTEST
    return len(value) >= _SHORTEST and not _NUMBER.fullmatch(value) and not _CONSTANT.fullmatch(value)


def is_elsewhere(value: str) -> bool:
    """Whether a text says where a secret comes from, or that there is none, instead of being one."""
    value = value.rstrip(":.!?")  # of the sentence that it ends
    return bool(_ELSEWHERE.match(value)) or _is_path(value)


def is_random(value: str) -> bool:
    """Whether a text looks made by a machine: long, with digits, and no words in it."""
    if len(value) < _SHORTEST_RANDOM or not _ONE_WORD.fullmatch(value) or _UUID.fullmatch(value):
        return False
    return bool(_HEX.fullmatch(value)) or (any(map(str.isdigit, value)) and _run_length(value) < _WORDY)


def is_code(value: str) -> bool:
    """Whether a text without quotes names a variable of a program, or calls something."""
    return bool(_VARIABLE.match(value) or _CALL.match(value))


def _is_user_and_password(value: str) -> bool:
    """Whether a text is ``user:password`` in base64, as in Docker's configuration."""
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("ascii").partition(":")
    except ValueError:
        return False
    return bool(colon) and user.isprintable() and password.isprintable() and len(password) >= _SHORTEST


def _of_key(before: list[str]) -> int:
    known = data().names
    last = before[-1] if before else ""
    if last in known.before_key or " ".join(before[-2:]) in known.before_key:
        return SECRET
    return RANDOM if last in known.random else NO


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _is_path(value: str) -> bool:
    """Whether a text is a path of words, as of Parameter Store or of a file: random base64 has no words."""
    return "/" in value and bool(_PATH.fullmatch(value)) and _run_length(value) >= _WORDY_PATH


def _run_length(value: str) -> float:
    """Return how long the words of a text are, on average; of what is random, below 2."""
    runs = _WORD.findall(value)
    return sum(map(len, runs)) / len(runs) if runs else 0.0


_SHORTEST, _SHORTEST_RANDOM, _LONGEST_NAME = 4, 16, 120
_WORDY, _WORDY_PATH = 3.0, 2.5

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ONE_WORD: Final = re.compile(r"[A-Za-z0-9+/=_.~:-]+")
_HEX: Final = re.compile(r"[0-9a-f]{32,}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER: Final = re.compile(r"[0-9.]{1,7}")
_CONSTANT: Final = re.compile(r"[A-Z]{2,12}(?:_[A-Z]{2,12}){1,4}")
"""``AWS_IAM``: one of several ways, not a secret."""

_PATH: Final = re.compile(r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?|/[A-Za-z0-9_.-]+")

_ELSEWHERE: Final = re.compile(
    r"(?i)$|\$[({]|\$[a-z_][a-z0-9_]*$|%[a-z_][a-z0-9_]*%|%[({sdr]|\{|\[|<[^<>]*>$|‹|\(|\*+$|\*[a-z][a-z0-9_-]*$"
    r"|!(?:ref|sub|getatt|importvalue|join|select|if|findinmap|base64|split|vault|reference|env)\b"
    r"|[a-z][a-z0-9+.-]{0,14}:/|arn:|resolve:|file:|ssm:|secretsmanager:|~/|\.{1,2}/|/run/|/etc/|alias/|op:"
    r"|(?:true|false|null|none|nil|undefined|yes|no|string|str|int|bytes|boolean|required|optional|hidden|redacted|unset|x{3,}"
    r"|enabled|disabled|default|auto|seconds|minutes|hours|days|bearer|basic|optional\[.*)(?![A-Za-z0-9_-])"
    r"|[A-Za-z0-9_.-]{1,80}\.(?:json|ya?ml|pem|key|crt|cer|txt|ini|cfg|conf|toml|env|py|sh|js|ts|properties|jks|p12|pfx)$"
)
"""How a text begins that is a reference, a function, a file, an alias, or a word that stands for no secret."""

_VARIABLE: Final = re.compile(
    r"(?i)(?:[a-z_.]{0,40}(?:pass(?:word|wd)?|secret|token|key|credentials?)|self|os|env|environ|getenv|getpass|process"
    r"|args|input|config|settings|boto3|session|event|params?|options?|request|vars?|secrets|this|data|local)(?=[\s,;)\]}.]|$)"
)
_CALL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*[(\[]")
