"""The history: what is open, fixed, reopened and gone over many runs; what could not be looked at is never a fix."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from wa_lint import codec
from wa_lint.errors import ConfigError
from wa_lint.history import ledger as database
from wa_lint.history.ledger import RunRecord, opened
from wa_lint.history.lives import lives_of
from wa_lint.history.over_time import OverTime, over_time
from wa_lint.history.sighted import RunView, sighted
from wa_lint.model import (
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Outcome,
    Report,
    Resource,
    RuleInfo,
    Scope,
    Severity,
    Snapshot,
    SourceKind,
)

ROOT = Path(__file__).parents[1]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "wa_lint/schemas/history.schema.json").read_text()))
WaLint = Callable[..., Any]
ACCOUNT, EU, US = "123456789012", "eu-west-1", "us-east-1"
NOTEBOOK = "AWS::SageMaker::NotebookInstance"
RULE = "notebook-direct-internet"

# --- thirty days ------------------------------------------------------------------------------------

EXPECTED = """
day failing suppressed unseen new reopened fixed gone
1   2       0          0      2   0        0     0
2   2       0          0      0   0        0     0
3   3       0          0      1   0        0     0
4   3       0          0      0   0        0     0
5   1       0          2      0   0        0     0
6   1       0          2      0   0        0     0
7   1       0          2      0   0        0     0
8   1       0          2      0   0        0     0
9   2       0          0      0   0        1     0
10  1       0          0      0   0        1     0
11  1       0          0      0   0        0     0
12  2       0          0      1   0        0     0
13  2       0          0      0   0        0     0
14  2       0          0      0   0        0     0
15  1       0          0      0   0        0     1
16  0       0          1      0   0        0     0
17  0       0          1      0   0        0     0
18  0       0          1      0   0        0     0
19  1       0          0      0   0        0     0
20  2       0          0      0   1        0     0
21  2       0          0      0   0        0     0
22  1       1          0      0   0        0     0
23  1       1          0      0   0        0     0
24  1       1          0      0   0        0     0
25  1       1          0      0   0        0     0
26  2       0          0      0   0        0     0
27  2       0          0      0   0        0     0
28  1       0          0      0   0        1     0
29  1       0          0      0   0        0     0
30  0       0          1      0   0        0     0
"""
"""By hand. ann is open from 1 to 9 and again from 20; bob from 1 to 8; cat from 12 to 14, and then deleted; dan, in
the other region, from 3 to 27. Listing the first region is refused on 5 to 8 and on 30, the other one is not read on
16 to 18, and dan is allowed on 22 to 25."""


def notebook(name: str, region: str, *, is_open: bool) -> Resource:
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}:notebook-instance/{name}"
    properties = {
        "NotebookInstanceName": name,
        "InstanceType": "ml.t3.medium",
        "DirectInternetAccess": "Enabled" if is_open else "Disabled",
        "SubnetId": "subnet-1",
    }
    return Resource(arn, NOTEBOOK, properties, Listed(Location(arn)), arn=arn, account=ACCOUNT, region=region)


def look(day: int) -> Snapshot:
    eu = [notebook("ann", EU, is_open=day <= 9 or day >= 20), notebook("bob", EU, is_open=day <= 8)]
    eu += [notebook("cat", EU, is_open=True)] if 12 <= day < 15 else []
    us = [notebook("dan", US, is_open=3 <= day < 28)]
    is_refused, is_unread = 5 <= day <= 8 or day == 30, 16 <= day <= 18
    gaps = (Gap(Scope(NOTEBOOK, ACCOUNT, EU), "AccessDenied"),) if is_refused else ()
    regions = [EU] * (not is_refused) + [US] * (not is_unread)
    return Snapshot(
        kind=SourceKind.LIVE,
        uri=f"aws://{ACCOUNT}/{EU}",
        resources=tuple(([] if is_refused else eu) + ([] if is_unread else us)),
        complete=frozenset(Scope(NOTEBOOK, ACCOUNT, region) for region in regions),
        gaps=gaps,
        taken_at=f"2026-11-{day:02}T02:00:00+00:00",
    )


@pytest.fixture
def month(wa_lint: WaLint) -> Path:
    Path("allow.yaml").write_text(f"allow:\n  - {{rule: {RULE}, resource: '*dan', reason: moves next week}}\n")
    for day in range(1, 31):
        with Path("account.jsonl").open("wb") as stream:
            codec.dump(look(day), stream, compress=False)
        allowing = ("--allow", "allow.yaml") if 22 <= day <= 25 else ()
        now = ("--now", f"2026-11-{day:02}T02:00:00")
        run = wa_lint("check", "account.jsonl", "--select", RULE, "--history", "wa.db", *now, *allowing, "-o", "json")
        assert run.code in {0, 1, 4}, run.err
    return Path("wa.db")


def test_thirty_days_with_gaps_fixes_and_reopenings_are_as_by_hand(wa_lint: WaLint, month: Path) -> None:
    run = wa_lint("history", str(month), "-o", "json", "--by", "pillar", "--by", "account")
    found = run.report
    SCHEMA.validate(found)
    head, *rows = (line.split() for line in EXPECTED.strip().splitlines())
    told = [[int(run["at"][8:10]), *(run["counts"][name] for name in head[1:])] for run in found["runs"]]
    assert told == [list(map(int, row)) for row in rows]
    assert found["summary"] == {
        "failing": 0,
        "unseen": 1,
        "fixed": 3,
        "reopened": 1,
        "mean_days_to_fix": round((8 + 9 + (25 - 4)) / 3, 1),
    }
    assert [group["name"] for group in found["trends"]["account"]] == [ACCOUNT]
    lives = {life["resource"].rpartition("/")[2]: life for life in found["findings"]}
    assert {name: life["status"] for name, life in lives.items()} == {
        "ann": "unseen",
        "bob": "fixed",
        "cat": "gone",
        "dan": "fixed",
    }
    assert lives["ann"]["because"] == "AccessDenied"
    assert [fixing["days"] for fixing in lives["dan"]["fixes"]] == [21]
    bob = lives["bob"]["fixes"][0]
    assert (bob["last_seen"][8:10], bob["at"][8:10]) == ("04", "09")  # it was fixed at some time between


def test_the_month_as_text_csv_and_page(wa_lint: WaLint, month: Path) -> None:
    text = wa_lint("history", str(month), "--since", "2026-11-20").out
    assert "Runs (11)" in text
    assert "2026-11-19" not in text.partition("Failing by")[0]
    assert "partly read" in text
    assert "3 fixed, 1 reopened, mean time to fix 12.7 days" in text
    lives = list(csv.DictReader(io.StringIO(wa_lint("history", str(month), "-o", "csv").out)))
    assert {row["status"] for row in lives} == {"unseen", "fixed", "gone"}
    trend = list(csv.DictReader(io.StringIO(wa_lint("history", str(month), "-o", "csv-trend", "--by", "rule").out)))
    assert [row["failing"] for row in trend if row["by"] == "rule"][:3] == ["2", "2", "3"]
    now = ("--now", "2026-12-01T02:00:00")
    wa_lint("check", "account.jsonl", "--select", RULE, "--history", str(month), *now, "-o", "html=page.html")
    page = Path("page.html").read_text()
    assert "Over time" in page
    assert "31 runs from 2026-11-01 to 2026-12-01: 2 open at first, 1 now." in page
    assert "1 of them were not checked in this run: they may be fixed or not." in page
    assert 'aria-label="Open after each run: 2, 2, 3, 3, 3, 3, 3, 3, 2,' in page


# --- what a run tells of each finding ---------------------------------------------------------------

INFO = RuleInfo("rule", "A rule", Severity.HIGH, ("MLSEC01-BP01",), "", "", applies_to=(NOTEBOOK,))


def finding(name: str, outcome: Outcome = Outcome.FAIL, **fields: Any) -> Finding:
    file, path = fields.pop("file", "a.yaml"), fields.pop("path", "P")
    resource = Resource(name, NOTEBOOK, {}, Listed(Location(file, 1, 1)))
    shown = {"rule": INFO, "message": f"{name} is wrong", "fingerprint": f"{name}-{path}", "place": path} | fields
    return Finding(outcome=outcome, resource=resource, path=path, location=Location(file, 1, 1), **shown)


def view(*findings: Finding, **fields: Any) -> RunView:
    files = fields.pop("files", ("a.yaml",))
    inputs = tuple(
        file if isinstance(file, Input) else Input(file, "template", "judged", resources=1) for file in files
    )
    report = Report((INFO,), findings, inputs)
    settled = msgspec.structs.replace(report, findings=fields.pop("settled", findings))
    return RunView(report, settled, **({"versions": {"rule": "1"}, "book": {"rule"}} | fields))


def told(*views: RunView, file: Path, days: Sequence[int] = (), tools: Sequence[str] = ()) -> OverTime:
    """Keep the runs, one on each day, and return the history."""
    for number, one in enumerate(views):
        at = f"2026-11-{(days or range(1, 32))[number]:02}T00:00:00Z"
        with opened(file, to_write=True) as ledger:
            record = RunRecord(at, tools[number] if tools else "1.0", "check", 1, one.settled.inputs)
            ledger.add(record, sighted(one, ledger.known(at)))
    with opened(file) as ledger:
        return over_time(ledger.runs(), lives_of(ledger.findings(), ledger.told()))


def statuses(found: OverTime) -> Mapping[str, str]:
    return {life.finding.resource: life.status for life in found.lives}


BROKEN = Input("a.yaml", "unknown", "error", "line 3: no YAML")
OTHER = Input("b.yaml", "template", "judged")
PASS, UNKNOWN, NOT_APPLICABLE = Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("then", "status", "fixed"),
    [
        pytest.param(view(finding("Lab", PASS)), "fixed", 1, id="it passes"),
        pytest.param(view(finding("Lab", NOT_APPLICABLE)), "fixed", 1, id="it no longer applies"),
        pytest.param(view(finding("Lab", PASS, path="Q", place="Q")), "fixed", 1, id="the item is not there any more"),
        pytest.param(view(finding("Other", PASS)), "gone", 0, id="the resource is gone"),
        pytest.param(view(finding("Lab", UNKNOWN)), "unknown", 0, id="it is not known any more"),
        pytest.param(view(finding("Lab", UNKNOWN, path="Q", place="Q")), "unknown", 0, id="the items are not known"),
        pytest.param(view(files=(BROKEN,)), "unseen", 0, id="the file cannot be read"),
        pytest.param(view(files=(OTHER,)), "unseen", 0, id="the file was not asked for"),
        pytest.param(view(files=(OTHER,), deleted={"a.yaml"}), "gone", 0, id="the file is gone"),
        pytest.param(view(finding("Lab", PASS), versions={"rule": "2"}), "rule-changed", 0, id="the rule changed"),
        pytest.param(view(versions={"rule": "2"}), "gone", 0, id="the rule changed and the resource is gone"),
        pytest.param(view(finding("Lab", PASS), versions={}), "unseen", 0, id="the rule was not run"),
        pytest.param(view(versions={}, book={"other"}), "rule-removed", 0, id="the rule is not there any more"),
        pytest.param(view(finding("Lab"), settled=()), "suppressed", 0, id="an override ignores it"),
        pytest.param(view(finding("Lab"), versions={"rule": "2"}), "open", 0, id="it still fails under another rule"),
    ],
)
def test_what_becomes_of_a_finding(tmp_path: Path, then: RunView, status: str, fixed: int) -> None:
    found = told(view(finding("Lab")), then, file=tmp_path / "wa.db")
    assert statuses(found)["Lab"] == status
    assert found.total.fixed == fixed


def test_a_fix_after_the_rule_changed_counts_once_the_new_rule_reported_it(tmp_path: Path) -> None:
    new = {"versions": {"rule": "2"}}
    found = told(
        view(finding("Lab")), view(finding("Lab"), **new), view(finding("Lab", PASS), **new), file=tmp_path / "d"
    )
    assert statuses(found) == {"Lab": "fixed"}
    assert found.lives[0].versions == ("1", "2")


def test_what_comes_back_after_its_rule_changed_was_never_closed(tmp_path: Path) -> None:
    new = {"versions": {"rule": "2"}}
    found = told(
        view(finding("Lab")), view(finding("Lab", PASS), **new), view(finding("Lab"), **new), file=tmp_path / "d"
    )
    assert (statuses(found), found.total.reopened, len(found.lives)) == ({"Lab": "open"}, 0, 1)


def test_what_was_never_known_to_fail_is_settled_and_not_fixed(tmp_path: Path) -> None:
    found = told(view(finding("Lab", UNKNOWN)), view(finding("Lab", PASS)), file=tmp_path / "d")
    assert (statuses(found), found.total.fixed) == ({"Lab": "settled"}, 0)


def test_a_gap_between_two_fails_is_no_reopening(tmp_path: Path) -> None:
    found = told(view(finding("Lab")), view(files=(BROKEN,)), view(finding("Lab")), file=tmp_path / "d")
    assert [(count.failing, count.unseen, count.reopened) for count in found.total.counts] == [
        (1, 0, 0),
        (0, 1, 0),
        (1, 0, 0),
    ]


def test_what_was_suppressed_or_unknown_is_so_still_while_nobody_can_look(tmp_path: Path) -> None:
    gap = view(files=(BROKEN,))
    found = told(view(finding("Lab"), settled=()), gap, file=tmp_path / "d")
    assert [(count.suppressed, count.unseen) for count in found.total.counts] == [(1, 0), (1, 0)]
    found = told(view(finding("Lab", UNKNOWN)), gap, file=tmp_path / "e")
    assert [(count.unknown, count.unseen) for count in found.total.counts] == [(1, 0), (1, 0)]


def test_what_is_gone_and_comes_back_is_reopened(tmp_path: Path) -> None:
    found = told(view(finding("Lab")), view(), view(finding("Lab")), file=tmp_path / "d")
    assert (statuses(found), found.total.reopened) == ({"Lab": "open"}, 1)


def test_a_file_that_moved_keeps_its_findings(tmp_path: Path) -> None:
    moved = view(finding("Lab", file="b.yaml"), files=("b.yaml",), deleted={"a.yaml"})
    found = told(view(finding("Lab")), moved, file=tmp_path / "d")
    assert [(life.status, life.finding.home.file) for life in found.lives] == [("open", "b.yaml")]


def test_the_same_names_in_two_files_are_two_findings_whatever_the_order(tmp_path: Path) -> None:
    a, b = finding("Lab"), finding("Lab", file="b.yaml", fingerprint="Lab-P:2")
    only_b = msgspec.structs.replace(b, fingerprint="Lab-P")
    files = ("a.yaml", "b.yaml")
    found = told(view(a, b, files=files), view(finding("Lab", PASS), only_b, files=files), file=tmp_path / "d")
    assert {life.finding.home.file: life.status for life in found.lives} == {"a.yaml": "fixed", "b.yaml": "open"}


def test_an_item_that_moves_in_its_list_is_the_same_finding(tmp_path: Path) -> None:
    first = finding("Lab", path="Variants[1].Size", place="Variants[blue].Size")
    then = finding("Lab", path="Variants[0].Size", place="Variants[blue].Size")
    found = told(view(first), view(then), file=tmp_path / "d")
    assert [(life.status, life.finding.path) for life in found.lives] == [("open", "Variants[0].Size")]


def test_a_run_that_is_added_late_falls_into_its_place(tmp_path: Path) -> None:
    runs = view(finding("Lab")), view(finding("Lab")), view(finding("Lab", PASS))
    found = told(*runs, file=tmp_path / "d", days=(1, 5, 3))
    assert [count.failing for count in found.total.counts] == [1, 0, 1]
    assert (found.total.fixed, found.total.reopened) == (1, 1)


def test_a_fix_that_came_with_another_wa_lint_says_so(tmp_path: Path) -> None:
    found = told(view(finding("Lab")), view(finding("Lab", PASS)), file=tmp_path / "d", tools=("1.0", "1.1"))
    assert [fixing.is_new_tool for fixing in found.lives[0].fixes] == [True]


# --- the file ---------------------------------------------------------------------------------------

TEMPLATE = json.dumps(
    {"Resources": {"Lab": {"Type": NOTEBOOK, "Properties": {"InstanceType": "ml.t3.medium", "RoleArn": "arn"}}}}
)


def test_a_file_that_was_deleted_from_the_folder_is_gone_and_one_outside_is_not_seen(wa_lint: WaLint) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "one.json").write_text(TEMPLATE)
        Path(folder, "two.json").write_text(TEMPLATE.replace("Lab", "Den"))
    wa_lint("check", "a", "b", "--select", RULE, "--history", "wa.db", "--now", "2026-11-01")
    Path("a/one.json").unlink()
    Path("b/one.json").unlink()
    wa_lint("check", "a", "--select", RULE, "--history", "wa.db", "--now", "2026-11-02")
    found = wa_lint("history", "wa.db", "-o", "json").report
    assert {life["file"]: life["status"] for life in found["findings"]} == {
        "a/one.json": "gone",
        "a/two.json": "open",
        "b/one.json": "unseen",
        "b/two.json": "unseen",
    }


def test_only_the_owner_may_read_it_and_no_secret_is_in_it(wa_lint: WaLint) -> None:
    key = "AKIA" + "Z7XQ2M4KLP9RT3WB"
    Path("t.json").write_text(TEMPLATE.replace("Lab", key))
    wa_lint("check", "t.json", "--history", "wa.db")
    assert stat.S_IMODE(Path("wa.db").stat().st_mode) == 0o600
    assert key.encode() not in Path("wa.db").read_bytes()
    assert key not in wa_lint("history", "wa.db", "-o", "json").out
    wa_lint("check", "t.json", "--history", "wa.db")
    assert {life["status"] for life in wa_lint("history", "wa.db", "-o", "json").report["findings"]} == {"open"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda file: file.write_bytes(b"SQLite format 3\x00" + b"?" * 5000), "damaged", id="damaged"),
        pytest.param(
            lambda file: file.write_bytes(b"no database at all, but long enough" * 99), "damaged", id="a text"
        ),
        pytest.param(lambda file: _made(file, "CREATE TABLE t (a)"), "another program", id="another program's"),
        pytest.param(lambda file: _made(file, "PRAGMA user_version = 99", of_us=True), "newer wa-lint", id="newer"),
        pytest.param(lambda file: _made(file, "DROP TABLE sighting", of_us=True), "damaged", id="a table lacks"),
        pytest.param(
            lambda file: _made(file, "UPDATE sighting SET run = 77", of_us=True), "damaged", id="runs are missing"
        ),
        pytest.param(lambda file: file.symlink_to("elsewhere.db"), "symbolic link", id="a link"),
    ],
)
def test_a_file_that_is_no_history_is_refused_in_one_line(
    wa_lint: WaLint, make: Callable[[Path], object], says: str
) -> None:
    Path("t.json").write_text(TEMPLATE)
    make(Path("wa.db"))
    before = Path("wa.db").read_bytes() if Path("wa.db").exists() else b""
    run = wa_lint("check", "t.json", "--history", "wa.db", "-o", "html=page.html")
    assert run.code == 2
    assert says in run.err
    assert len(run.err.splitlines()) == 1
    assert (Path("wa.db").read_bytes() if Path("wa.db").exists() else b"") == before


def _made(file: Path, statement: str, *, of_us: bool = False) -> None:
    if of_us:
        told(view(finding("Lab")), file=file)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    connection.close()


def test_there_is_no_history_of_two_databases_or_of_none(wa_lint: WaLint) -> None:
    Path("t.json").write_text(TEMPLATE)
    assert "takes one database" in wa_lint("check", "t.json", "--history", "a.db", "--history", "b.db").err
    assert wa_lint("check", "t.json", "--history", "missing.json").code == 2
    assert not Path("a.db").exists()
    assert not Path("missing.json").exists()
    assert wa_lint("history", "c.db").code == 2


def test_an_empty_database_has_no_run(wa_lint: WaLint) -> None:
    with opened(Path("wa.db"), to_write=True):
        pass
    run = wa_lint("history", "wa.db")
    assert (run.code, run.err) == (3, "wa-lint: wa.db has no runs\n")


def test_two_who_write_at_once_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(TEMPLATE)
    command = [sys.executable, "-m", "wa_lint", "check", "t.json", "--select", RULE, "--history", "wa.db", "-o", "json"]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)
    ]
    assert [(run.communicate()[1], run.returncode) for run in runs] == [(b"", 1)] * 4
    with opened(tmp_path / "wa.db") as ledger:
        assert len(ledger.runs()) == 4
        assert len(ledger.findings()) == 1


def test_who_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAITS", 0.1)
    told(view(finding("Lab")), file=tmp_path / "wa.db")
    with opened(tmp_path / "wa.db", to_write=True):
        said: list[str] = []
        thread = threading.Thread(target=_try, args=(tmp_path / "wa.db", said))
        thread.start()
        thread.join()
    assert "another run has been writing it" in said[0]


def _try(file: Path, said: list[str]) -> None:
    try:
        with opened(file, to_write=True):
            said.append("it was let in")
    except ConfigError as error:
        said.append(str(error))


def test_a_check_without_a_database_imports_none_of_it() -> None:
    code = (
        "import sys; from wa_lint.cli import main\n"
        "try: main(['check', sys.argv[1], '-o', 'json'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m == 'sqlite3' or m.startswith('wa_lint.history')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "fixtures/realtime-endpoint/template.yaml")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr.strip().endswith("[]")
