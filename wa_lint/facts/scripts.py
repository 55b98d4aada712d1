"""What lifecycle scripts hold: secrets, back doors, code that nobody pinned. It reads scripts, and runs nothing.

A script may be in base64, packed with gzip, and may carry other scripts in base64; each layer is read, within limits.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from wa_lint.budget import grow
from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.fact import Fact, Record, cells_at, gathered, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import Hole, Partial, Unknown, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.redact import mask

_S: Final = "AWS::SageMaker::"
_CONTENTS: Final[Mapping[str, Sequence[str]]] = {
    _S + "NotebookInstanceLifecycleConfig": ("OnCreate[].Content", "OnStart[].Content"),
    _S + "StudioLifecycleConfig": ("StudioLifecycleConfigContent",),
}

# --- layers -----------------------------------------------------------------------------------------

_HOLE: Final = "\0"
_LARGEST: Final = 1_000_000
"""Characters of a script with all its layers. SageMaker takes 16,384 in base64 (API reference,
NotebookInstanceLifecycleHook, read 2026-11)."""
_MOST_LAYERS: Final = 50
_GZIP: Final = b"\x1f\x8b"
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}+={0,2}")


def script_of(content: Value) -> str | None:
    """Return the script behind a text in base64, with a NUL for each hole; None where nothing of it is known.

    An open text cannot be encoded, so its parts are plain.
    """
    if isinstance(content, str):
        decoded = unpacked("".join(content.split()))
        return content if decoded is None else decoded  # somebody forgot to encode it
    parts = parts_of(content)
    text = "".join(_HOLE if isinstance(part, Hole) else part for part in parts)
    return text if text.strip(_HOLE) else None


def unpacked(text: str) -> str | None:
    """Return the text that base64 holds, which may be packed; None if it is not one."""
    try:
        content = base64.b64decode(text, validate=True)
        if content.startswith(_GZIP):
            content = zlib.decompressobj(31).decompress(content, _LARGEST)
            grow(len(content))
    except (binascii.Error, ValueError, zlib.error):
        return None
    return content.decode("utf-8", "replace")


def with_layers(script: str) -> str:
    """Return a script followed by what it carries in base64, each layer on lines of its own."""
    layers, waiting = [script], [script]
    size = len(script)
    while waiting and len(layers) < _MOST_LAYERS:
        for run in _RUN.findall(waiting.pop()):
            inner = unpacked(run)
            if inner is None or "\ufffd" in inner or size + len(inner) > _LARGEST:
                continue
            size += len(inner)
            layers.append(inner)
            waiting.append(inner)
    return "\n".join(layers)


# --- what they hold ---------------------------------------------------------------------------------

_DOWNLOAD: Final = r"(?:curl|wget)\b[^\n;|&]{0,400}"
_SHELL: Final = (
    r"(?:(?:sudo\s+(?:-\S+(?:\s+[\w-]{1,40})?\s+){0,4})|(?:env\s+(?:\w{1,40}=\S{0,100}\s+){0,5}))?"
    r"(?:/[\w/]{1,40}/)?(?:(?:ba|da|z|k)?sh|python[23]?|perl|ruby|node|php)\b(?!\s+-[cmnpe])"
)
"""An interpreter that runs what it is fed; with -c it only filters it, as many scripts do with JSON."""

_RUNNER: Final = r"(?:\b(?:(?:ba|da|z|k)?sh|python[23]?|perl|eval|source)\b|(?:^|[\n;&|])[ \t]{0,40}\.\s)"
"""What runs the text that follows it as code."""

_BACK_DOORS: Final = (
    ("a connection to a shell (/dev/tcp)", r"/dev/(?:tcp|udp)/"),
    ("a connection to a shell (netcat)", r"\b(?:nc|ncat|netcat)\b[^\n|;&]{0,120}\s-\w{0,3}[ec]\b"),
    ("a connection to a shell (socat)", r"\bsocat\b[^\n]{0,200}\b(?:exec|system):"),
    ("a connection to a shell (a named pipe)", r"\bmkfifo\b[^\n]{0,300}\b(?:nc|ncat|netcat|openssl)\b"),
    ("a connection to a shell (an interactive bash)", r"\bbash\s+-i\s{0,4}[>&<|0-9]"),
    ("a connection to a shell (Python)", r"\bpty\.spawn\b|\bos\.dup2\("),
    ("a connection to a shell (Perl)", r"\b(?:sockaddr_in|IO::Socket)\b[^\n]{0,300}\bexec\b"),
    ("a connection to a shell (Ruby)", r"\bTCPSocket\.(?:new|open)\b[^\n]{0,300}\b(?:popen|exec|spawn)\b"),
    ("a connection to a shell (PHP)", r"\bfsockopen\s{0,4}\([^\n]{0,200}\b(?:exec|system|passthru|popen|proc_open)\b"),
    ("a tunnel from the internet (ssh -R)", r"\bssh\s(?:[^\n;|&]{0,200}\s)?-\w{0,6}R\s?\S"),
    ("a tunnel from the internet", r"\b(?:(?:py)?ngrok|localtunnel|cloudflared\s+tunnel|frpc)\b"),
    (
        "a miner of cryptocurrency",
        r"(?i)\b(?:xmrig|minerd|cpuminer|ethminer|nbminer|cryptonight)\b|stratum\+(?:tcp|ssl)://",
    ),
)
"""What opens the instance to somebody else, or works for them, with the words for it. Sources: Elastic detection rules
about SageMaker lifecycle scripts (2026-06), GTFOBins: reverse shell (read 2026-12)."""

_REMOTE_CODE: Final = (
    ("pipes a download into an interpreter", rf"\b{_DOWNLOAD}\|\s*(?:[^\n;&]{{1,200}}\|\s*)?{_SHELL}"),
    (
        "runs a download in an interpreter",
        rf"{_RUNNER}[^\n;|&]{{0,40}}(?:<\(|\$\(|`)\s*{_DOWNLOAD}",
    ),
    (
        "downloads code from a branch, which can change",
        r"raw\.githubusercontent\.com/[\w.-]{1,100}/[\w.-]{1,100}/(?:refs/heads/)?(?:main|master|dev|develop)/[\w./-]{0,200}?\.(?:sh|py|zip|tar\.gz|whl)\b",
    ),
    (
        "installs a package from a branch, which can change",
        r"\bpip[0-9.]*\s+install\b[^\n;|&]{0,300}git\+(?:https|ssh)://(?![^\s\"']{0,200}@[0-9a-f]{7,40}\b)\S",
    ),
    ("installs packages without checking who sent them", r"--trusted-host\b|--(?:extra-)?index-url[ =]+[\"']?http://"),
)
"""Code that comes from elsewhere at each start, and that nobody pinned."""


_MOST_FILES: Final = 20
_RUNS_FILE: Final = "downloads a file and runs it"
_FETCH: Final = re.compile(rf"\b{_DOWNLOAD}")
_URL: Final = re.compile(r"https?://[^\s\"'<>]{3,300}")
_SAVED_AS: Final = re.compile(
    r"\s(?:-[A-Za-z]{0,6}[oO]|--output-document|--output)[ =]?[\"']?([^\s\"'-][^\s\"']{0,200})"
)
_PINNED: Final = re.compile(r"\b[0-9a-f]{7,40}\b|\d\.\d")
"""In a URL: a commit, or a version."""
_CHECKED: Final = re.compile(r"\b(?:sha(?:256|384|512)sum|shasum|gpg\s+--verify|cosign\s+verify)\b")


def _runs_download(script: str) -> bool:
    """Whether a script saves a file that nothing pins or checks, and then runs it as code."""
    if _CHECKED.search(script):
        return False
    saved = {name: found.end() for found in _FETCH.finditer(script) if (name := _name_of(found[0]))}
    return any(_is_run(name, script[end:]) for name, end in list(saved.items())[:_MOST_FILES])


def _name_of(fetch: str) -> str:
    """Return the name under which a command saves what it fetches; nothing where the URL pins it, or is not known."""
    url = _URL.search(fetch)
    if not url or _PINNED.search(url[0]):
        return ""
    saved = _SAVED_AS.search(fetch)
    path = saved[1] if saved and not saved[1].startswith("http") else url[0].split("?")[0]
    return path.rstrip("/").rpartition("/")[2]


def _is_run(name: str, rest: str) -> bool:
    """Whether later commands run a file of that name: by an interpreter, or by its path."""
    if not name or _HOLE in name:
        return False
    file = rf"{re.escape(name)}(?=[\s\"';|&]|$)"
    folder = r"[\"']?(?:[^\s\"';|&]{1,200}/)"
    by = rf"(?:^|[\n;&|\s])(?:{_SHELL}|source|\.)\s+(?:-\w{{1,20}}\s+){{0,3}}(?:{folder}|[\"'])?{file}"
    itself = rf"(?:^|[\n;&|])[ \t]{{0,40}}(?:sudo\s+(?:-\S+\s+){{0,4}})?{folder}{file}"
    return bool(re.search(by, rest) or re.search(itself, rest))


def _remote_code(script: str) -> str:
    return _first(_REMOTE_CODE, script) or (_RUNS_FILE if _runs_download(script) else "")


def _first(patterns: Sequence[tuple[str, str]], text: str) -> str:
    """Return the words of the first pattern that is in the text; nothing where none is."""
    return next((words for words, pattern in patterns if re.search(pattern, text)), "")


def _without_comments(script: str) -> str:
    """Return the lines that run; those that a backslash continues are one."""
    lines = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))
    return lines.replace("\\\n", " ")


def _has_secret(text: str) -> bool:
    return _MARK in text or mask(text) != text


_MARK: Final = "‹secret:"  # noqa: RUF001, the mark of `redact`


# --- the fact ---------------------------------------------------------------------------------------


def scripts(config: Cell) -> list[Cell] | Partial:
    """Return what each script of a lifecycle configuration holds, at the script."""
    contents, reason = seen(cell for path in _CONTENTS[config.resource.type] for cell in cells_at(config, path))
    return gathered(map(_read, contents), reason)


def _read(content: Cell) -> Cell:
    script = script_of(content.value)
    if script is None:
        hidden = content.with_value(Unknown(unseen(content.value) or "the script is not known"))
        return content.with_value(dict.fromkeys(SCRIPT.members(), hidden))
    whole = with_layers(script)
    run = _without_comments(whole)
    return content.with_value(
        {
            "has_secret": content.with_value(_has_secret(whole)),
            "back_door": content.with_value(_first(_BACK_DOORS, run)),
            "remote_code": content.with_value(_remote_code(run)),
        }
    )


SCRIPT: Final = Record("script", {"has_secret": BOOL, "back_door": STRING, "remote_code": STRING})

FACTS: Final[tuple[Fact, ...]] = tuple(
    Fact(
        type_,
        "",
        "scripts",
        (),
        ListType(SCRIPT),
        "What its scripts hold: `has_secret`, and in words `back_door` and `remote_code`, empty if not found.",
        scripts,
    )
    for type_ in _CONTENTS
)
