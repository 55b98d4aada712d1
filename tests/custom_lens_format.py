"""Holds a custom lens to its documented form: "Lens format specification", user guide of the Well-Architected Tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOP = {"schemaVersion", "name", "description", "pillars"}
_PILLAR = {"id", "name", "questions"}
_QUESTION = {"id", "title", "description", "choices", "riskRules"}
_CHOICE = {"id", "title"}
_RISKS = {"HIGH_RISK", "MEDIUM_RISK", "NO_RISK"}


def lens_faults(lens: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a lens, one line each."""
    return [*_walk(lens)]


def _walk(lens: Mapping[str, Any]) -> Iterator[str]:
    yield from _members("lens", lens, _TOP, set())
    if lens.get("schemaVersion") != "2021-11-01":
        yield "lens: schemaVersion"
    yield from _longest("lens name", lens["name"], 128)
    yield from _longest("lens description", lens["description"], 2048)
    yield from _several("pillars", lens["pillars"], 10)
    for pillar in lens["pillars"]:
        yield from _members("pillar", pillar, _PILLAR, set())
        yield from _longest("pillar name", pillar["name"], 128)
        yield from _several(f"questions of {pillar['id']}", pillar["questions"], 20)
        for question in pillar["questions"]:
            yield from _question(question)


def _question(question: Mapping[str, Any]) -> Iterator[str]:
    at = question["id"]
    yield from _members(at, question, _QUESTION, {"helpfulResource"})
    yield from _longest(f"{at} title", question["title"], 128)
    yield from _longest(f"{at} description", question["description"], 2048)
    yield from _several(f"choices of {at}", question["choices"], 15)
    for choice in question["choices"]:
        yield from _choice(choice)
    yield from _rules(at, question["riskRules"], {choice["id"] for choice in question["choices"]})


def _choice(choice: Mapping[str, Any]) -> Iterator[str]:
    at = choice["id"]
    yield from _members(at, choice, _CHOICE, {"helpfulResource", "improvementPlan", "additionalResources"})
    yield from _longest(f"{at} title", choice["title"], 128)
    if not at.endswith("_no") and "improvementPlan" not in choice:
        yield f"{at}: lacks improvementPlan"
    for member in ("helpfulResource", "improvementPlan"):
        if member in choice:
            yield from _content(f"{at} {member}", choice[member])
    for more in choice.get("additionalResources", ()):
        yield from _members(f"{at} additionalResources", more, {"type", "content"}, set())
        if more["type"] not in {"HELPFUL_RESOURCE", "IMPROVEMENT_PLAN"}:
            yield f"{at}: type {more['type']}"
        if not 1 <= len(more["content"]) <= 5:
            yield f"{at}: {len(more['content'])} additional resources"
        for content in more["content"]:
            yield from _content(f"{at} additionalResources", content)
    if len({more["type"] for more in choice.get("additionalResources", ())}) < len(
        choice.get("additionalResources", ())
    ):
        yield f"{at}: a type twice"


def _content(at: str, content: Mapping[str, Any]) -> Iterator[str]:
    yield from _members(at, content, {"displayText"}, {"url"})
    yield from _longest(at, content["displayText"], 2048)
    if "url" in content and not content["url"].startswith(("http://", "https://")):
        yield f"{at}: url {content['url']}"


def _rules(at: str, rules: list[Mapping[str, Any]], choices: set[str]) -> Iterator[str]:
    if not 1 <= len(rules) <= 3 or len({rule["risk"] for rule in rules}) != len(rules):
        yield f"{at}: risk rules"
    if rules[-1]["condition"] != "default":
        yield f"{at}: the last risk rule is not the default"
    for rule in rules:
        yield from _members(f"{at} risk rule", rule, {"condition", "risk"}, set())
        if rule["risk"] not in _RISKS:
            yield f"{at}: risk {rule['risk']}"
        words = re.findall(r"\w+", rule["condition"])
        if rule["condition"] != "default" and (
            set(words) - choices or not re.fullmatch(r"[\w\s&|!()]+", rule["condition"])
        ):
            yield f"{at}: condition {rule['condition']}"


def _several(at: str, items: list[Mapping[str, Any]], most: int) -> Iterator[str]:
    ids = [item["id"] for item in items]
    if not 1 <= len(ids) <= most:
        yield f"{at}: {len(ids)}"
    if len(set(ids)) != len(ids):
        yield f"{at}: an id twice"
    yield from (f"{at}: id {id_}" for id_ in ids if not re.fullmatch(r"\w{3,128}", id_, re.ASCII))


def _members(at: str, item: Mapping[str, Any], needed: set[str], possible: set[str]) -> Iterator[str]:
    yield from (f"{at}: lacks {name}" for name in sorted(needed - set(item)))
    yield from (f"{at}: has {name}" for name in sorted(set(item) - needed - possible))


def _longest(at: str, text: str, most: int) -> Iterator[str]:
    if not 1 <= len(text) <= most:
        yield f"{at}: {len(text)} characters"
