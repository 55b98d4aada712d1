"""The book of a checkout is kept for the next run, where nobody else can write; nothing depends on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from wa_lint import packs
from wa_lint.rule import Rule, load_file

RULE = """\
id: {id}
title: {title}
severity: low
practices: []
applies_to: AWS::S3::Bucket
require: has(resource.BucketName)
message: "No name."
why: why
fix: fix
"""


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one rule, and a cache beside it."""
    monkeypatch.setattr(packs, "PREPARED", "none.msgpack")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    folder = tmp_path / "rules"
    folder.mkdir()
    monkeypatch.setattr(packs, "rules_folder", lambda: folder)
    write(folder, "first")
    return folder


def write(folder: Path, title: str) -> None:
    (folder / "a.yaml").write_text(RULE.format(id="a", title=title), "utf-8")


def titles() -> list[str]:
    return [rule.info.title for rule in packs.built_in()]


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "wa-lint").glob("*"))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The rule files that are read as YAML from now on."""
    read: list[Path] = []
    real = load_file

    def load(file: Path, shown: str | None = None, *, is_trusted: bool = False) -> Rule:
        read.append(file)
        return real(file, shown, is_trusted=is_trusted)

    monkeypatch.setattr(packs, "load_file", load)
    return read


def test_the_second_run_reads_no_yaml(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert titles() == ["first"]
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    read = counted(monkeypatch)
    assert titles() == ["first"]
    assert read == []
    write(book, "second")
    assert titles() == ["second"]
    assert read == [book / "a.yaml"]
    assert len(kept(tmp_path)) == 1, "the book of the other text is dropped"


@pytest.mark.usefixtures("book")
def test_a_torn_book_is_made_again(tmp_path: Path) -> None:
    titles()
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    for content in (b"", whole[:-1], b"\0" * 32 + whole[32:]):
        file.write_bytes(content)
        assert titles() == ["first"]
        assert file.read_bytes() == whole


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_book_that_others_may_write_is_not_read(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    titles()
    (file,) = kept(tmp_path)
    (file if what == "file" else file.parent).chmod(0o777)
    read = counted(monkeypatch)
    assert titles() == ["first"]
    assert read


def test_a_book_behind_a_link_is_not_read(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    titles()
    (file,) = kept(tmp_path)
    file.rename(book.parent / "elsewhere")
    file.symlink_to(book.parent / "elsewhere")
    read = counted(monkeypatch)
    assert titles() == ["first"]
    assert read


@pytest.mark.usefixtures("book")
def test_nothing_is_kept_in_the_folder_that_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (str(tmp_path / "work" / "cache"), "cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", place)
        assert titles() == ["first"]
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.usefixtures("book")
def test_no_room_for_a_cache_costs_nothing_but_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    assert titles() == ["first"]
