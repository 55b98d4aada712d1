"""``--diff REF``: only what changed gates, and no git is run to find out. Bad input 70."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dulwich import porcelain

WaLint = Callable[..., Any]

BUCKETS = """\
Resources:
  Old: {Type: 'AWS::S3::Bucket', Properties: {BucketName: old}}
  New: {Type: 'AWS::S3::Bucket', Properties: {BucketName: new}}
"""
RULE = ("--select", "bucket-unversioned")


def commit(**files: str) -> None:
    if not Path(".git").exists():
        porcelain.init(".")
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    porcelain.add(".", [f"{name}.yaml" for name in files])
    porcelain.commit(".", message=b"x", author=b"a <a@b>", committer=b"a <a@b>")


def gating(wa_lint: WaLint, ref: str = "HEAD", *paths: str) -> set[str]:
    run = wa_lint("check", *(paths or (".",)), "-o", "json", *RULE, "--diff", ref)
    return {f["resource"]["id"] for f in run.report["findings"] if not f["suppressed"]}


def test_only_what_changed_gates_and_the_rest_stays_visible(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    Path("t.yaml").write_text("# moved\n" + BUCKETS.replace("BucketName: new", "BucketName: newer"), encoding="utf-8")
    run = wa_lint("check", "t.yaml", "-o", "json", *RULE, "--diff", "HEAD")
    assert {f["resource"]["id"]: f["suppressed"] and f["suppressed"]["kind"] for f in run.report["findings"]} == {
        "Old": "unchanged",
        "New": None,
    }
    assert run.code == 1


def test_nothing_changed_nothing_gates(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    run = wa_lint("check", "t.yaml", *RULE, "--diff", "HEAD")
    assert run.code == 0
    assert "2 findings in what did not change" in run.out


def test_a_new_file_is_new_all_of_it(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    Path("u.yaml").write_text(BUCKETS, encoding="utf-8")
    assert gating(wa_lint, "HEAD", "u.yaml") == {"Old", "New"}


@pytest.mark.parametrize(
    "section", ["Parameters: {P: {Type: String}}", "Conditions: {C: !Equals [a, b]}", "Transform: X"]
)
def test_what_may_change_every_resource_makes_all_of_them_count(section: str, wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    Path("t.yaml").write_text(f"{section}\n{BUCKETS}", encoding="utf-8")
    run = wa_lint("check", "t.yaml", "-o", "json", *RULE, "--diff", "HEAD")
    assert all(f["suppressed"] is None for f in run.report["findings"])


def test_a_branch_is_compared_where_it_was_left(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    porcelain.branch_create(".", "feature")
    commit(t=BUCKETS.replace("old", "older"))
    porcelain.checkout(".", "feature")
    commit(t=BUCKETS.replace("new", "newer"))
    assert gating(wa_lint, "master") == {"New"}
    assert gating(wa_lint, "HEAD~1") == {"New"}
    assert gating(wa_lint, "HEAD^") == {"New"}


@pytest.mark.parametrize("ref", ["nowhere", "HEAD~9", "", "--upload-pack=x", "HEAD~99999999"])
def test_a_commit_that_is_not_there_is_said(ref: str, wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    run = wa_lint("check", "t.yaml", "--diff", ref)
    assert run.code == 2
    assert "fetch it first" in run.err


def test_outside_of_a_repository_it_is_said(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(BUCKETS, encoding="utf-8")
    run = wa_lint("check", "t.yaml", "--diff", "HEAD")
    assert (run.code, "no git repository" in run.err) == (2, True)


def test_70_what_the_repository_configures_is_not_run(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(t=BUCKETS)
    trap = Path("trap.sh").resolve()
    trap.write_text(f"#!/bin/sh\ntouch {trap.with_name('ran')}\n", encoding="utf-8")
    trap.chmod(0o755)
    with Path(".git/config").open("a", encoding="utf-8") as config:
        config.write(f'[core]\n\tfsmonitor = {trap}\n\thooksPath = {trap.parent}\n[diff "x"]\n\ttextconv = {trap}\n')
        config.write(f'[filter "x"]\n\tsmudge = {trap}\n\tclean = {trap}\n')
    Path(".gitattributes").write_text("*.yaml diff=x filter=x\n", encoding="utf-8")
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    monkeypatch.setenv("PATH", os.devnull)
    assert gating(wa_lint, "HEAD", "../t.yaml") == set()
    assert not trap.with_name("ran").exists()
