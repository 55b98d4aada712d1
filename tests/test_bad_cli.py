"""Bad inputs 49 to 55, 67, 68 and 70 by their numbers in the list of needs: paths, names, streams and the process.

Others have 48, 58, 65, 66 and 69 (suppressions, baselines), 56 to 58 (the configuration), 59 to 64 (rules), 70
(``--diff``); a reader that goes away and Ctrl-C are in the tests of the command line.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from dulwich import porcelain

from wa_lint.errors import SourceError
from wa_lint.reporters import REPORTERS
from wa_lint.run import inputs
from wa_lint.run.inputs import find, read
from wa_lint.writing import atomic

WaLint = Callable[..., Any]

BUCKET = """\
Resources:
  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}}
"""
ONE = ("--select", "bucket-unversioned", "--all-buckets")


def write(name: str, text: str = BUCKET) -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def process(*arguments: str, **keywords: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **keywords.pop("env", {})}
    command = [sys.executable, "-m", "wa_lint", *arguments]
    return subprocess.run(command, env=environment, timeout=120, check=False, **keywords)


def reasons(run: Any) -> dict[str, str]:
    return {entry["uri"]: entry["reason"] for entry in run.report["inputs"] if entry["status"] != "judged"}


# --- 49 to 52: paths and names ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        (["nowhere.yaml"], 2),
        (["infra/*.yml"], 2),
        (["infra", "nowhere"], 2),
        (["a" * 5000], 2),
        (["a.yaml/b.yaml"], 2),
        (["empty"], 3),
        (["empty", "a.py"], 3),
        (["infra"], 1),
    ],
)
def test_49_a_path_that_leads_nowhere_is_no_clean_run(wa_lint: WaLint, paths: list[str], code: int) -> None:
    write("infra/a.yaml")
    write("a.yaml")
    write("a.py", "")
    Path("empty").mkdir()
    run = wa_lint("check", *ONE, "--", *paths)
    assert (run.code, "fault of wa-lint" in run.err) == (code, False)


def test_49_where_a_hook_says_so_nothing_is_fine(wa_lint: WaLint) -> None:
    write("a.py", "")
    write("a.yaml", "Resources: {A: {Type: 'AWS::S3::Bucket'")
    assert wa_lint("check", "--nothing-ok", "a.py").code == 0
    assert wa_lint("check", "--nothing-ok", "--exclude", "*.yaml", "a.yaml").code == 2
    assert wa_lint("check", "--nothing-ok", "nowhere").code == 2
    assert wa_lint("check", "--nothing-ok", "--exclude", "*.yaml", "--force-exclude", "a.yaml").code == 0


def test_50_what_may_wait_for_ever_or_leads_elsewhere_is_passed_by_with_its_reason(wa_lint: WaLint) -> None:
    outside = write("outside/b.yaml")
    write("in/a.yaml")
    for name in ("in/pipe.yaml", "in/index.json", "in/cdk/manifest.json"):
        Path(name).parent.mkdir(exist_ok=True)
        os.mkfifo(name)
    Path("in/self.yaml").symlink_to("self.yaml")
    Path("in/gone.yaml").symlink_to("nowhere")
    Path("in/out.yaml").symlink_to(outside.resolve())
    Path("in/zero.yaml").symlink_to("/dev/zero")
    Path("in/loop").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("in/socket.yaml")
    run = wa_lint("check", "in", "-o", "json", *ONE)
    assert run.code == 1
    assert [entry["uri"] for entry in run.report["inputs"] if entry["status"] == "judged"] == ["in/a.yaml"]
    assert {uri: reason.rpartition(" ")[2] for uri, reason in reasons(run).items()} == {
        "in/pipe.yaml": "device",
        "in/index.json": "device",
        "in/cdk/manifest.json": "device",
        "in/socket.yaml": "device",
        "in/self.yaml": "nowhere",
        "in/gone.yaml": "nowhere",
        "in/out.yaml": "folder",
        "in/zero.yaml": "folder",
        "in/loop": "followed",
    }


def test_50_a_file_that_is_named_is_read_though_a_link_in_the_folder_leads_to_it(wa_lint: WaLint) -> None:
    outside = write("outside/b.yaml")
    Path("in").mkdir()
    Path("in/out.yaml").symlink_to(outside.resolve())
    run = wa_lint("check", "in", "outside/b.yaml", "-o", "json", *ONE)
    assert {entry["uri"]: entry["status"] for entry in run.report["inputs"]} == {
        "in/out.yaml": "skipped",
        "outside/b.yaml": "judged",
    }


def test_50_a_device_without_an_end_is_read_up_to_the_limit(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MOST_BYTES", 1 << 20)
    run = wa_lint("check", "/dev/zero", "-o", "json")
    assert (run.code, "more than 1 MiB" in run.err) == (2, True)


def test_50_a_file_that_goes_away_before_it_is_read_is_an_error(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write("a.yaml").write_text(BUCKET)
    (file,) = find([Path()], tmp_path)
    Path("a.yaml").unlink()
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read(file)


@pytest.fixture
def shut(wa_lint: WaLint) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """The command line beside a file and a folder that it may not open, not even as root."""
    del wa_lint
    setpriv = shutil.which("setpriv")
    if os.getuid() == 0 and setpriv is None:
        pytest.skip("root opens everything, and setpriv is not there")
    bounded = [setpriv, "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 and setpriv else []
    write("open/a.yaml")
    closed = [write("open/shut.yaml"), write("open/shut/a.yaml").parent]
    for path in closed:
        path.chmod(0)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*bounded, sys.executable, "-m", "wa_lint", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    yield run
    for path in closed:
        path.chmod(0o700)


def test_50_what_must_not_be_read_is_an_error_and_never_silence(
    shut: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = shut("check", "open", "-o", "json", *ONE)
    assert done.returncode == 2
    assert {entry["uri"]: entry["reason"] for entry in json.loads(done.stdout)["inputs"]} == {
        "open/a.yaml": None,
        "open/shut": "cannot be read: Permission denied",
        "open/shut.yaml": "cannot be read: Permission denied",
    }
    named = shut("check", "open/shut/a.yaml")
    assert (named.returncode, "open/shut/a.yaml: cannot be read: Permission denied" in named.stderr) == (2, True)


def test_53_a_folder_that_must_not_be_written_is_said_before_anything_is_judged(
    shut: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    Path("open").chmod(0o555)
    done = shut("check", "open/a.yaml", "-o", "text", "-o", "json=open/r.json")
    Path("open").chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'open/r.json' cannot be written: Permission denied" in done.stderr


NAMES = [
    b"a\nb.yaml",
    b"50%.yaml",
    b"a b.yaml",
    b"a:b.yaml",
    b"a#b?c.yaml",
    b"\xff\xfe.yaml",
    b"-o.yaml",
    b"\x1b]52;c;eA\x07.yaml",
    b"::error::x.yaml",
    b"<b>|`x`.yaml",
    b"a,b=c.yaml",
    "é\u202e.yaml".encode(),
]


@pytest.mark.parametrize("format_", REPORTERS)
def test_51_whatever_a_file_is_called_the_report_is_text(wa_lint: WaLint, format_: str) -> None:
    for name in NAMES:
        Path(os.fsdecode(name)).write_text(BUCKET)
    run = wa_lint("check", "-o", f"{format_}=report", *ONE)
    said = Path("report").read_bytes().decode("utf-8")
    assert (run.code, "fault of wa-lint" in run.err) == (1, False)
    if format_ in {"text", "github", "markdown", "html"}:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)
    if format_ in {"github", "markdown"}:
        assert not [line for line in said.splitlines() if line.startswith("::error")]


COMMANDS = {
    "a report": ("check", "-o", "text"),
    "a difference": ("diff", "a.yaml", "b.yaml"),
    "a value": ("eval", "resource.InstanceType", "a.yaml"),
    "the configuration": ("config", "explain"),
    "a path": ("check", "none##[x]y\n::error::x"),
    "an option": ("check", "--no##[x]y\n::error::x"),
    "a command": ("no##[x]y\n::error::x",),
    "a format": ("check", "-o", "no##[x]y\n::error::x"),
    "a rule": ("explain", "no##[x]y\n::error::x"),
    "an expression": ("eval", "no##[x]y\n::error::x", "a.yaml"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_nothing_that_is_printed_commands_the_runner_in_whose_log_it_is(case: str, wa_lint: WaLint) -> None:
    name = "N##vso[task.setvariable variable=PATH]x"
    line = '"ml.##[add-mask]x\\n::stop-commands::x" # ##vso[task.prependpath]x'
    body = f'Resources:\n  "{name}":\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n'
    body += f"      InstanceType: {line}\n      RootAccess: Enabled # ##vso[task.complete]x\n"
    Path("a.yaml").write_text(body)
    Path("b.yaml").write_text(body.replace("Enabled", "Disabled"))
    Path("wa-lint.yaml").write_text('exclude: ["##vso[x]y", "a\\n::error::x"]\n')
    run = wa_lint(*COMMANDS[case])
    assert run.out + run.err
    assert not re.findall(r"##[A-Za-z]*\[|(?m:^\s*::[a-z])", run.out + run.err)


def test_51_a_uri_of_sarif_is_one(wa_lint: WaLint) -> None:
    names = [os.fsdecode(name) for name in NAMES if name.isascii()]
    for name in names:
        Path(name).write_text(BUCKET)
    results = wa_lint("check", "-o", "sarif", *ONE).report["runs"][0]["results"]
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert all(re.fullmatch(r"(?:[\w.~/-]|%[0-9A-F]{2})+", uri) for uri in uris)
    assert sorted(map(unquote, uris)) == sorted(names)


def test_52_many_files_are_counted_and_cost_little(wa_lint: WaLint) -> None:
    for number in range(3000):
        Path(f"{number}.json").touch()
    write("a.yaml")
    run = wa_lint("check", *ONE)
    assert run.code == 1
    assert "3000 files skipped: it is empty" in run.out


def test_52_a_path_that_is_too_long_to_open_is_said(wa_lint: WaLint, tmp_path: Path) -> None:
    write("a.yaml")
    for _ in range(30):
        Path("d" * 200).mkdir()
        os.chdir("d" * 200)
    os.chdir(tmp_path)
    run = wa_lint("check", "-o", "json", *ONE)
    assert run.code == 2
    assert list(reasons(run).values()) == ["cannot be read: File name too long"]


# --- 53 to 55: streams ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("json=folder", "names no file"),
        ("json=none/r.json", "the folder none"),
        ("json=/dev/full", "/dev/full: is a device"),
        ("json=dangling.json", "dangling.json: is a symbolic link"),
        ("json=a.yaml/r.json", "the folder a.yaml"),
    ],
)
def test_53_a_report_that_cannot_be_written_is_one_line(wa_lint: WaLint, target: str, said: str) -> None:
    write("a.yaml")
    Path("folder").mkdir()
    Path("dangling.json").symlink_to("none/r.json")
    run = wa_lint("check", "a.yaml", "-o", target)
    assert (run.code, run.out, said in run.err, run.err.count("\n")) == (2, "", True, 1)
    assert sorted(path.name for path in Path().iterdir()) == ["a.yaml", "dangling.json", "folder"]


def test_53_a_report_goes_through_no_link(wa_lint: WaLint) -> None:
    write("a.yaml")
    write("real.json", "old")
    Path("link.json").symlink_to("real.json")
    run = wa_lint("check", "a.yaml", "-o", "json=link.json", *ONE)
    assert (run.code, run.out, "link.json: is a symbolic link" in run.err) == (2, "", True)
    assert Path("link.json").is_symlink()
    assert Path("real.json").read_text() == "old"


@pytest.mark.parametrize("command", ["check a.yaml", "rules", "explain bucket-unversioned", "--help", "check --help"])
def test_53_a_full_disk_below_stdout_is_one_line(wa_lint: WaLint, command: str) -> None:
    del wa_lint
    write("a.yaml")
    with Path("/dev/full").open("wb") as full:
        done = process(*command.split(), stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, b"wa-lint: stdout cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("closed", "code"), [(">&-", 1), (">&- 2>&-", 1), ("<&-", 1), ("- <&-", 2), ("nowhere 2>&-", 2)]
)
def test_54_a_stream_that_is_closed_from_the_start_costs_no_exit_code(wa_lint: WaLint, closed: str, code: int) -> None:
    del wa_lint
    write("a.yaml")
    script = f'exec "$0" -m wa_lint check a.yaml -o json --select bucket-unversioned --all-buckets {closed}'
    done = subprocess.run(["/bin/sh", "-c", script, sys.executable], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "fault" not in done.stderr


@pytest.mark.parametrize(
    "command", ["check a.yaml --all-buckets", "rules", "explain bucket-unversioned", "check --help", "check ä"]
)
@pytest.mark.parametrize(
    "env",
    [
        {"COLUMNS": "1", "TERM": "dumb", "NO_COLOR": "1"},
        {"COLUMNS": "0", "LINES": "x", "TERM": ""},
        {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
    ],
    ids=["dumb", "odd", "cp1252", "ascii"],
)
def test_55_no_terminal_and_no_encoding_breaks_it(wa_lint: WaLint, command: str, env: dict[str, str]) -> None:
    del wa_lint
    write("a.yaml", BUCKET + "  Ünïcode…: {Type: 'AWS::S3::Bucket'}\n")
    done = process(*command.split(), capture_output=True, env=env)
    said = done.stdout + done.stderr
    assert done.returncode == {"check a.yaml --all-buckets": 1, "check ä": 2}.get(command, 0), said
    assert not re.search(rb"Traceback|fault of wa-lint|\x1b", said)


# --- 67, 68, 70: the process ------------------------------------------------------------------------


def test_67_neither_clock_zone_nor_locale_nor_seed_nor_processes_change_a_byte(wa_lint: WaLint) -> None:
    del wa_lint
    for number in range(9):
        write(f"{number}\u0130.yaml", BUCKET.replace("  B:", f"  B\u0131\u0130{number}:"))
    worlds = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    ]
    said = {
        process("check", "-o", "json", "--jobs", jobs, capture_output=True, env=world).stdout
        for world in worlds
        for jobs in ("1", "8")
    }
    assert len(said) == 1
    assert b"findings" in said.pop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_68_whoever_stops_it_leaves_the_old_report_as_it_was(wa_lint: WaLint, number: signal.Signals) -> None:
    del wa_lint
    os.mkfifo("endless")
    write("r.json", "old")
    command = [sys.executable, "-m", "wa_lint", "check", "endless", "-o", "json=r.json"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Path("endless").open("wb"):
        running.send_signal(number)
        assert running.wait(timeout=60) != 0
    assert Path("r.json").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["endless", "r.json"]


def test_68_half_a_report_is_none(wa_lint: WaLint) -> None:
    del wa_lint
    old = write("r.json", "old")
    with pytest.raises(KeyboardInterrupt), atomic(old) as stream:  # noqa: PT012, both lines are the interrupted block
        stream.write(b"half")
        raise KeyboardInterrupt
    assert (old.read_text(), len(list(Path().iterdir()))) == ("old", 1)


@pytest.mark.parametrize("layout", ["submodule", "worktree", "bare of commits"])
def test_70_a_hook_in_a_submodule_or_a_worktree_finds_its_commit(
    wa_lint: WaLint, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main/t.yaml")
    porcelain.init("main")
    if layout != "bare of commits":
        porcelain.add("main", [str(Path("main/t.yaml").resolve())])
        porcelain.commit("main", message=b"x", author=b"a <a@b>", committer=b"a <a@b>")
    if layout == "submodule":
        Path("modules").mkdir()
        Path("main/.git").rename("modules/main")
        write("main/.git", "gitdir: ../modules/main\n")
    if layout == "worktree":
        apart = Path("main/.git/worktrees/apart")
        head = Path("main/.git/HEAD").read_text()
        for name, text in {"HEAD": head, "commondir": "../..\n", "gitdir": f"{Path('apart/.git').resolve()}\n"}.items():
            write(f"{apart}/{name}", text)
        write("apart/.git", f"gitdir: {apart.resolve()}\n")
        write("apart/t.yaml")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as hooks of another repository have it
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    Path("apart" if layout == "worktree" else "main", "sub").mkdir()
    monkeypatch.chdir(Path("apart" if layout == "worktree" else "main", "sub"))
    run = wa_lint("check", "../t.yaml", "--diff", "HEAD", *ONE)
    assert run.code == (2 if layout == "bare of commits" else 0), run.err
    assert "fault of wa-lint" not in run.err
