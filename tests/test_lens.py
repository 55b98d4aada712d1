"""The Lens catalogue holds together, and agrees with what AWS publishes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wa_lint import lens

PUBLISHED = Path(__file__).parents[1].parent / "shared" / "facts" / "machine-learning-lens.json"


def test_the_lens_has_105_practices_and_35_questions() -> None:
    assert len({practice.id for practice in lens.practices()}) == 105
    assert len({question.id for question in lens.questions()}) == 35


def test_every_practice_has_a_known_pillar_phase_and_question() -> None:
    for practice in lens.practices():
        assert practice.pillar in lens.PILLARS
        assert practice.phase in lens.PHASES
        assert lens.question(practice.question).pillar == practice.pillar
        assert practice.id.startswith(practice.question)


def test_every_pillar_and_phase_has_practices() -> None:
    assert {practice.pillar for practice in lens.practices()} == set(lens.PILLARS)
    assert {practice.phase for practice in lens.practices()} == set(lens.PHASES)


def test_judgements_are_words_of_their_lists() -> None:
    for practice in lens.practices():
        assert practice.automation in {"config", "runtime", "account", "manual"}
        assert practice.coverage in {"full", "partial", "proxy", "none"}
        assert practice.aws_risk in {"high", "medium", "low", "not-stated"}
        assert (practice.automation == "manual") == (practice.coverage == "none")


def test_a_risk_rule_names_only_practices_of_its_question() -> None:
    ruled = {practice_id for question in lens.questions() for practice_id in question.of}
    for question in lens.questions():
        assert question.needs in {"all", "any"}
        assert question.otherwise in {"high", "medium"}
        assert {lens.practice(practice_id).question for practice_id in question.of} == {question.id}
    assert ruled == {practice.id for practice in lens.practices() if practice.in_risk_rule}


def test_ids_of_2023_are_unique() -> None:
    assert len({practice.id_2023 for practice in lens.practices()}) == 105


def test_the_page_of_a_practice_is_its_id_in_lower_case() -> None:
    assert lens.url("MLSEC03-BP01").endswith("/machine-learning-lens/mlsec03-bp01.html")


def test_an_unknown_practice_is_refused_with_a_suggestion() -> None:
    with pytest.raises(KeyError, match=r"no practice 'MLSEC3-BP01'; did you mean 'MLSEC03-BP01'\?"):
        lens.practice("MLSEC3-BP01")


@pytest.mark.skipif(not PUBLISHED.exists(), reason="AWS's importable Lens is not here")
def test_the_catalogue_agrees_with_the_lens_that_aws_publishes() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    asked = {question["title"] for pillar in published["pillars"] for question in pillar["questions"]}
    choices = {
        choice["id"]: choice["title"]
        for pillar in published["pillars"]
        for question in pillar["questions"]
        for choice in question["choices"]
    }
    for practice in lens.practices():
        assert practice.choice in choices
        assert _words(practice.title) in _words(choices[practice.choice])
    assert {_words(question.title) for question in lens.questions()} <= {_words(title) for title in asked}


def _words(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()
