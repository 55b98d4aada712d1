"""JUnit XML: a suite for each pillar, a case for each rule and resource; what was not judged is skipped, not passed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Report
from wa_lint.reporters import RenderOptions, configured, coverage, tally, visible_lines
from wa_lint.reporters import set_words as stages

_NO_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say."""


def render(report: Report, options: RenderOptions) -> str:
    by_pillar: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if options.show_all or finding.outcome is not Outcome.NOT_APPLICABLE:
            by_pillar[tally.pillar(finding.rule)].append(finding)
    where = stages.where_of(report)
    root = ET.Element("testsuites", name="wa-lint")
    for pillar in lens.PILLARS:
        if by_pillar[pillar]:
            root.append(_suite(pillar, by_pillar[pillar], where))
    _add_inputs(root, report)
    _add_coverage(root, report)
    _add_configuration(root, report)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_inputs(root: ET.Element, report: Report) -> None:
    broken = [entry for entry in report.inputs if entry.status == "error"]
    if broken:
        suite = ET.SubElement(root, "testsuite", _counts("inputs", len(broken), 0, len(broken), 0))
        for entry in broken:
            case = ET.SubElement(suite, "testcase", classname="inputs", name=_said(entry.uri), time="0")
            ET.SubElement(case, "error", message=_said(entry.reason or "it could not be read"), type="unreadable")


def _add_coverage(root: ET.Element, report: Report) -> None:
    missed = coverage.lines(report, without={"error", "unknown"})
    if missed:
        suite = ET.SubElement(root, "testsuite", _counts("coverage", len(missed), 0, 0, len(missed)))
        for line in missed:
            case = ET.SubElement(suite, "testcase", classname="coverage", name=line.kind, time="0")
            ET.SubElement(case, "skipped", message=_said(line.text))


def _add_configuration(root: ET.Element, report: Report) -> None:
    if report.configuration:
        properties = ET.SubElement(ET.SubElement(root, "testsuite", _counts("configuration", 0, 0, 0, 0)), "properties")
        for said in configured.sentences(report):
            ET.SubElement(properties, "property", name="configuration", value=_said(said))


def _suite(pillar: str, found: Sequence[Finding], where: stages.Where) -> ET.Element:
    failed = sum(finding.outcome is Outcome.FAIL and finding.is_open for finding in found)
    passed = sum(finding.outcome is Outcome.PASS and finding.is_open for finding in found)
    suite = ET.Element("testsuite", _counts(pillar, len(found), failed, 0, len(found) - failed - passed))
    for finding in found:
        suite.append(_case(finding, where(finding)))
    return suite


def _counts(name: str, tests: int, failures: int, errors: int, skipped: int) -> dict[str, str]:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": skipped, "time": 0}
    return {"name": name, **{key: str(value) for key, value in counts.items()}}


def _case(finding: Finding, where: str) -> ET.Element:
    name = f"{finding.resource.id}{'.' if finding.path else ''}{finding.path}"
    file = finding.location.uri
    case = ET.Element("testcase", classname=finding.rule.id, name=_said(f"{file}: {name}"), time="0")
    case.attrib.update(_place(finding))
    why = finding.suppressed
    if why:
        ET.SubElement(case, "skipped", message=_said(f"suppressed: {why.reason or 'no reason given'}"))
    elif not finding.is_open:
        ET.SubElement(case, "skipped", message=_said(f"unchanged: {finding.message}"))
    elif finding.outcome is Outcome.FAIL:
        failure = ET.SubElement(case, "failure", type=finding.rule.severity.value, message=_said(finding.message))
        failure.text = _said("\n".join(_lines(finding, where)))
    elif finding.outcome is not Outcome.PASS:
        ET.SubElement(case, "skipped", message=_said(finding.message))
    return case


def _place(finding: Finding) -> dict[str, str]:
    """Return ``file`` and ``line``, by which GitLab and others link a case to its source (pytest's xunit1 names)."""
    place = finding.location
    return {"file": _said(place.uri), "line": str(place.line)} if place.line else {}


def _lines(finding: Finding, where: str) -> list[str]:
    return [
        str(finding.location),
        finding.message,
        *([where] if where else []),
        *([f"{finding.state}: {finding.change}"] if finding.change else []),
        *([f"when {finding.when}"] if finding.when else []),
        *(f"assumes {assumed}" for assumed in finding.assumes),
        f"fix: {' '.join(finding.rule.fix.split())}",
        f"practices: {', '.join(finding.rule.practices)}",
    ]


def _said(text: str) -> str:
    """Return what XML can carry and a reader sees of a text; the library escapes the rest."""
    return _NO_XML.sub("\ufffd", visible_lines(text))
