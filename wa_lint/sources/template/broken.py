"""Whether a text that cannot be parsed means to be a template. It reads no more of it than that."""

from __future__ import annotations

import codecs
import re
from typing import Final

from wa_lint.document import scalars_of

_MARKS: Final = re.compile(r"AWS::|AWSTemplateFormatVersion|[\"']?Type[\"']?\s*:\s*[\"']?(Custom|Alexa|AWSQS|\w+)::\w+")
"""What is in nearly every template: the name of a type of AWS, the version, or the type of another's resource."""

_SCALAR: Final = re.compile(r"AWS::|AWSTemplateFormatVersion$")

_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")

_MOST: Final = 4_000_000
"""Characters that are looked at: YAML of more than ten million is not read in any case."""


def looks_like_broken_template(content: bytes | str) -> bool:
    """Whether a text that cannot be parsed looks like a template, before the fault or behind it.

    Neither a byte order mark, an encoding of two bytes, nor an escape hides the name of a type.
    """
    text = content if isinstance(content, str) else _decoded(content)
    text = text[:_MOST]
    if _MARKS.search(text) or ("\\" in text and _MARKS.search(_ESCAPE.sub(_plain, text))):
        return True
    return any(map(_SCALAR.match, scalars_of(text)))


def _decoded(content: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.replace(b"\0", b"").decode("utf-8-sig", "replace")


def _plain(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))
