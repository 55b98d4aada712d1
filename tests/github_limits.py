"""What GitHub takes of a SARIF file, beyond the standard's schema: a reader of its own, that knows nothing of ours.

Source: GitHub's pages "SARIF support for code scanning" and "SARIF results exceed one or more limits" and the error
texts of its upload step (read 2026-11). Where GitHub accepts more than it shows, the smaller number stands here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_MOST_BYTES: Final = 10 * 1024 * 1024
"""Zipped."""

_MOST: Final = {"runs": 20, "results": 5000, "rules": 25_000, "places": 100, "steps": 1000, "tags": 10}
_LONGEST: Final = {"text": 1024, "name": 255}

_URI: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{1,16}:[1-9][0-9]*")


def complaints(text: str) -> list[str]:
    """Return what GitHub would refuse, cut off or not show; nothing where it is content."""
    log = json.loads(text)
    found = [*_of_file(text, log)]
    for run in log.get("runs", []):
        found += [*_of_tool(run), *_of_results(run)]
    ids = [run.get("automationDetails", {}).get("id", "") for run in log.get("runs", [])]
    found += ["two runs of one category"] if len(set(ids)) < len(ids) else []
    found += [f"the category {id_!r} has no name or no slash at its end" for id_ in ids if not re.fullmatch(".+/", id_)]
    return found


def _of_file(text: str, log: Any) -> Iterator[str]:
    if log.get("version") != "2.1.0" or not log.get("$schema"):
        yield "the file does not say that it is SARIF 2.1.0"
    if not 1 <= len(log.get("runs", [])) <= _MOST["runs"]:
        yield "no run, or too many"
    if len(gzip.compress(text.encode())) > _MOST_BYTES:
        yield "the file is too large"


# --- the tool and its rules -------------------------------------------------------------------------


def _of_tool(run: Any) -> Iterator[str]:
    driver = run["tool"]["driver"]
    rules = driver.get("rules", [])
    if not driver.get("name"):
        yield "the tool has no name"
    if len(rules) > _MOST["rules"]:
        yield "too many rules"
    if len({rule["id"] for rule in rules}) < len(rules):
        yield "two rules of one id"
    for rule in rules:
        yield from (f"rule {rule['id']}: {fault}" for fault in _of_rule(rule))


def _of_rule(rule: Any) -> Iterator[str]:
    for name in ("shortDescription", "fullDescription"):
        if not 1 <= len(rule[name]["text"]) <= _LONGEST["text"]:
            yield f"{name} is empty or too long"
    if not rule["help"]["text"].strip() or not rule["help"].get("markdown", "x").strip():
        yield "no help"
    if not 1 <= len(rule.get("name", "x")) <= _LONGEST["name"]:
        yield "name is empty or too long"
    if rule.get("defaultConfiguration", {}).get("level", "warning") not in {"note", "warning", "error"}:
        yield "no such level"
    yield from _of_properties(rule.get("properties", {}))


def _of_properties(properties: Any) -> Iterator[str]:
    tags = properties.get("tags", [])
    if len(tags) > _MOST["tags"] or not all(isinstance(tag, str) and tag for tag in tags):
        yield "too many tags, or one that is not a string"
    if properties.get("precision", "high") not in {"very-high", "high", "medium", "low"}:
        yield "no such precision"
    if properties.get("problem.severity", "error") not in {"error", "warning", "recommendation"}:
        yield "no such problem.severity"
    severity = properties.get("security-severity", "5.0")
    if not isinstance(severity, str) or not re.fullmatch(r"\d+\.\d", severity) or not 0 < float(severity) <= 10:
        yield "security-severity is not a string of a number over 0 and up to 10"


# --- results ----------------------------------------------------------------------------------------


def _of_results(run: Any) -> Iterator[str]:
    results = run.get("results")
    if not isinstance(results, list):
        yield "no results, which is not the same as none"
        return
    if len(results) > _MOST["results"]:
        yield "too many results"
    rules = [rule["id"] for rule in run["tool"]["driver"].get("rules", [])]
    for at, result in enumerate(results):
        yield from (f"result {at}: {fault}" for fault in _of_result(result, rules))


def _of_result(result: Any, rules: list[str]) -> Iterator[str]:
    if not result["message"]["text"].strip():
        yield "no message"
    if not 0 <= result["ruleIndex"] < len(rules) or rules[result["ruleIndex"]] != result["ruleId"]:
        yield "it names another rule than it points at"
    if result.get("level", "warning") not in {"note", "warning", "error"}:
        yield "a level that is no alert"
    if result.get("suppressions"):
        yield "it is suppressed, and would be opened all the same"
    if not 1 <= len(result.get("locations", [])) <= _MOST["places"]:
        yield "no location, or too many"
    if len(result.get("relatedLocations", [])) > _MOST["places"]:
        yield "too many related locations"
    hash_ = result.get("partialFingerprints", {}).get("primaryLocationLineHash", "0:1")
    if not _FINGERPRINT.fullmatch(hash_):
        yield f"the line's hash {hash_!r} is none of GitHub's"
    for place in _places(result):
        yield from _of_place(place)


def _places(result: Any) -> Iterator[Any]:
    yield from result.get("locations", [])
    yield from result.get("relatedLocations", [])
    for flow in result.get("codeFlows", []):
        for thread in flow["threadFlows"]:
            steps = thread["locations"]
            yield from (step["location"] for step in steps[: _MOST["steps"] + 1])


def _of_place(place: Any) -> Iterator[str]:
    if "physicalLocation" not in place:
        yield "expected a physical location"
        return
    physical = place["physicalLocation"]
    yield from _of_uri(physical["artifactLocation"]["uri"])
    yield from _of_region(physical.get("region", {}))


def _of_uri(uri: str) -> Iterator[str]:
    """A path from the repository's root: percent-encoded, no scheme, no host, no step up."""
    if not _URI.fullmatch(uri):
        yield f"{uri!r} is no uri"
        return
    parts = urlsplit(uri)
    if parts.scheme or parts.netloc or uri.startswith("/") or ":" in uri.split("/", maxsplit=1)[0]:
        yield f"{uri!r} is not relative"
    if {".", "..", ""}.intersection(unquote(uri).replace("\\", "/").split("/")):
        yield f"{uri!r} leaves the repository, or has a step that says nothing"


def _of_region(region: Any) -> Iterator[str]:
    start, column = region.get("startLine", 0), region.get("startColumn", 1)
    if start < 1 or column < 1:
        yield "a line or a column before the first"
    end, end_column = region.get("endLine", start), region.get("endColumn")
    if end < start or (end_column is not None and end == start and end_column < column):
        yield "a region that ends before it begins"
