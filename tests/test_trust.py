"""A configuration that is found in the tree is not trusted, and no write goes where it should not."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint import packs
from wa_lint.config import KEYS
from wa_lint.errors import ConfigError
from wa_lint.writing import atomic, demand_writable

WaLint = Callable[..., Any]
Make = Callable[..., Path]

TEMPLATE = """\
Parameters: {Root: {Type: String, Default: Enabled}}
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, RootAccess: !Ref Root}
"""

RULE = """\
id: notebook-named
title: A notebook has a name
severity: low
applies_to: [AWS::SageMaker::NotebookInstance]
require: resource.VolumeSizeInGB > 5
defaults: {VolumeSizeInGB: 5}
message: This notebook has no name.
why: A name says whose it is.
fix: Give it a name.
practices: [MLOPS02-BP01]
references: [https://docs.aws.amazon.com/sagemaker/latest/dg/nbi.html]
examples:
  - name: it is small
    expect: fail
    template: {Resources: {N: {Type: "AWS::SageMaker::NotebookInstance", Properties: {VolumeSizeInGB: 5}}}}
  - name: it is large
    expect: pass
    template: {Resources: {N: {Type: "AWS::SageMaker::NotebookInstance", Properties: {VolumeSizeInGB: 9}}}}
  - name: nobody knows
    expect: unknown
    template:
      Parameters: {Size: {Type: Number}}
      Resources: {N: {Type: "AWS::SageMaker::NotebookInstance", Properties: {VolumeSizeInGB: !Ref Size}}}
"""

SCHEMA = json.loads(files("wa_lint").joinpath("schemas/config.schema.json").read_text(encoding="utf-8"))

SECRET: Final = "FAKE-OUTSIDE-VALUE"


@pytest.fixture(autouse=True)
def _unread() -> None:
    """Rules are read once in a process, by the name of their folder; here it holds others in each test."""
    packs.book.cache_clear()


@pytest.fixture
def make(tmp_path: Path, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Write a file below the repository, in which we are; beside it lies what is nobody's business."""
    del wa_lint
    repository = tmp_path / "repository"
    (repository / ".git/hooks").mkdir(parents=True)
    (tmp_path / "outside/rules").mkdir(parents=True)
    for name in ("file.yaml", "file.json", "rules/a.yaml"):
        (tmp_path / "outside" / name).write_text(f"{SECRET}: {SECRET}", "utf-8")
    monkeypatch.chdir(repository)

    def write(name: str, text: str) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    write("t.yaml", TEMPLATE)
    return write


# --- every key that holds a path --------------------------------------------------------------------


def texts(schema: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every place in a schema that takes a text, and the schema of that text."""
    if schema.get("type") == "string":
        yield steps, schema
    for name, inner in schema.get("properties", {}).items():
        yield from texts(inner, (*steps, name))
    for inner in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from texts(inner, steps)
    if "items" in schema:
        yield from texts(schema["items"], (*steps, "[]"))


TEXTS: Final = list(texts(SCHEMA))
PATHS: Final = [steps for steps, schema in TEXTS if schema.get("x-holds") == "path"]

PATTERNS: Final = {"pattern", "rule", "name", "text", "date"}


def test_the_schema_says_of_every_text_what_it_holds() -> None:
    """A key that is added without a word on what it holds fails here; one that holds a path is tried below."""
    silent = [steps for steps, schema in TEXTS if schema.get("x-holds") not in {*PATTERNS, "path"}]
    assert silent == []
    assert {steps[0] for steps in PATHS} == {
        "extends",
        "paths",
        "rules",
        "parameters",
        "allow",
        "baseline",
        "output",
    }
    assert {
        name
        for name, key in KEYS.items()
        if key.kind not in {"text", "texts", "flag", "number", "days", "overrides", "settings", "profiles"}
    } == {steps[0] for steps in PATHS}


def written(steps: tuple[str, ...], text: str) -> dict[str, Any]:
    """A configuration that has `text` at `steps`."""
    value: Any = text
    for step in reversed(steps):
        value = [value] if step == "[]" else {step: value}
    assert isinstance(value, dict)
    return value


HOSTILE: Final = {
    "a folder above": "../outside/{name}",
    "an absolute path": "{absolute}",
    "a link": "link-{name}",
    "a link in a folder": "linked/{name}",
    "a folder above, through one that is inside": "sub/../../outside/{name}",
    "git's own folder": ".git/{name}",
    "git's own folder, by a link": "git/{name}",
    "a null byte": "a\0b",
    "a loop of links": "loop/{name}",
}


def prepare(tmp_path: Path, name: str) -> None:
    """Lay the links that HOSTILE names."""
    outside = tmp_path / "outside"
    Path("sub").mkdir()
    Path("linked").symlink_to(outside)
    Path("git").symlink_to(".git")
    Path("loop").symlink_to("loop")
    Path(f"link-{name}").symlink_to(outside / name)
    inside = Path(".git", name)
    (inside if name == "rules" else inside.parent).mkdir(exist_ok=True)
    (inside / "a.yaml" if name == "rules" else inside).write_text(f"{SECRET}: {SECRET}", "utf-8")


@pytest.mark.parametrize("way", ["wa-lint.yaml", ".wa-lint.yaml", "pyproject.toml", "extended"])
@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("steps", PATHS, ids=".".join)
def test_no_path_of_a_found_configuration_leads_out(
    steps: tuple[str, ...], case: str, way: str, make: Make, wa_lint: WaLint, tmp_path: Path
) -> None:
    name = "rules" if steps[0] == "rules" else "file.yaml"
    prepare(tmp_path, name)
    text = HOSTILE[case].format(name=name, absolute=tmp_path / "outside" / name)
    text = f"json={text}" if steps[0] == "output" else text
    if steps[0] == "extends" and "\0" in text:
        text += ".yaml"
    value = written(steps, text)
    if way == "pyproject.toml":
        lines = "".join(f"{key} = {json.dumps(item)}\n" for key, item in value.items())
        make(way, f"[build-system]\nrequires = []\n\n[tool.wa-lint]\nstrict = false\n{lines}")
        place = "pyproject.toml:6:1"
    elif way == "extended":
        make("wa-lint.yaml", "extends: [base/base.yaml]\n")
        make("base/base.yaml", json.dumps(value))
        for link in ("linked", "git", "loop", f"link-{name}", "sub"):
            Path("base", link).symlink_to(Path(link).resolve() if link != "loop" else "loop")
        Path("base/.git").symlink_to(Path(".git").resolve())
        place = "base/base.yaml:1:"
    else:
        make(way, yaml.safe_dump(value))
        place = f"{way}:"
    run = wa_lint("check", "t.yaml", "-o", "json")
    assert (run.code, run.out) == (2, "")
    assert re.match(rf"wa-lint: {re.escape(place)}[\d:]*: {steps[0]}: ", run.err), run.err
    assert run.err.count("\n") == 1
    assert SECRET not in run.err
    assert not Path(".git/report").exists()


ODD: Final[Mapping[str, Callable[[str], object]]] = {
    "a pipe": os.mkfifo,
    "nothing": Path,
    "a folder": os.mkdir,
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("steps", [s for s in PATHS if s[0] not in {"paths", "rules", "output"}], ids=".".join)
def test_what_a_found_configuration_reads_is_a_regular_file(
    steps: tuple[str, ...], case: str, make: Make, wa_lint: WaLint
) -> None:
    ODD[case]("odd.yaml")
    make("wa-lint.yaml", yaml.safe_dump(written(steps, "odd.yaml")))
    run = wa_lint("check", "t.yaml")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert f"wa-lint.yaml:1:1: {steps[0]}: " in run.err or f": {steps[0]}: 'odd.yaml'" in run.err


@pytest.mark.parametrize(("key", "text"), [("baseline", "b.json"), ("parameters", "b.json"), ("allow", "b.json")])
def test_what_a_found_configuration_reads_has_a_size(key: str, text: str, make: Make, wa_lint: WaLint) -> None:
    with make(text, "").open("wb") as stream:
        stream.truncate(65 << 20)
    make("wa-lint.yaml", json.dumps({key: text if key == "baseline" else [text]}))
    run = wa_lint("check", "t.yaml")
    assert (run.code, "larger than 64 MiB" in run.err) == (2, True)


def test_a_configuration_has_a_size(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "# " + "x" * (1 << 20))
    run = wa_lint("check", "t.yaml")
    assert (run.code, "larger than 1 MiB" in run.err) == (2, True)


def test_a_pyproject_without_us_may_be_of_any_size_and_one_that_nests_too_deep_is_an_error(
    make: Make, wa_lint: WaLint
) -> None:
    make("pyproject.toml", "# " + "x" * (1 << 20))
    assert wa_lint("check", "t.yaml").code == 1
    make("pyproject.toml", f"[tool.wa-lint]\nselect = {'[' * 5000}")
    run = wa_lint("check", "t.yaml")
    assert (run.code, run.err.count("\n"), "fault" in run.err) == (2, 1, False)


@pytest.mark.parametrize("name", ["wa-lint.yaml", ".wa-lint.yaml", "pyproject.toml"])
def test_a_found_configuration_is_itself_no_link_out(name: str, make: Make, wa_lint: WaLint, tmp_path: Path) -> None:
    del make
    (tmp_path / "outside/c").write_text(f"[tool.wa-lint]\n{SECRET} = 1\n", "utf-8")
    Path(name).symlink_to(tmp_path / "outside/c")
    run = wa_lint("check", "t.yaml")
    assert (run.code, SECRET in run.err, "leads out" in run.err) == (2, False, True)


def test_a_link_inside_of_the_repository_is_fine(make: Make, wa_lint: WaLint) -> None:
    make("real/values.json", '{"Root": "Disabled"}')
    Path("values.json").symlink_to("real/values.json")
    make("wa-lint.yaml", "parameters: [values.json]\nselect: notebook-root-access\n")
    assert wa_lint("check", "t.yaml").code == 0


def test_paths_start_from_the_folder_of_the_file_that_says_them(
    make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("values.json", '{"Root": "Disabled"}')
    make("wa-lint.yaml", "extends: ci/base.yaml\nselect: notebook-root-access\n")
    make("ci/base.yaml", "parameters: [../values.json]\n")
    make("infra/x", "")
    assert wa_lint("check", "t.yaml").code == 0
    monkeypatch.chdir("infra")
    assert wa_lint("check", "../t.yaml").code == 0


def test_a_value_of_a_parameter_is_never_taken_for_a_file(make: Make, wa_lint: WaLint, tmp_path: Path) -> None:
    """`Root=x` may be the name of a folder too, which may be a link."""
    Path("Root=x").symlink_to(tmp_path / "outside")
    make("wa-lint.yaml", "parameters: ['Root=x/file.json']\n")
    run = wa_lint("check", "t.yaml", "-o", "json")
    assert (run.code, SECRET in run.out + run.err) == (2, False)
    Path("Root=x").unlink()
    assert wa_lint("check", "t.yaml", "-o", "json", "--select", "notebook-root-access").code != 2


def test_without_a_repository_a_configuration_speaks_for_its_folder(
    tmp_path: Path, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "values.json").write_text('{"Root": "Disabled"}')
    (tmp_path / "project/sub").mkdir(parents=True)
    (tmp_path / "project/sub/t.yaml").write_text(TEMPLATE)
    (tmp_path / "project/wa-lint.yaml").write_text("parameters: [../values.json]\n")
    monkeypatch.chdir(tmp_path / "project/sub")
    run = wa_lint("check", "t.yaml")
    assert (run.code, "leads out of the folder" in run.err) == (2, True)


def test_a_repository_that_is_the_home_folder_is_none(
    tmp_path: Path, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps the home folder in git has not made all of it the business of a project below."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "credentials").write_text(f"{SECRET}=1")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    Path("t.yaml").write_text(TEMPLATE)
    Path("wa-lint.yaml").write_text("parameters: [../credentials]\n")
    run = wa_lint("check", "t.yaml")
    assert (run.code, SECRET in run.err) == (2, False)


def test_a_folder_of_the_tree_is_no_installed_package(
    make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("acme/wa-lint.yaml", "ignore: ['*']\n")
    make("wa-lint.yaml", "extends: acme\n")
    monkeypatch.setattr(sys, "path", ["", str(Path.cwd()), *sys.path])
    run = wa_lint("check", "t.yaml")
    assert (run.code, "neither a .yaml file nor an installed package" in run.err) == (2, True)


def test_a_configuration_that_is_named_may_say_all_of_it(make: Make, wa_lint: WaLint, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text('{"Root": "Disabled"}')
    make("ci.yaml", "parameters: [../values.json]\noutput: [text, json=../report.json]\nselect: notebook-root-access\n")
    assert wa_lint("check", "t.yaml", "--config", "ci.yaml").code == 0
    assert json.loads((tmp_path / "report.json").read_text())["configuration"][0]["trust"] == "named"


def test_a_found_configuration_names_formats(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "output: [json]\n")
    assert wa_lint("check", "t.yaml").report["findings"]
    make("wa-lint.yaml", "output: [text, 'json=']\n")
    run = wa_lint("check", "t.yaml")
    assert run.err.startswith("wa-lint: wa-lint.yaml:1:16: output: 'json=' names a file")


def test_the_formats_of_a_configuration_are_no_file_of_another_command(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "output: [json]\n")
    wa_lint("baseline", "t.yaml")
    assert sorted(path.name for path in Path().iterdir()) == [".git", "t.yaml", "wa-lint-baseline.json", "wa-lint.yaml"]


def test_rules_of_a_found_configuration_stay_in_their_folder(make: Make, wa_lint: WaLint, tmp_path: Path) -> None:
    make("rules/notebook-named.yaml", RULE)
    make("wa-lint.yaml", "rules: [rules]\n")
    assert any(f["rule"] == "notebook-named" for f in wa_lint("check", "t.yaml", "-o", "json").report["findings"])
    Path("rules/linked.yaml").symlink_to(tmp_path / "outside/file.yaml")
    packs.book.cache_clear()
    run = wa_lint("check", "t.yaml")
    assert (run.code, SECRET in run.err) == (2, False)
    Path("rules/linked.yaml").unlink()
    os.mkfifo("rules/pipe.yaml")
    packs.book.cache_clear()
    assert wa_lint("check", "t.yaml").code == 2


@pytest.mark.parametrize("id_", ["notebook-root-access", "suppression-unused"])
def test_no_rule_takes_the_id_of_one_of_ours(id_: str, make: Make, wa_lint: WaLint) -> None:
    make(f"rules/{id_}.yaml", RULE.replace("notebook-named", id_))
    make("wa-lint.yaml", "rules: [rules]\n")
    run = wa_lint("check", "t.yaml")
    assert (run.code, f"the id '{id_}' is " in run.err) == (2, True)


# --- a weaker level loosens nothing that a stronger one has set -------------------------------------


def failing(wa_lint: WaLint, *options: str) -> set[str]:
    report = wa_lint("check", "t.yaml", "-o", "json", *options).report
    return {f["rule"] for f in report["findings"] if f["outcome"] == "fail" and not f["suppressed"]}


@pytest.mark.parametrize(
    "said",
    [
        "ignore: notebook-root-access",
        "ignore: ['*']",
        "severity: critical",
        "pillar: sustainability",
        "select: bucket-unversioned",
        "overrides: [{paths: '*', ignore: '*'}]",
    ],
)
@pytest.mark.parametrize("option", ["--select", "--never-suppress"])
def test_a_configuration_leaves_out_nothing_that_the_command_line_names(
    said: str, option: str, make: Make, wa_lint: WaLint
) -> None:
    make("wa-lint.yaml", f"{said}\n")
    assert "notebook-root-access" not in failing(wa_lint)
    assert "notebook-root-access" in failing(wa_lint, option, "notebook-root-access")
    assert "notebook-root-access" not in failing(
        wa_lint, option, "notebook-root-access", "--ignore", "notebook-root-access"
    )


def test_what_nobody_above_has_set_a_found_configuration_may_set(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\nfail-on: critical\n")
    assert wa_lint("check", "t.yaml", "--severity", "high").code == 0
    assert wa_lint("check", "t.yaml", "--fail-on", "low").code == 1


# --- writing ----------------------------------------------------------------------------------------


def commands(target: str) -> dict[str, tuple[str, ...]]:
    return {
        "check": ("check", "t.yaml", "-o", f"json={target}"),
        "html": ("check", "t.yaml", "-o", f"html={target}"),
        "baseline": ("baseline", "t.yaml", "-o", target),
        "diff": ("diff", "t.yaml", "t.yaml", "-o", f"json={target}"),
        "snapshot": ("snapshot", "-o", target),
    }


PLACES: Final = {
    "a link": ("link", "is a symbolic link"),
    "a link that leads nowhere": ("dangling", "is a symbolic link"),
    "a link in the folder": ("linked/report", "is a symbolic link that leads out of the working tree"),
    "a link above the folder": ("linked/rules/report", "is a symbolic link that leads out of the working tree"),
    "a hook": (".git/hooks/pre-commit", "is in a git directory"),
    "a hook, by a link": ("hooks/pre-commit", "is in a git directory"),
    "a hook, in capitals": (".GIT/hooks/pre-commit", "is in a git directory"),
    "git's folder, as Windows calls it": ("GIT~1/config", "is in a git directory"),
    "git's folder, with a dot at its end": (".git./config", "is in a git directory"),
    "git's folder, with what a Mac does not see": (".g\u200cit/config", "is in a git directory"),
    "git's folder, as a stream": (".git::$INDEX_ALLOCATION/config", "is in a git directory"),
    "a bare repository": ("bare.git/hooks/post-update", "is in a git directory"),
    "a git directory elsewhere": ("sub/.git", "is in a git directory"),
    "a pipe": ("pipe", "is a pipe"),
    "a device": ("/dev/full", "is a device"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", commands(""))
def test_nothing_is_written_there(command: str, place: str, make: Make, wa_lint: WaLint, tmp_path: Path) -> None:
    target, said = PLACES[place]
    Path("link").symlink_to(tmp_path / "outside/file.json")
    Path("dangling").symlink_to(tmp_path / "outside/new")
    Path("linked").symlink_to(tmp_path / "outside")
    Path("hooks").symlink_to(".git/hooks")
    make(".git/hooks/pre-commit", "keep")
    make(".GIT/hooks/pre-commit", "keep")
    for name in ("objects/x", "refs/x", "HEAD", "hooks/post-update"):
        make(f"bare.git/{name}", "keep")
    make("sub/x", "")
    os.mkfifo("pipe")
    before = contents(tmp_path)
    run = wa_lint(*commands(target)[command])
    assert (run.code, run.out, said in run.err, run.err.count("\n")) == (2, "", True, 1), run.err
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def test_the_demo_and_a_folder_of_a_snapshot_are_written_alike(make: Make, tmp_path: Path) -> None:
    from wa_lint.demo import _save  # noqa: PLC0415, it brings moto along
    from wa_lint.run.snapshot_folder import Folder, FolderIndex, ReadingOptions  # noqa: PLC0415, what is tested

    del make
    Path("linked").symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigError, match="leads out of the working tree"):
        _save(Path("linked/demo"), {"a": b"x"})
    with pytest.raises(ConfigError, match="git directory"):
        _save(Path(".git"), {"config": b"x"})
    index = FolderIndex(taken_at="2026-01-01T00:00:00Z", options=ReadingOptions(regions=()))
    for place in (Path("linked"), Path(".git/snapshot")):
        with pytest.raises(ConfigError):
            Folder(place, index).note([])
    assert not (tmp_path / "outside/index.json").exists()


def test_every_write_of_the_package_goes_through_one_module() -> None:
    """A new way of writing has to be put into `wa_lint.writing`; what is listed here writes to no file of a user."""
    package = Path(str(files("wa_lint")))
    ways = re.compile(r"\.write_text\(|\.write_bytes\(|\bopen\([^)]*[\"'][wax]b?\+?[\"']|mkstemp|os\.replace|\.mkdir\(")
    found = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if ways.search(path.read_text("utf-8"))
    }
    assert found == {"writing.py"}


def test_links_that_the_machine_has_above_the_tree_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As /tmp is one on a Mac."""
    (tmp_path / "real/tree").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real/tree")
    with atomic(tmp_path / "alias/tree/r.json") as stream:
        stream.write(b"x")
    assert (tmp_path / "real/tree/r.json").read_bytes() == b"x"


def test_a_write_that_fails_leaves_nothing_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(b"old")
    with pytest.raises(TypeError), atomic(file) as stream:
        stream.write(None)  # type: ignore[call-overload]  # that is what fails
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("r.json", b"old")]


def test_the_mode_of_a_file_stays_and_a_new_one_has_that_of_the_mask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        for file in (old, new):
            with atomic(file) as stream:
                stream.write(b"x")
    finally:
        os.umask(mask)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (old, new)] == [0o640, 0o640]


@pytest.mark.parametrize("device", ["/dev/null", "/dev/stdout", "/dev/stderr"])
def test_the_streams_may_be_named(device: str, make: Make) -> None:
    """And a file that stdout goes to keeps what was written before."""
    del make
    with Path("out").open("wb") as out, Path("err").open("wb") as err:
        command = [sys.executable, "-m", "wa_lint", "check", "t.yaml", "-o", "github", "-o", f"json={device}"]
        assert subprocess.run(command, stdout=out, stderr=err, check=False).returncode == 1
    shown, said = Path("out").read_text(), Path("err").read_text()
    assert shown.startswith("::")
    assert ('"schema_version"' in shown, '"schema_version"' in said) == (
        device == "/dev/stdout",
        device == "/dev/stderr",
    )


def test_a_link_to_a_stream_is_a_link(make: Make) -> None:
    del make
    Path("null").symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="symbolic link"):
        demand_writable(Path("null"))
