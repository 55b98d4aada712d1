"""The language server, driven by a scripted client over stdio: findings while somebody types, hover, fixes, words."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from wa_lint.errors import MissingExtra
from wa_lint.language_server.changed_resources import MOST, outline_of, touched
from wa_lint.language_server.judged_buffers import Buffer, EditorDesk, JudgedBuffer, judged, kind_of
from wa_lint.language_server.known_words import Spot, words_at
from wa_lint.language_server.offers import ALLOW, FIX, change_for, difference, offers_for
from wa_lint.run.choice import Choice
from wa_lint.run.contents import JudgingOptions
from wa_lint.run.inputs import read

DESK = EditorDesk(JudgingOptions(), lambda _: None)

NOTEBOOK = """\
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      NotebookInstanceName: "\U0001f600\U0001f600"
      RootAccess: Enabled # \u20ac
      InstanceType: ml.t3.medium
"""

BUCKET = """\
Resources:
  Data:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: training-data
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::111122223333:role/r
      PrimaryContainer: {Image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/i:1, ModelDataUrl: !Sub "s3://${Data}/m"}
"""


# --- a scripted client ------------------------------------------------------------------------------


class Script:
    """An editor with one server."""

    def __init__(self, folder: Path, client: LanguageClient) -> None:
        self.folder = folder
        self.client = client
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.said: list[str] = []
        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(partial(self._note))
        client.feature(types.WINDOW_SHOW_MESSAGE)(partial(self._hear))

    def _note(self, params: types.PublishDiagnosticsParams) -> None:
        self.told.put_nowait(params)

    def _hear(self, params: types.ShowMessageParams) -> None:
        self.said.append(params.message)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    async def open(self, name: str, text: str) -> Sequence[types.Diagnostic]:
        item = types.TextDocumentItem(self.uri(name), "yaml", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.shown(name, 1)

    def type(self, name: str, text: str, version: int) -> None:
        document = types.VersionedTextDocumentIdentifier(version, self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def shown(self, name: str, version: int) -> Sequence[types.Diagnostic]:
        while True:
            told = await asyncio.wait_for(self.told.get(), 60)
            if told.uri == self.uri(name) and told.version == version:
                return told.diagnostics

    async def actions(self, name: str, line: int) -> Sequence[types.CodeAction]:
        place = types.Range(types.Position(line, 0), types.Position(line, 200))
        params = types.CodeActionParams(self.identified(name), place, types.CodeActionContext([]))
        found = await self.client.text_document_code_action_async(params) or []
        return [one for one in found if isinstance(one, types.CodeAction)]

    async def hover(self, name: str, line: int, character: int) -> str:
        params = types.HoverParams(self.identified(name), types.Position(line, character))
        found = await self.client.text_document_hover_async(params)
        return found.contents.value if found else ""  # type: ignore[union-attr] # our server says Markdown

    async def complete(self, name: str, line: int, character: int) -> Sequence[str]:
        params = types.CompletionParams(self.identified(name), types.Position(line, character))
        found: Any = await self.client.text_document_completion_async(params)
        return [item.text_edit.new_text for item in found.items]

    def identified(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))


def run(folder: Path, script: Callable[[Script], Awaitable[None]], *options: str, resolves: bool = True) -> None:
    """Start a server in `folder`, let the script talk to it, and end it in good order."""

    async def talk() -> None:
        client = LanguageClient("script", "1")
        ours = Script(folder, client)
        await client.start_io(sys.executable, "-m", "wa_lint", "lsp", "--stdio", *options, cwd=folder)
        support = types.ClientCodeActionResolveOptions(["edit"]) if resolves else None
        document = types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(resolve_support=support)
        )
        await client.initialize_async(types.InitializeParams(types.ClientCapabilities(text_document=document)))
        client.initialized(types.InitializedParams())
        await script(ours)
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call] # pygls has no types here

    asyncio.run(talk())


def edited(text: str, edit: types.TextEdit) -> str:
    """Return a text after an edit, whose columns are UTF-16 units."""
    lines = text.splitlines(keepends=True)

    def offset(place: types.Position) -> int:
        line = lines[place.line] if place.line < len(lines) else ""
        column = len(line.encode("utf-16-le")[: 2 * place.character].decode("utf-16-le"))
        return sum(map(len, lines[: place.line])) + column

    return text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]


def codes(shown: Sequence[types.Diagnostic]) -> set[object]:
    return {one.code for one in shown}


def test_findings_follow_what_is_typed_and_not_what_is_saved(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Resources: {}\n")

    async def script(editor: Script) -> None:
        shown = await editor.open("a.yaml", NOTEBOOK)
        assert "notebook-root-access" in codes(shown)
        root = next(one for one in shown if one.code == "notebook-root-access")
        assert (root.range.start.line, root.range.start.character, root.range.end.character) == (5, 6, 25)
        assert root.severity is types.DiagnosticSeverity.Error
        assert root.source == "wa-lint"
        for version in range(2, 6):
            editor.type("a.yaml", NOTEBOOK.replace("Enabled", "Disabled"[:version]), version)
        editor.type("a.yaml", NOTEBOOK.replace("Enabled", "Disabled"), 6)
        assert "notebook-root-access" not in codes(await editor.shown("a.yaml", 6))
        editor.type("a.yaml", NOTEBOOK.replace("Properties:", "Properties: ["), 7)
        broken = await editor.shown("a.yaml", 7)
        assert [one.severity for one in broken if one.code is None] == [types.DiagnosticSeverity.Error]
        assert "notebook-direct-internet" in codes(broken), "what was found before stays while a text is half typed"
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(editor.identified("a.yaml")))
        closed = await asyncio.wait_for(editor.told.get(), 60)
        assert not closed.diagnostics

    run(tmp_path, script)


@pytest.mark.parametrize("resolves", [True, False])
def test_a_fix_and_an_allowance_are_offered_and_hold(tmp_path: Path, *, resolves: bool) -> None:
    async def script(editor: Script) -> None:
        await editor.open("a.yaml", NOTEBOOK)
        offered = await editor.actions("a.yaml", 5)
        titles = [one.title for one in offered]
        assert any(title.startswith("Fix notebook-root-access (the notebook is stopped") for title in titles)
        for number, action in enumerate(one for one in offered if "notebook-root-access" in one.title):
            whole = await editor.client.code_action_resolve_async(action) if resolves else action
            assert (action.edit is None) is resolves
            assert whole.edit
            assert whole.edit.changes
            ((uri, (edit,)),) = whole.edit.changes.items()
            assert uri == editor.uri("a.yaml")
            editor.type("a.yaml", edited(NOTEBOOK, edit), number + 2)
            assert "notebook-root-access" not in codes(await editor.shown("a.yaml", number + 2))
            editor.type("a.yaml", NOTEBOOK, number + 12)
            await editor.shown("a.yaml", number + 12)

    run(tmp_path, script, resolves=resolves)


def test_hover_says_why_and_how_to_fix_and_quotes_the_template_as_text(tmp_path: Path) -> None:
    order = "[click](command:evil) `<b>` **obey**"

    async def script(editor: Script) -> None:
        text = NOTEBOOK.replace("RootAccess: Enabled", f'RootAccess: !Sub "{order}"')
        await editor.open("a.yaml", NOTEBOOK)
        said = await editor.hover("a.yaml", 5, 10)
        assert said.startswith("**notebook-root-access** (high): ")
        assert "Fix: " in said
        assert await editor.hover("a.yaml", 0, 0) == ""
        assert await editor.hover("a.yaml", 4000, 4000) == ""
        editor.type("a.yaml", text, 2)
        await editor.shown("a.yaml", 2)
        for line in range(8):
            assert "](command" not in await editor.hover("a.yaml", line, 8)
        editor.type("a.yaml", "# wa-lint: allow notebook-root-access\n" + NOTEBOOK, 3)
        await editor.shown("a.yaml", 3)
        assert (await editor.hover("a.yaml", 0, 20)).startswith("**notebook-root-access** (high)")

    run(tmp_path, script)


def test_words_are_completed_in_configurations_rules_and_suppressions(tmp_path: Path) -> None:
    async def script(editor: Script) -> None:
        await editor.open("wa-lint.yaml", "ignore:\n  - notebook-root-access\nsev")
        words = await editor.complete("wa-lint.yaml", 2, 3)
        assert {"severity", "ignore", "settings"} <= set(words)
        assert "notebook-root-access" in await editor.complete("wa-lint.yaml", 1, 8)
        assert "Skip these rules" in await editor.hover("wa-lint.yaml", 0, 2)
        await editor.open("a.yaml", "# wa-lint: allow noteb")
        assert "notebook-root-access" in await editor.complete("a.yaml", 0, 22)
        assert await editor.complete("a.yaml", 0, 3) == []

    run(tmp_path, script)


def test_the_options_and_the_configuration_of_the_folder_count(tmp_path: Path) -> None:
    (tmp_path / "wa-lint.yaml").write_text("ignore: [notebook-root-access]\n")

    async def script(editor: Script) -> None:
        shown = codes(await editor.open("a.yaml", NOTEBOOK))
        assert "notebook-direct-internet" in shown
        assert not {"notebook-root-access", "notebook-default-key"} & shown

    run(tmp_path, script, "--severity", "high")


def test_a_text_without_a_file_names_no_other(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(NOTEBOOK)
    stack = "Resources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}\n"
    for is_file in (True, False):
        found = judged(Buffer(tmp_path / "a.yaml", stack, is_file=is_file), DESK, None, {}, is_typing=False)
        assert found.content
        assert any(f.rule.id == "notebook-root-access" for f in found.content.judged.report.findings) is is_file


def test_other_texts_of_the_editor_count_as_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(NOTEBOOK)
    stack = "Resources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}\n"
    shown = {str(tmp_path / "inner.yaml"): NOTEBOOK.replace("Enabled", "Disabled").encode()}
    found = judged(Buffer(tmp_path / "a.yaml", stack), DESK, None, shown, is_typing=False)
    assert found.content
    assert not any(
        f.rule.id == "notebook-root-access" and f.outcome.value == "fail" for f in found.content.judged.report.findings
    )


# --- after a keystroke ------------------------------------------------------------------------------


def large(groups: int, shared: str = "") -> str:
    """Return a template of five resources in each group; with `shared`, all name one role."""
    resources: dict[str, Any] = {}
    for n in range(groups):
        role = {"Fn::GetAtt": [shared, "Arn"]} if shared else f"arn:aws:iam::111122223333:role/r{n}"
        variant = {"VariantName": "a", "ModelName": {"Fn::GetAtt": [f"Model{n}", "ModelName"]}}
        sizes = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        resources |= {
            f"Model{n}": of("AWS::SageMaker::Model", ExecutionRoleArn=role, PrimaryContainer={"Image": "i:1"}),
            f"Config{n}": of("AWS::SageMaker::EndpointConfig", ProductionVariants=[variant | sizes]),
            f"Endpoint{n}": of(
                "AWS::SageMaker::Endpoint", EndpointConfigName={"Fn::GetAtt": [f"Config{n}", "EndpointConfigName"]}
            ),
            f"Notebook{n}": of("AWS::SageMaker::NotebookInstance", RoleArn=role, RootAccess="Enabled"),
            f"Bucket{n}": of("AWS::S3::Bucket", BucketName=f"data{n}"),
        }
    if shared:
        resources[shared] = of("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": []})
    template = {"Parameters": {"Env": {"Type": "String"}}, "Resources": resources}
    return json.dumps(template, indent=1)


def of(type_: str, **properties: object) -> dict[str, object]:
    return {"Type": type_, "Properties": properties}


def whole(text: str) -> JudgedBuffer:
    return judged(Buffer(Path("big.json"), text), DESK, None, {}, is_typing=False)


def typed(before: JudgedBuffer, text: str) -> JudgedBuffer:
    return judged(Buffer(Path("big.json"), text), DESK, before, {}, is_typing=True)


def told(found: JudgedBuffer) -> set[object]:
    return {(f.rule.id, f.outcome, f.resource.id, f.path, f.location, f.message) for f in found.findings}


KEYSTROKES: dict[str, Callable[[str], str]] = {
    "a value": lambda text: text.replace('"Enabled"', '"Disabled"', 1),
    "a value of another": lambda text: text.replace('"InitialInstanceCount": 1', '"InitialInstanceCount": 2', 1),
    "a link": lambda text: text.replace('"Config7",', '"Config8",', 1),
    "a resource that is gone": lambda text: text.replace("AWS::SageMaker::EndpointConfig", "AWS::SNS::Topic", 1),
    "a line more": lambda text: text.replace('"Resources": {', '"Resources": {\n\n\n', 1),
    "a resource more": lambda text: text.replace(
        '"Resources": {', '"Resources": {"New": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {}},', 1
    ),
    "a line more inside a resource": lambda text: text.replace('"RootAccess"', '\n\n"RootAccess"', 1),
    "a key that stands twice": lambda text: text.replace('"Properties": {', '"Properties": {}, "Properties": {', 1),
    "a parameter": lambda text: text.replace('"Type": "String"', '"Type": "String", "Default": "dev"', 1),
    "a name": lambda text: text.replace('"Bucket3":', '"Store3":', 1),
}


@pytest.mark.parametrize("name", KEYSTROKES)
def test_what_is_judged_after_a_keystroke_is_what_a_whole_judgement_says(name: str) -> None:
    text = large(30)
    after = KEYSTROKES[name](text)
    assert after != text
    quick = typed(whole(text), after)
    assert quick.is_partial
    assert told(quick) == told(whole(after))
    assert told(typed(quick, text)) == told(whole(text))


def test_a_section_that_may_change_everything_has_all_judged_again() -> None:
    text = large(30)
    assert not typed(whole(text), text.replace("{", '{"Transform": "AWS::Serverless-2016-10-31", ', 1)).is_partial


def test_of_what_hangs_together_the_nearest_is_judged() -> None:
    text = large(60, "Role")
    documents = [read(Buffer(Path("big.json"), one).file) for one in (text, text.replace('"i:1"', '"i:2"', 1))]
    before, after = (outline_of(one) for one in documents)  # type: ignore[arg-type] # they are templates
    assert before
    assert after
    near = touched(before, after)
    assert near is not None
    assert len(near) == MOST
    assert {"Model0", "Config0", "Role"} <= near


@pytest.mark.parametrize("shared", ["", "Role"])
def test_a_keystroke_in_five_hundred_resources_takes_less_than_300_ms_of_cpu(shared: str) -> None:
    text = large(100, shared)
    state, spent = whole(text), []
    for n in range(3):
        began = time.process_time()
        state = typed(state, text.replace('"Enabled"', '"Disabled"', n + 1))
        spent.append(time.process_time() - began)
        assert state.is_partial
    assert min(spent) < 0.3


def test_a_text_that_is_half_typed_keeps_what_was_found() -> None:
    text = large(30)
    before = whole(text)
    half = typed(before, text[: len(text) // 2])
    assert half.faults
    assert told(half) == told(before)
    assert not typed(half, text).faults


# --- offers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        NOTEBOOK,
        NOTEBOOK.replace("\n", "\r\n"),
        NOTEBOOK.replace(' "\U0001f600\U0001f600"', " plain"),
        'Resources:\n  N: {Type: "AWS::SageMaker::NotebookInstance", Properties: {RootAccess: Enabled}}\n',
        "Resources:\n N:\n  Type: AWS::SageMaker::NotebookInstance\n  Properties: {\n   RootAccess:\n    Enabled}\n",
        "Resources:\n N:\n  Properties:\n   RootAccess: >-\n     Enabled\n  Type: AWS::SageMaker::NotebookInstance\n",
        BUCKET,
    ],
)
def test_every_offer_does_what_it_says(text: str) -> None:
    def judged_text(given: str) -> JudgedBuffer:
        return judged(Buffer(Path("a.yaml"), given), DESK, None, {}, is_typing=False)

    found = judged_text(text)
    assert found.findings
    for finding in found.findings:
        for offer in offers_for(found, finding):
            assert found.content
            change = change_for(found.buffer, found.content, offer, DESK.how)
            if isinstance(change, str):
                assert offer.kind == FIX
                continue
            after = judged_text(text[: change.start] + change.text + text[change.end :])
            left = [f for f in after.findings if (f.rule.id, f.resource.id) == (finding.rule.id, finding.resource.id)]
            assert all(one.suppressed or one.outcome.value == "pass" for one in left), (offer.title, change)
            assert not after.faults
            if offer.kind == ALLOW:
                assert left


def test_json_takes_no_comments() -> None:
    found = whole(large(1))
    assert {offer.kind for finding in found.findings for offer in offers_for(found, finding)} == {FIX}


@pytest.mark.parametrize(("before", "after"), [("", "a"), ("aa", "a"), ("aba", "abba"), ("a", "a"), ("abc", "xbz")])
def test_the_difference_of_two_texts_makes_one_of_the_other(before: str, after: str) -> None:
    change = difference(before, after)
    assert before[: change.start] + change.text + before[change.end :] == after


# --- configurations and rules -----------------------------------------------------------------------

RULE = (next(Path(__file__).parents[1].joinpath("rules").rglob("notebook-root-access.yaml"))).read_text("utf-8")


def test_faults_of_configurations_and_rules_are_shown_where_they_are(tmp_path: Path) -> None:
    def faults(name: str, text: str) -> list[tuple[int, str]]:
        found = judged(Buffer(tmp_path / name, text), DESK, None, {}, is_typing=False)
        return [(one.line, one.message) for one in found.faults]

    (tmp_path / "wa-lint.yaml").write_text("ignore: [a]\n")
    assert faults("wa-lint.yaml", "ignore: [notebook-root-access]\n") == []
    ((line, message),) = faults("wa-lint.yaml", "ignore: []\nseverty: high\n")
    assert (line, "did you mean 'severity'" in message) == (2, True)
    assert faults("notebook-root-access.yaml", RULE) == []
    ((line, message),) = faults("notebook-root-access.yaml", RULE.replace("severity: high", "severity: grave"))
    assert RULE.splitlines()[line - 1] == "severity: high"


@pytest.mark.parametrize(
    ("before", "above", "wanted"),
    [
        ("", [], "severity"),
        ("severity: ", [], "high"),
        ("strict: ", [], "true"),
        ("  - ", ["never-suppress:"], "notebook-root-access"),
        ("  end", ["settings:"], "endpoint-idle"),
        ("    ", ["settings:", "  endpoint-idle:"], "idle_days"),
        ("  - ", ["allow:"], "rule"),
        ("  - rule: ", ["allow:"], "notebook-root-access"),
        ("    ignore: ", ["overrides:", "  - paths: [a]"], "notebook-root-access"),
        ("pillar: ", [], "security"),
        ("output: ", [], "sarif"),
    ],
)
def test_what_may_stand_in_a_configuration(before: str, above: list[str], wanted: str) -> None:
    words = words_at(Buffer(Path("wa-lint.yaml"), "\n".join([*above, before])), Spot(before, above), Choice())
    assert wanted in {one.word for one in words}


@pytest.mark.parametrize(
    ("before", "above", "wanted"),
    [
        ("", [], "require"),
        ("severity: ", [], "critical"),
        ("step: ", [], "training"),
        ("practices: [", [], "MLSEC01-BP01"),
        ("applies_to: AWS::", [], "AWS::SageMaker::Endpoint"),
        ("require: has(resource.", [], "endpoint_config"),
        ("    expect: ", ["examples:", "  - name: a"], "unknown"),
        ("  - ", ["profiles:"], "startup"),
        ("absent_partner: ", [], "fail"),
    ],
)
def test_what_may_stand_in_a_rule(before: str, above: list[str], wanted: str) -> None:
    text = "\n".join(["id: own-rule", "severity: low", *above, before])
    buffer = Buffer(Path("own-rule.yaml"), text)
    assert kind_of(buffer) == "rule"
    assert wanted in {one.word for one in words_at(buffer, Spot(before, above), Choice())}


# --- the extra --------------------------------------------------------------------------------------


def test_without_pygls_a_line_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    monkeypatch.delitem(sys.modules, "wa_lint.language_server.language_session", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'wa-lint\[lsp\]'"):
        __import__("wa_lint.language_server.language_session")
