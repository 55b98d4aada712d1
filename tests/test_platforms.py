"""What AWS offers is known with its dates, and agrees with what others publish."""

from __future__ import annotations

import pytest

from wa_lint import platforms, prices


@pytest.mark.parametrize(
    "family", ["g4dn", "g5", "g6", "g6e", "p4d", "p5", "m5d", "c5d", "r5d", "trn1", "c6gd", "p3dn"]
)
def test_families_with_local_storage_refuse_a_volume_key(family: str) -> None:
    found = platforms.instance_type(f"ml.{family}.xlarge")
    assert found is not None
    assert found.local_storage is True


@pytest.mark.parametrize("family", ["m5", "c5", "t3", "p3", "p2", "inf1", "inf2", "m6i", "c7g"])
def test_families_without_local_storage_take_a_volume_key(family: str) -> None:
    found = platforms.instance_type(f"ml.{family}.xlarge")
    assert found is not None
    assert found.local_storage is False


def test_a_previous_generation_says_why() -> None:
    previous = {name for name in platforms.instance_types() if _known(name).previous}
    assert {name.split(".")[1] for name in previous} == {"c4", "m4", "p2", "p3"}
    assert all(_known(name).why_previous for name in previous)


def test_burstable_accelerated_and_arm_families_are_known() -> None:
    burstable = {_known(name).family for name in platforms.instance_types() if _known(name).burstable}
    assert burstable == {"t2", "t3"}
    assert _known("ml.g5.12xlarge").gpus == 4
    assert _known("ml.inf2.xlarge").accelerator == "inferentia"
    assert _known("ml.trn1.32xlarge").accelerator == "trainium"
    assert _known("ml.m7g.large").architecture == "arm64"


def _known(name: str) -> platforms.InstanceType:
    found = platforms.instance_type(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["system", "m5.xlarge", "ml.", "ml.unheard.of", "ml.m5.xlarge.more", ""])
def test_what_is_no_instance_type_is_not_known(name: str) -> None:
    assert platforms.instance_type(name) is None


def test_every_priced_type_is_an_instance_type() -> None:
    assert set(prices.known_types()) <= set(platforms.instance_types())


def test_notebook_platforms_end_on_their_day() -> None:
    found = platforms.notebook_platform("notebook-al2-v3")
    assert found is not None
    assert found.is_supported("2026-06-29")
    assert not found.is_supported("2026-06-30")
    assert platforms.notebook_platform("notebook-al9-v9") is None


def test_the_default_notebook_platform_depends_on_the_day() -> None:
    assert platforms.default_notebook_platform("2026-05-14") == "notebook-al2-v2"
    assert platforms.default_notebook_platform("2026-05-15") == "notebook-al2023-v1"
    assert platforms.default_notebook_platform("2020-01-01") is None


def test_lambda_runtimes_end_on_their_day() -> None:
    found = platforms.lambda_runtime("python3.9")
    assert found is not None
    assert not found.is_supported("2026-11-23")
    newest = platforms.lambda_runtime("python3.13")
    assert newest is not None
    assert newest.is_supported("2026-11-23")
    assert platforms.lambda_runtime("cobol85") is None
