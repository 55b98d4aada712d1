# ruff: noqa: RUF001, RUF002 -- the marks are angle quotes, which stand in no template by chance
"""Masks secrets in texts, so that no snapshot holds one and no report can leak it. It judges nothing else.

The span of a secret becomes ``‹secret:aws-access-key›`` and the rest stays. Masking twice changes nothing. A text that
is base64 as a whole, as a notebook's start script, is masked inside and encoded again.
"""

from __future__ import annotations

import base64
import re
from functools import cache, partial
from typing import Final

from wa_lint.model import Value


def mask(text: str) -> str:
    """Return `text` with every span that is a secret by its own look, or by the words around it, replaced."""
    if len(text) >= _SHORTEST_ENCODED and _compiled(_ENCODED).fullmatch(text):
        text = _mask_encoded(text)
    if len(text) < _SHORTEST or not _may_hold_one(text):
        return text
    masked = _compiled(_TOKEN).sub(_mark_of, text) if any(prefix in text for prefix in _PREFIXES) else text
    if masked is not text and "‹secret:aws-access-key›" in masked:
        masked = _compiled(_BARE_AWS_KEY).sub("‹secret:aws-secret-key›", masked)
    lower = masked.lower()
    for kind, words, pattern in _IN_CONTEXT:
        if any(word in lower for word in words):
            masked = _compiled(pattern).sub(partial(_mark_span, kind), masked)
    return masked


def mask_by_name(name: str, value: Value) -> Value:
    """As `mask`, but a text whose `name` says that it is one (``DB_PASSWORD``, ``HF_TOKEN``) is masked as a whole.

    A text that only says where the secret is to be found (an ARN, ``${…}``, ``{{resolve:…}}``) stays.
    """
    if not isinstance(value, str):
        return value
    if (
        _compiled(_TELLING_NAME).search(name)
        and name.lower() not in _NO_SECRET_NAMES
        and not _compiled(_NO_SECRET).match(value)
    ):
        return "‹secret:named›"
    return mask(value)


def mask_tree(value: Value) -> Value:
    """Mask every text in dicts and lists, by their names too; return the same object where there is nothing to mask.

    Pairs are read as such: ``{"Name": "DB_PASSWORD", "Value": "…"}``, ``Key`` and ``Value`` alike. What is not plain
    JSON stays.
    """
    if isinstance(value, str):
        return mask(value)
    if type(value) is list:
        return _mask_list(value)
    return _mask_dict(value) if type(value) is dict else value


def _mask_list(value: list[Value]) -> list[Value]:
    masked = [mask_tree(item) for item in value]
    return masked if any(new is not old for new, old in zip(masked, value, strict=True)) else value


def _mask_dict(value: dict[str, Value]) -> dict[str, Value]:
    said = _pair_name(value)
    changed: dict[str, Value] = {}
    for name, old in value.items():
        known_as = said if said is not None and name in _PAIR_VALUES else name
        new = mask_by_name(known_as, old) if isinstance(old, str) and isinstance(known_as, str) else mask_tree(old)
        if new is not old:
            changed[name] = new
    return {**value, **changed} if changed else value


def _pair_name(value: dict[str, Value]) -> str | None:
    """Return the name in a name-value pair, unless its value names a secret instead of being one, as in CodeBuild."""
    if value.keys().isdisjoint(_PAIR_VALUES) or value.get("Type") in ("PARAMETER_STORE", "SECRETS_MANAGER"):
        return None
    return next((name for key in _PAIR_NAMES if isinstance(name := value.get(key), str)), None)


def _mask_encoded(text: str) -> str:
    try:
        plain = base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:  # not base64, or not of a text
        return text
    masked = mask(plain)
    return text if masked == plain else base64.b64encode(masked.encode()).decode("ascii")


def _mark_of(found: re.Match[str]) -> str:
    return f"‹secret:{(found.lastgroup or '').replace('_', '-')}›"


def _mark_span(kind: str, found: re.Match[str]) -> str:
    start, end = found.start("secret") - found.start(), found.end("secret") - found.start()
    return f"{found[0][:start]}‹secret:{kind}›{found[0][end:]}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile when it is first needed: all of them take 5 ms, and most runs need two."""
    return re.compile(pattern)


def _may_hold_one(text: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110, any() takes three times as long, and every text comes through here
        if hint in text:
            return True
    return False


_SHORTEST: Final = 8
"""No secret that could be told has fewer characters with the word before it: ``pwd=1234``."""

_SHORTEST_ENCODED: Final = 64
_ENCODED: Final = r"[A-Za-z0-9+/\r\n]++={0,2}+\s*+"
"""Possessive: of a text that is none, nothing is tried twice."""

_PAIR_NAMES: Final = ("Name", "Key", "ParameterKey", "name")
_PAIR_VALUES: Final = frozenset({"Value", "ParameterValue", "value"})

_HINTS: Final = (
    *("=", "@", '"', "'", "_", "--", "AKIA", "ASIA", "AIza", "xox", "sk-", "eyJ", "gl", "hooks.slack", "pypi-"),
    *("uthorization", "AUTHORIZATION"),
)
"""One of these stands in every text that holds a secret which the patterns tell. Ordinary texts are left after 1 µs."""

_START, _END = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"

_TOKENS: Final = {
    "private_key": r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r"[\s\S]*?(?:-----END [A-Z0-9 ]{1,80}-----|\Z)",
    "aws_access_key": r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "github_token": rf"{_START}(?:gh[pousr]_[A-Za-z0-9]{{36,251}}|github_pat_[A-Za-z0-9_]{{22,255}}){_END}",
    "gitlab_token": rf"{_START}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{{20,255}}",
    "slack_token": rf"{_START}xox[abeoprs]-[A-Za-z0-9-]{{10,255}}",
    "slack_webhook": r"(?<=hooks\.slack\.com/services/)T[A-Za-z0-9]{1,20}/B[A-Za-z0-9]{1,20}/[A-Za-z0-9]{16,64}",
    "huggingface_token": rf"{_START}(?:hf_|api_org_)[A-Za-z0-9]{{30,40}}{_END}",
    "openai_key": rf"{_START}sk-(?:(?:proj|svcacct|admin|ant)-[A-Za-z0-9_-]{{20,255}}|[A-Za-z0-9]{{32,64}}){_END}",
    "google_key": rf"{_START}AIza[A-Za-z0-9_-]{{35}}{_END}",
    "stripe_key": rf"{_START}[rs]k_(?:live|test)_[A-Za-z0-9]{{16,247}}{_END}",
    "npm_token": rf"{_START}npm_[A-Za-z0-9]{{36}}{_END}",
    "pypi_token": rf"{_START}pypi-[A-Za-z0-9_-]{{50,512}}",
    "jwt": rf"{_START}eyJ[A-Za-z0-9_-]{{8,4096}}\.eyJ[A-Za-z0-9_-]{{8,8192}}\.[A-Za-z0-9_-]{{8,4096}}",
}
"""Kind of secret: the whole of it. Their forms are public: the prefixes exist to be found."""

_PREFIXES: Final = (
    *("-----BEGIN ", "AKIA", "ASIA", "gh", "gl", "xox", "hooks.slack", "hf_", "api_org_", "sk-", "AIza"),
    *("sk_", "rk_", "npm_", "pypi-", "eyJ"),
)

_TOKEN: Final = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _TOKENS.items())

_BARE_AWS_KEY: Final = (
    r"(?<![A-Za-z0-9/+=])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
"""Forty characters of base64 mean a secret key only in the company of an access key id."""

_WORD: Final = (
    r"(?:(?<![A-Za-z])pass|pass(?:word|wd|phrase)|(?<![A-Za-z])pwd|secret(?:[_-]?(?:access[_-]?)?key)?|token"
    r"|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)"
)
"""How the name of a secret ends."""

_ELSEWHERE: Final = (
    r"(?:[$%{<‹\[(*!]|[a-z0-9+.-]{1,12}:/|arn:|resolve:|file:|ssm:|/run/|/etc/"
    r"|(?:true|false|null|none|nil|yes|no|string|str|int|required|optional|x{3,})(?![A-Za-z0-9]))"
)
"""How a text begins that says where a secret comes from, or that there is none, instead of being one."""

_VARIABLE: Final = (
    r"(?:[A-Za-z_.]{0,40}(?:pass(?:word|wd)?|secret|token|key|credentials?)|self|os|env|environ|getenv|getpass|process"
    r"|args|input|config|settings|boto3|session|event|params?|options?|request)(?=[\s,;)\]}.]|$)"
)
"""How a piece of program begins that names a variable: ``password=db_password``."""

_QUOTED: Final = rf"(?P<quote>[\"'])(?!(?i:{_ELSEWHERE}))(?P<secret>[^\"'\r\n‹›]{{4,512}})(?P=quote)"
_UNQUOTED: Final = rf"(?!(?i:{_ELSEWHERE}|{_VARIABLE}))(?P<secret>[^\s\"'`;&|,()<>$\[\]{{}}\\‹›]{{6,512}}+)(?![(\[$])"

_NAMES: Final = ("pass", "pwd", "secret", "token", "key", "credential")

_IN_CONTEXT: Final = (
    (
        "aws-secret-key",
        ("secret",),
        r"(?i:secret.{0,20}key)[\"'\s]{0,4}(?:[:=]>?|\s)\s{0,4}[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    (
        "url-password",
        ("://",),
        (
            r"(?<=[A-Za-z0-9]://)[^\s/:@?#\"'<>‹›]{0,128}:(?![$%{<*]|@)"
            r"(?P<secret>[^\s/@?#\"'<>‹›]{1,256})@(?=[A-Za-z0-9$\[{])"
        ),
    ),
    ("password", _NAMES, rf"(?i:{_WORD})[\"']?[ \t]{{0,8}}(?::=|=>|[:=])[ \t]{{0,8}}{_QUOTED}"),
    ("password", _NAMES, rf"(?i:{_WORD})[ \t]{{0,8}}:?=[ \t]{{0,8}}{_UNQUOTED}"),
    ("password", ("--",), rf"--[a-z0-9-]{{0,24}}{_WORD}[ \t]{{1,8}}(?!-){_UNQUOTED}"),
    (
        "bearer-token",
        ("authorization",),
        (
            r"(?i:authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:bearer|basic|token)\s{1,4})"
            r"(?P<secret>[A-Za-z0-9._~+/=-]{16,4096})"
        ),
    ),
)
"""Kinds that only their surroundings give away: the words without which they cannot be, and a pattern whose group
``secret`` is the span. Every repetition is bounded, so that time is linear in the text."""

_TELLING_NAME: Final = (
    r"(?i)(?:pass(?:word|wd|phrase)|(?<![a-z])(?:pass|pwd)|secret(?:_?string)?|token|api_?key|access_?key|private_?key"
    r"|secret_?key|credentials?)_?[0-9]{0,3}$"
)

_NO_SECRET_NAMES: Final = frozenset(
    {"servicetoken", "nexttoken", "clienttoken", "clientrequesttoken", "idempotencytoken"}
)
"""AWS's own names: a custom resource's function, a page, an answer to "did I ask this before"."""

_NO_SECRET: Final = (
    rf"(?i){_ELSEWHERE}|.{{0,3}}$|[0-9.]{{1,7}}$|(?:enabled|disabled|default|auto|seconds|minutes|hours|days)$"
)
