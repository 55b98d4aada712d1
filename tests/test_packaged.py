"""Nested templates that were packaged: the file that each was made from is proven or assumed; nothing is fetched.

The names in `UPLOADED` are what the tools' own code gives to `templates/packaged/stacks/serving.yaml`, run offline on
2026-11-23: aws-cli 1.46.3, the v2 branch of 2026-07 with ruamel.yaml 0.19.1 and 0.17.21, aws-sam-cli 1.170.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from wa_lint.document import read_document
from wa_lint.model import Snapshot
from wa_lint.sources.template import snapshot_of
from wa_lint.sources.template.uploads import upload_of

WaLint = Callable[..., Any]

HERE = Path(__file__).parent / "templates" / "packaged"
FOLDER = "https://s3.eu-west-1.amazonaws.com/bucket/pre"

UPLOADED = {
    "aws 1": "ca7a616b3998f7ad6c1e37265f8c0238",
    "aws 2": "5d53e05ed910c84355d22d0727989f15",
    "aws 2 until 2025": "77faaa02d8e34df4f8a3d270f81e65dd",
    "sam": "f7627313716d04efbb528c8a1d09a5be",
}

SOURCES = {
    path.relative_to(HERE).as_posix(): path.read_text("utf-8")
    for path in sorted(HERE.rglob("*.yaml"))
    if path.name != "template.yaml"
}
SOURCE = (HERE / "template.yaml").read_text("utf-8")


def packaged(name: str, extra: str = "") -> str:
    """Return the template as a tool leaves it: with a URL for its nested stack."""
    return SOURCE.replace("stacks/serving.yaml", f"{FOLDER}/{name}.template{extra}")


def read(parent: str, files: Mapping[str, str]) -> Snapshot:
    """Read `parent` as ``build/packaged.yaml``; the names of `files` are seen from there."""

    def open_file(name: str) -> bytes | None:
        text = files.get(posixpath.normpath(name))
        return None if text is None else text.encode()

    document = read_document(parent, "build/packaged.yaml")
    return snapshot_of(document, None, open_file, list_files=lambda: files)


def beside(files: Mapping[str, str], folder: str = "..") -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def ids(snapshot: Snapshot) -> set[str]:
    return {resource.id for resource in snapshot.resources}


WHOLE = {"Serving", "Serving/Notebook", "Serving/Scripts", "Serving/Deeper", "Serving/Deeper/Bucket"}


@pytest.mark.parametrize("tool", UPLOADED)
@pytest.mark.parametrize("extra", ["", "?versionId=3.x_y"])
def test_a_file_that_a_tool_would_upload_under_the_name_is_the_one(tool: str, extra: str) -> None:
    snapshot = read(packaged(UPLOADED[tool], extra), beside(SOURCES))
    assert ids(snapshot) == WHOLE
    assert snapshot.problems == ()
    assert snapshot.nested == {"Serving": "stacks/serving.yaml", "Serving/Deeper": "stacks/inner/bucket.yaml"}


def test_it_is_found_without_the_template_that_named_it_among_others() -> None:
    others = {f"other{n}.yaml": f"Resources: {{R{n}: {{Type: 'AWS::S3::Bucket'}}}}\n" for n in range(9)}
    assert ids(read(packaged(UPLOADED["aws 2"]), beside(SOURCES) | others)) == WHOLE


@pytest.mark.parametrize("make", [hashlib.md5, hashlib.sha256])
def test_a_file_that_is_the_upload_itself_is_the_one(make: Any) -> None:
    text = "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"
    name = make(text.encode()).hexdigest()
    assert ids(read(packaged(name), {f"{name}.template": text})) == {"Serving", "Serving/B"}


def test_a_file_that_changed_since_is_assumed_to_be_the_one_that_the_source_names(wa_lint: WaLint) -> None:
    write(SOURCES, "infra")
    Path("infra/template.yaml").write_text(SOURCE)
    Path("infra/packaged.yaml").write_text(packaged("0" * 32))
    run = wa_lint("check", "infra/packaged.yaml", "-o", "json", "--select", "notebook-direct-internet")
    (finding,) = run.report["findings"]
    assert (finding["outcome"], finding["resource"]["id"]) == ("fail", "Serving/Notebook")
    assert finding["location"]["uri"] == "infra/stacks/serving.yaml"
    assert finding["assumes"] == ["Serving nests infra/stacks/serving.yaml, as infra/template.yaml says"]


def test_what_is_proven_is_assumed_by_nobody(wa_lint: WaLint) -> None:
    write(SOURCES, "infra")
    Path("infra/packaged.yaml").write_text(packaged(UPLOADED["aws 1"]))
    run = wa_lint("check", "infra", "-o", "json", "--select", "notebook-direct-internet")
    (finding,) = run.report["findings"]
    assert (finding["resource"]["id"], finding["assumes"]) == ("Serving/Notebook", [])
    assert {entry["uri"]: entry["reason"] for entry in run.report["inputs"]} == {
        "infra/packaged.yaml": None,
        "infra/stacks/serving.yaml": "as the nested stack Serving of infra/packaged.yaml",
        "infra/stacks/inner/bucket.yaml": "as the nested stack Serving/Deeper of infra/packaged.yaml",
    }


def test_what_an_assumed_stack_gives_out_is_assumed_too(wa_lint: WaLint) -> None:
    child = SOURCES["stacks/serving.yaml"].replace("!Ref Notebook", "Enabled")
    more = (
        "  Top:\n    Type: AWS::SageMaker::NotebookInstance\n"
        "    Properties: {DirectInternetAccess: !GetAtt Serving.Outputs.Notebook}\n"
    )
    write(SOURCES | {"stacks/serving.yaml": child, "template.yaml": SOURCE + more}, ".")
    Path("packaged.yaml").write_text(packaged("0" * 32) + more)
    run = wa_lint("check", "packaged.yaml", "-o", "json", "--select", "notebook-direct-internet")
    found = {finding["resource"]["id"]: finding for finding in run.report["findings"]}
    assert found["Top"]["outcome"] == "fail"
    assert found["Top"]["assumes"] == ["Serving nests stacks/serving.yaml, as template.yaml says"]


UNCLEAR = {
    "nobody names it": beside(SOURCES),
    "two templates name two files": {
        **beside(SOURCES),
        "../template.yaml": SOURCE,
        "../other.yaml": SOURCE.replace("serving", "second"),
        "../stacks/second.yaml": SOURCES["stacks/serving.yaml"],
    },
    "the template that names it has other resources": {
        **beside(SOURCES),
        "../template.yaml": SOURCE + "  B: {Type: 'AWS::S3::Bucket'}\n",
    },
    "it is given something else there": {**beside(SOURCES), "../template.yaml": SOURCE.replace("!Ref Stage", "prod")},
    "what is named is not there": {"../template.yaml": SOURCE},
    "what is named is no template": {"../template.yaml": SOURCE, "../stacks/serving.yaml": "[1]\n"},
    "files nest each other": {
        "../a.yaml": SOURCE.replace("stacks/serving", "b").replace("Serving", "First"),
        "../b.yaml": SOURCE.replace("stacks/serving", "a").replace("Serving", "Other"),
        "../c.yaml": SOURCE.replace("stacks/serving", "c").replace("Serving", "Third"),
    },
}


@pytest.mark.parametrize("files", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_clear_is_not_followed_and_said(files: Mapping[str, str]) -> None:
    snapshot = read(packaged("0" * 32), files)
    (problem,) = snapshot.problems
    assert "is not in sight, so its resources were not judged" in problem.message
    assert f"{FOLDER}/{'0' * 32}.template is not fetched" in problem.message
    assert ids(snapshot) == {"Serving"}


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket.s3.amazonaws.com/child.yaml",
        "https://bucket.s3.amazonaws.com/0123.template",
        f"s3://bucket/{'0' * 32}.template",
        f"https://h/{'0' * 32}.template#x",
        f"{'0' * 32}.template",
    ],
)
def test_only_what_a_tool_makes_is_taken_for_packaged(url: str) -> None:
    assert upload_of(url) is None


def test_nothing_outside_of_the_root_is_taken(wa_lint: WaLint) -> None:
    write(SOURCES, "secret")
    write({"packaged.yaml": packaged(UPLOADED["aws 1"])}, "in")
    Path("in/link").symlink_to(Path("secret").resolve())
    run = wa_lint("check", "in", "-o", "json")
    assert "is not fetched" in run.report["problems"][0]["message"]
    assert not any(finding["resource"]["id"].startswith("Serving/") for finding in run.report["findings"])


def test_bombs_and_wrecks_beside_it_break_nothing() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    bad = {
        "bomb.yaml": bomb + "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n",
        "deep.yaml": "Resources: " + "[" * 10_000 + "]" * 10_000,
        "odd.yaml": "Resources: {B: !Sub {b: 1, 2: c}, C: !!timestamp 2020-99-99, D: !GetAtt [a, b], E: 2020-99-99}\n",
        "object.yaml": "Resources: {B: !!python/object/apply:os.getcwd []}\n",
    }
    assert ids(read(packaged(UPLOADED["aws 2"]), bad | beside(SOURCES))) == WHOLE


def write(files: Mapping[str, str], folder: str) -> None:
    for name, text in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
