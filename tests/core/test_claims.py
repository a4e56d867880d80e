"""What a profile may not claim, and what it may."""

from __future__ import annotations

import pytest

from daybook.core.claims import objections


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Denver's best divorce lawyer", "best"),
        ("A SPECIALIST in custody", "SPECIALIST"),
        ("Specializing in wills", "Specializing"),
        ("Expert in tax law", "Expert"),
        ("Board certified", "certified"),
        ("Especialista en inmigración", "Especialista"),
        ("a top-rated practice", "top-rated"),
        ("one of the leading lawyers of the state", "leading lawyers"),
        ("We guarantee results", "guarantee"),
        ("98% success", "98% success"),
        ("The retainer is non-refundable", "non-refundable"),
    ],
)
def test_a_claim_nobody_may_make_is_found_as_it_is_written(text: str, found: str):
    assert [one.found for one in objections([text], certified=False)] == [found]


@pytest.mark.parametrize(
    "text",
    [
        "We keep the best interests of the child in view.",
        "Practices in family law since 1998; leading a team of four.",
        "On top of that we speak Spanish.",
        "Certificates of good standing on request.",
        "Bestowed, guaranty, toppled",
        "",
    ],
)
def test_ordinary_words_pass(text: str):
    assert objections([text], certified=False) == []


def test_a_named_certifier_lets_the_specialist_stand_and_nothing_else():
    texts = ["Certified specialist in family law", "The best there is"]
    assert [one.found for one in objections(texts, certified=True)] == ["best"]


def test_each_finding_comes_once_and_says_what_to_do():
    (only,) = objections(["Expert, expert, EXPERT"], certified=False)
    assert "practices in" in only.says
