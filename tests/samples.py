"""Reports for the tests of the formats: real ones, an empty one, far too many findings, and everything hostile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from wa_lint import demo, packs
from wa_lint.engine import lint
from wa_lint.findings import merge
from wa_lint.model import (
    Evidence,
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Outcome,
    Problem,
    Report,
    Resource,
    RuleInfo,
    Scope,
    Severity,
    Skew,
    Step,
    Suppression,
)
from wa_lint.reporters import Past, RenderOptions
from wa_lint.sources.template import read_template

ROOT: Final = Path(__file__).parents[1]
TODAY: Final = "2026-11-23"


class Sample(NamedTuple):
    report: Report
    options: RenderOptions


def no_lines(_uri: str) -> Sequence[str]:
    return ()


@cache
def workload(name: str) -> Sample:
    """The report on a workload of ``fixtures/``."""
    content = ROOT.joinpath("fixtures", name, "template.yaml").read_bytes()
    uri = f"fixtures/{name}/template.yaml"
    snapshot = read_template(content, uri)
    entry = Input(uri, "template", "judged", None, len(snapshot.resources))
    report = merge([lint(snapshot, packs.load(), TODAY)], [entry])
    lines = content.decode().split("\n")
    return Sample(report, RenderOptions(lines=lambda asked: lines if asked == uri else ()))


@cache
def live() -> Sample:
    """The report on the demo's account, scanned."""
    content = ROOT.joinpath("wa_lint", "data", "demo", "template.yaml").read_bytes()
    found = demo.judge(content, "template.yaml", packs.load())
    entry = Input(found.scanned.uri, "live", "judged", None, len(found.scanned.resources))
    return Sample(merge([found.account], [entry]), RenderOptions())


def empty() -> Sample:
    return Sample(Report((), ()), RenderOptions())


def clean() -> Sample:
    """Everything was asked and nothing was there to be found."""
    rules = tuple(rule.info for rule in packs.load())
    return Sample(Report(rules, (), inputs=(Input("a.yaml", "template", "judged", None, 1),)), RenderOptions())


@cache
def many(number: int) -> Sample:
    """As many findings, of each severity in turn, each on a line of its own."""
    rules = tuple(_rule(f"sample-{severity.value}", severity) for severity in Severity)
    place = Listed(Location("t.yaml", 1, 1))
    found = [
        Finding(
            rule := rules[at % len(rules)],
            Outcome.FAIL,
            Resource(f"Model{at}", "AWS::SageMaker::Model", {}, place),
            f"Containers[{at}]",
            Location("t.yaml", at + 1, 3, at + 1, 9),
            f"Container {at} of {rule.id} is odd.",
            fingerprint=f"{at:064x}",
        )
        for at in range(number)
    ]
    entry = Input("t.yaml", "template", "judged", None, number)
    return Sample(Report(rules, tuple(found), inputs=(entry,)), RenderOptions())


def _rule(id_: str, severity: Severity = Severity.HIGH) -> RuleInfo:
    return RuleInfo(
        id=id_,
        title="A sample of a rule",
        severity=severity,
        practices=("MLSEC01-BP01",),
        why="It is odd.",
        fix="Mend it.",
        applies_to=("AWS::SageMaker::Model",),
    )


# --- hostile ----------------------------------------------------------------------------------------

MARKUP: Final = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{7*7}}",
    "{% raw %}",
    "{0}",
    "${7*7}",
    "-->",
    "]]>",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "soft\xadhyphen",
    "joined\u034f",
    "\u115fhangul\u3164",
    "\ufff9a\ufffab\ufffb",
    "tags\U000e0041\U000e0042",
    "heart\u2764\ufe0f",
)
"""71."""

FORMULAS: Final = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
    '"=1',
    "\uff1d1",
    "\n=1",
    "\u00a0=1",
    "a,b\n=1",
    ";=1",
    "; 1",
    "a;=1",
    "a; -1;@b",
    "\u034f=1",
    "\u3164;=1",
)
"""72."""

STEERING: Final = (
    "\x1b[2J",
    "\x9b31m",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x1b]52;c;b3duZWQ=\x07",
    "safe\rowned",
    "\x07\x08",
)
"""73."""

COMMANDS: Final = (
    "::add-mask::x",
    "a\n::stop-commands::x",
    "a\n\u00a0 ::error file=t.yaml::x",
    "##[add-mask]x",
    "a ##[set-output name=exit-code]0",
    "a###[error]x",
    "##vso[task.setvariable variable=PATH]x",
    "##teamcity[setParameter name='env.PATH' value='x']",
)
"""What a runner obeys in the log of a step."""

MARKDOWN: Final = (
    "[x](http://evil.example)",
    "![x](http://evil.example/i.png)",
    "[x][y]\n\n[y]: http://evil.example",
    "<http://evil.example>",
    "http://evil.example",
    "www.evil.example",
    "user@evil.example",
    "@everyone",
    "#1",
    "GH-1",
    "<b>bold</b>",
    "<!-- hidden",
    "`code`",
    "``` fence",
    "a | b | c",
    "a\n\n# heading",
    "**bold** _it_ ~~gone~~",
    "trailing \\",
    "`\\`<b>x</b>",
)
"""74."""

NO_XML: Final = ("\x00\x0b\x1f", "\ufffe\uffff", "half \ud800 a pair")
"""80."""

NAMES: Final = (*MARKUP, *FORMULAS, *STEERING, *COMMANDS, *MARKDOWN, *NO_XML)

URIS: Final = (
    "C:\\work\\t.yaml",
    "C:/work/t.yaml",
    "./a/./t.yaml",
    "../outside/t.yaml",
    "/etc/t.yaml",
    "//host/share/t.yaml",
    "x:y.yaml",
    "javascript:alert(1)",
    "data:text/html,x",
    "a b#c?d%e.yaml",
    "é/\u202e.yaml",
    "bad\udcff.yaml",
    "-",
    "stdin",
)
"""77."""

PLACES: Final = (
    Location("t.yaml"),
    Location("t.yaml", 3),
    Location("t.yaml", 3, 9999, 3, 99999),
    Location("t.yaml", 9, 5, 9, 5),
    Location("t.yaml", 9, 5, 9, 0),
    Location("minified.json", 1, 1_900_000, 1, 2_000_000),
    Location("arn:aws:sagemaker:eu-west-1:111122223333:endpoint/a b:c"),
    Location("arn:aws:iam::111122223333:role/path/r"),
    Location("arn:odd"),
)
"""76: no line, no end, columns past the line's end, an end before its start, and no file at all."""

RULES: Final = (
    msgspec.structs.replace(_rule("pack/with slash"), why="", fix="", title=""),
    msgspec.structs.replace(_rule("long"), why="Why. " * 900, fix="Fix. " * 900, title="T" * 2000),
    msgspec.structs.replace(_rule("busy"), controls=tuple(f"Control.{i}" for i in range(40))),
    msgspec.structs.replace(_rule("lone"), practices=(), references=()),
)
"""78."""


@cache
def hostile() -> Sample:
    """Everything that a stranger may write, wherever he may write it."""
    rules = (_rule("sample"), *RULES)
    found = [
        *(_named(rules[at % len(rules)], name, Location("t.yaml", at + 1, 1), at) for at, name in enumerate(NAMES)),
        *(_named(rules[0], "Model", Location(uri, 2, 1), 1000 + at) for at, uri in enumerate(URIS)),
        *(_named(rules[0], "Model", place, 2000 + at) for at, place in enumerate(PLACES)),
    ]
    found += [msgspec.structs.replace(f, outcome=Outcome.UNKNOWN, fingerprint=f"u{f.fingerprint}") for f in found[::2]]
    found += [
        msgspec.structs.replace(f, suppressed=Suppression("file", name, name, name, f.location), fingerprint=f"s{name}")
        for f, name in zip(found, NAMES, strict=False)
    ]
    return Sample(
        Report(
            rules,
            tuple(found),
            inputs=(
                Input("t.yaml", "template", "judged", None, len(found), stages=NAMES),
                *(Input(f"{name}.yaml", "template", "error", name) for name in NAMES),
                *(Input(uri, "template", "error", "no") for uri in URIS),
            ),
            gaps=tuple(Gap(Scope("AWS::IAM::Role", "111122223333"), name, name) for name in NAMES),
            problems=tuple(Problem(Location("t.yaml", 1, 1), name) for name in NAMES),
            skew=tuple(Skew(name, "Path", Location("t.yaml", 1, 1), {}, {"dev": name, "prod": "2"}) for name in NAMES),
        ),
        RenderOptions(
            show_all=True,
            lines=lambda _: [f"Key: {name}" for name in NAMES],
            history=tuple(Past(name, 1, 2, 3) for name in NAMES),
        ),
    )


def finding_named(name: str) -> Finding:
    """A finding of which everything that a stranger can choose is `name`."""
    return _named(RULES[0], name, Location("t.yaml", 1, 1), 0)


def _named(rule: RuleInfo, name: str, place: Location, at: int) -> Finding:
    is_live = place.uri.startswith("arn:")
    return Finding(
        rule,
        Outcome.FAIL,
        Resource(
            name,
            "AWS::SageMaker::Model",
            {},
            Listed(place),
            name=name,
            arn=place.uri if is_live else None,
            construct=f"Stack/{name}",
        ),
        f"Containers[{name}]",
        place,
        name,
        when=name,
        assumes=(name, f"{name} again"),
        evidence=(
            Evidence(name, name, name, name, place),
            Evidence(name, "", name, name, Location("other.yaml", 1, 1)),
        ),
        fingerprint=f"{at:064x}",
        stages=(name,) if at % 7 == 0 else None,
        trail=(Step(name, "AWS::ApiGateway::RestApi", place), Step("Function", "AWS::Lambda::Function", place)),
    )


SAMPLES: Final[Mapping[str, Callable[[], Sample]]] = {
    **{
        folder.name: lambda name=folder.name: workload(name)  # type: ignore[misc]  # mypy cannot infer the default's type
        for folder in sorted(ROOT.joinpath("fixtures").iterdir())
        if folder.is_dir()
    },
    "a live scan": live,
    "an empty run": empty,
    "a clean run": clean,
    "30,000 findings": lambda: many(30_000),
    "everything hostile": hostile,
}
