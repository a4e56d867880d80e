from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core import fits, nicknames
from daybook.core.fits import FITS, Family, Fit, Given, edits
from daybook.core.likeness import SCORES, Reach, is_desk, likeness
from daybook.core.matching import LINK_AT, REVIEW_AT, Decision, Pairing, decide, pair
from daybook.core.names import business, loose, parse
from daybook.core.people import Person

EMAIL = "dana.w@mail.example"
PHONE = "+13035550123"


def person(name: str, *reach: str, **more: str) -> Person:
    """First and last name parted by a slash; then addresses and numbers."""
    first, _, last = name.partition("/")
    emails = tuple(value for value in reach if "@" in value)
    return Person("", first, last, emails, tuple(value for value in reach if "@" not in value), **more)


def company(name: str, *reach: str) -> Person:
    return replace(person(f"/{name}", *reach), kind="company")


def decided(one: Person, other: Person) -> Decision:
    return decide(likeness(one, other).score)


def reasons(one: Person, other: Person) -> str:
    return "; ".join(likeness(one, other).reasons)


# --- names, with an address of one's own


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob/Hartigan", "Robert/Hartigan"),
        ("Peggy/Lind", "Margaret/Lind"),
        ("Sasha/Orlova", "Alexandra/Orlova"),
        ("Pepe/Arce", "José/Arce"),
        ("José/García López", "Jose/Garcia"),
        ("Jürgen/Müller", "Juergen/Mueller"),
        ("Łukasz/Wójcik", "Lukasz/Wojcik"),
        ("Сергей/Богданов", "Sergey/Bogdanov"),
        ("Văn An/Nguyễn", "Nguyen/An"),
        ("Zhang/Weilan", "Weilan/Zhang"),
        ("Mohammed/al-Rashid", "Muhammad/Al Rashid"),
        ("R./Venkataraman", "Ramesh/Venkataraman"),
        ("Pieter/van der Berg", "Pieter/Vanderberg"),
        ("Fiona/MacDonald", "Fiona/McDonald"),
        ("Micheal/Dunleavy", "Michael/Dunleavy"),
        ("James Robert/Wexler", "Robert/Wexler"),
        ("/Hargreave, Miles", "Miles/Hargreave"),
        ("Anna (née Keller)/Lindholm", "Anna/Keller"),
        ("İbrahim/Yıldırım", "Ibrahim/Yildirim"),
        ("Dana/", "Dana/Weaver"),
        ("李/明", "明/李"),
        ("Dr. Ellen/Bostwick, PhD", "Ellen/Bostwick"),
    ],
)
def test_one_name_in_two_forms_links_with_an_address_of_ones_own(one: str, other: str) -> None:
    assert decided(person(one, EMAIL), person(other, EMAIL)) is Decision.LINK


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diane/Sutter", "Craig/Sutter"),
        ("John/Hobart Jr", "John/Hobart Sr"),
        ("George/Lathrop II", "George/Lathrop III"),
        ("Calvin/Rudd Jr", "Calvin/Rudd"),
        ("Alexander/Kirov", "Alexandra/Kirov"),
        ("Pascal/Renaud", "Pascale/Renaud"),
        ("Yael/Mizrahi", "Yoel/Mizrahi"),
        ("Hùng/Lê", "Hưng/Lê"),
        ("Jean-Marc/Vasseur", "Jean-Luc/Vasseur"),
        ("José/Ramírez", "María José/Ramírez"),
        ("Estate of John/Smith", "John/Smith"),
        ("John/Smith as Trustee", "John/Smith"),
        ("John/Smith (deceased)", "John/Smith"),
        ("Maeve/Dunning c/o Paul Dunning", "Maeve/Dunning"),
        ("John and Mary/Tisdale", "John/Tisdale"),
        ("Mr. Alan/Foxworth", "Mrs. Alan/Foxworth"),
        ("John/Deere-Hall LLC", "John/Deere-Hall"),
        ("Megan/Fitch", "Megan/Rowan"),
        ("Betty/Fox", "Lisa/Fox"),
        ("John/Roe", "Juan/Roe"),
        ("Sam/Poe", "Dana/Roe"),
        ("/", "Dana/Roe"),
    ],
)
def test_an_address_alone_joins_no_two_names(one: str, other: str) -> None:
    assert decided(person(one, EMAIL), person(other, EMAIL)) is Decision.REVIEW


def test_the_reasons_are_words_for_a_person_to_read() -> None:
    bob, robert = person("Bob/Hartigan", EMAIL), person("Robert/Hartigan", EMAIL)
    assert reasons(bob, robert) == "same email; names differ only by a nickname (Bob, Robert)"
    father, son = person("John/Hobart Sr", PHONE), person("John/Hobart Jr", PHONE)
    assert reasons(father, son) == "same phone; different generations (jr, sr)"
    spouses = person("Diane/Sutter", EMAIL), person("Craig/Sutter", EMAIL)
    assert reasons(*spouses) == "same email; different first names; same family name"


# --- phones


def test_a_number_of_ones_own_links_the_same_name_and_a_middle_initial() -> None:
    dana = person("Dana/Wexford", PHONE)
    assert decided(dana, person("Dana/Wexford", PHONE)) is Decision.LINK
    assert decided(dana, person("Dana Q/Wexford", PHONE)) is Decision.LINK


@pytest.mark.parametrize("other", ["D./Wexford", "Danielle/Wexford", "Dana Marie/Wexford", "Wexford/Dana"])
def test_a_number_with_a_name_that_a_relative_may_have_is_no_link(other: str) -> None:
    assert decided(person("Dana/Wexford", PHONE), person(other, PHONE)) is not Decision.LINK


def test_the_same_name_and_number_with_another_address_is_a_question() -> None:
    father = person("Ernest/Pryor", "ep@home.example", PHONE)
    assert decided(father, person("Ernest/Pryor", "ernie@mail.example", PHONE)) is Decision.REVIEW


def test_relatives_at_one_landline_are_each_new() -> None:
    assert decided(person("Tanya/Moreland", PHONE), person("Curtis/Moreland", PHONE)) is Decision.NEW


# --- names alone, and next to nothing


def test_an_uncommon_name_alone_is_a_question_and_a_common_one_is_new() -> None:
    assert decided(person("Thaddeus/Birdwhistell"), person("Thaddeus/Birdwhistell")) is Decision.REVIEW
    assert decided(person("John/Smith"), person("John/Smith")) is Decision.NEW
    assert decided(person("Minh/Nguyễn"), person("Minh/Nguyen")) is Decision.NEW


def test_a_first_name_alone_is_new() -> None:
    assert decided(person("Dana/"), person("Dana/Weaver", EMAIL)) is Decision.NEW
    assert decided(person("Dana/"), person("Dana/")) is Decision.NEW


def test_the_same_words_before_the_at_are_weak() -> None:
    one, other = person("Lorna/Dal", "lorna.dal@a.example"), person("Lorna/Dal", "lorna.dal@b.example")
    assert decided(one, other) is Decision.REVIEW
    assert "same name before the @" in reasons(one, other)
    assert decided(
        person("Jennifer/Clark", "jclark@a.example"), person("James/Clark", "jclark@b.example")
    ) is (Decision.NEW)


# --- addresses of several


@pytest.mark.parametrize(
    ("email", "desk"),
    [
        ("office@roe.example", True),
        ("front.desk@roe.example", True),
        ("john.and.jane@roe.example", True),
        ("the.roes@roe.example", True),
        ("dana.roe@roe.example", False),
        ("andy@roe.example", False),
    ],
)
def test_a_mailbox_of_a_desk_or_a_household_is_known_by_its_name(email: str, desk: bool) -> None:
    assert is_desk(email) is desk


def test_a_mailbox_of_several_says_little_unless_the_whole_name_agrees() -> None:
    desk = "office@roe.example"
    assert decided(person("Vera/Montrose", desk), person("V./Montrose", desk)) is Decision.REVIEW
    assert decided(person("Vera/Montrose", desk), person("Vera/Montrose", desk, PHONE)) is Decision.LINK
    assert decided(person("Vera/Montrose", desk), person("Paul/Achter", desk)) is Decision.NEW


def test_what_several_known_people_hold_is_worth_less() -> None:
    bob, robert = person("Bob/Hartigan", EMAIL), person("Robert/Hartigan", EMAIL)
    assert pair(bob, [robert]).decision is Decision.LINK
    assert pair(bob, [robert], crowded=[EMAIL]).decision is Decision.REVIEW
    assert pair(bob, [robert, person("Ann/Hartigan", EMAIL)]).decision is Decision.REVIEW


# --- companies


@pytest.mark.parametrize(
    ("one", "other", "decision"),
    [
        ("Acme Paving LLC", "ACME Paving", Decision.LINK),
        ("Smith & Co", "Smith and Company", Decision.LINK),
        ("Bergmann & Söhne GmbH", "Bergmann und Söhne", Decision.LINK),
        ("Rossi Marmi S.r.l.", "Rossi Marmi srl", Decision.LINK),
        ("Vale Energy LLC", "Vale Energy Inc", Decision.REVIEW),
        ("Acme", "Acme Europe", Decision.REVIEW),
        ("124 Main Street LLC", "126 Main Street LLC", Decision.REVIEW),
        ("Pine Fund II LP", "Pine Fund III LP", Decision.REVIEW),
    ],
)
def test_companies_with_one_mailbox(one: str, other: str, decision: Decision) -> None:
    assert decided(company(one, "info@firm.example"), company(other, "info@firm.example")) is decision


def test_a_person_and_their_company_are_asked_about_or_apart() -> None:
    assert decided(person("John/Smith", EMAIL), company("John Smith LLC", EMAIL)) is Decision.REVIEW
    assert decided(person("Dana/Larkin", EMAIL), company("Larkin Tools", EMAIL)) is Decision.NEW


# --- choosing among several


def test_two_equally_good_people_are_a_question() -> None:
    candidate = person("Dana/Wexford", EMAIL)
    first, second = replace(candidate, key="1"), replace(candidate, key="2")
    found = pair(candidate, [first, second])
    assert (found.decision, found.best, found.others) == (Decision.REVIEW, first, (second,))


def test_the_spouse_who_shares_the_address_does_not_stand_in_the_way() -> None:
    home = "montrose@home.example"
    vera, paul = person("Vera/Montrose", home, PHONE), person("Paul/Montrose", home, PHONE)
    found = pair(replace(vera), [paul, vera])
    assert (found.decision, found.best) == (Decision.LINK, vera)


def test_nobody_near_is_new() -> None:
    assert pair(person("Dana/Wexford", EMAIL), []) == Pairing(Decision.NEW)
    assert pair(person("Dana/Wexford", EMAIL), [person("Sam/Poe", PHONE)]) == Pairing(Decision.NEW)


# --- tables


def test_every_case_has_a_place_in_the_tables() -> None:
    assert set(SCORES) == set(Reach)
    assert all(set(row) == set(Fit) for row in SCORES.values())
    assert set(FITS) == set(Given)
    assert all(set(row) == set(Family) for row in FITS.values())


def test_no_name_alone_and_no_relative_reaches_a_link() -> None:
    assert max(SCORES[Reach.NONE].values()) < LINK_AT
    assert max(SCORES[Reach.SIMILAR].values()) < LINK_AT
    assert max(row[fit] for row in SCORES.values() for fit in (Fit.APART, Fit.OTHER)) < LINK_AT
    assert REVIEW_AT < LINK_AT


def test_weaker_evidence_never_scores_higher() -> None:
    order = [reach for reach in Reach if reach not in (Reach.SIMILAR, Reach.NONE)]
    for stronger, weaker in pairwise(order):
        assert all(SCORES[stronger][fit] >= SCORES[weaker][fit] for fit in Fit)
    assert all(SCORES[Reach.SIMILAR][fit] >= SCORES[Reach.NONE][fit] for fit in Fit)


def test_the_tables_of_names_are_folded_words() -> None:
    for table in (nicknames.PET_NAMES, nicknames.SPELLINGS, nicknames.LANGUAGES):
        assert not set(table) - set("abcdefghijklmnopqrstuvwxyz :/\n")


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("roe", "roe", 0), ("roe", "rowe", 1), ("micheal", "michael", 1), ("abcd", "badc", 2), ("a", "bcd", 3)],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert edits(one, other, 2) == edits(other, one, 2) == slips


def test_names_are_taken_apart() -> None:
    parsed = parse("Mrs. Anna (née Keller)", "", "von Lindholm Jr.")
    assert (parsed.given, parsed.family, parsed.generation) == (("anna",), ("lindholm",), "jr")
    assert parsed.former == {"keller"}
    assert business("The Rossi Marmi S.r.l.").core == ("rossi", "marmi")
    assert loose("kowalczyk") == loose("kovalchik")
    assert fits.names_fit(parse("", "", ""), parsed)[0] is Fit.UNKNOWN


# --- what holds for everybody

NAMES = st.sampled_from(
    [
        "",
        "Dana",
        "Bob",
        "Robert",
        "J.",
        "José María",
        "Anna (née Roe)",
        "Mrs. Ann",
        "Юрий",
        "Hùng",
        "李",
        "Dr.",
    ]
) | st.text(max_size=12)
FAMILIES = st.sampled_from(
    [
        "",
        "Roe",
        "Smith",
        "García López",
        "van der Berg",
        "O'Brien",
        "Müller",
        "Roe, Dana",
        "Nguyen",
        "Acme LLC",
    ]
) | st.text(max_size=12)
EMAILS = st.lists(
    st.sampled_from([EMAIL, "roe@home.example", "office@roe.example", "dana@a.example", "dana@b.example"]),
    max_size=2,
    unique=True,
).map(tuple)
PHONES = st.lists(st.sampled_from([PHONE, "+13035550124", "+13035550125"]), max_size=2, unique=True).map(
    tuple
)
PEOPLE = st.builds(
    Person,
    first=NAMES,
    last=FAMILIES,
    emails=EMAILS,
    phones=PHONES,
    company=st.sampled_from(["", "Acme", "Acme LLC", "Roe & Co"]),
    kind=st.sampled_from(["person", "person", "company"]),
    middle=st.sampled_from(["", "Q", "Marie"]),
)


@given(PEOPLE, PEOPLE)
def test_likeness_is_the_same_from_both_sides_and_every_time(one: Person, other: Person) -> None:
    found = likeness(one, other)
    assert found == likeness(one, other)
    assert found.score == likeness(other, one).score
    assert 0 <= found.score <= 1
    assert found.reasons


@given(PEOPLE)
def test_everybody_who_can_be_reached_is_linked_with_themselves(one: Person) -> None:
    if one.emails or one.phones:
        assert pair(one, [one]).decision is Decision.LINK


@given(PEOPLE, PEOPLE)
def test_a_person_and_a_company_are_never_linked(one: Person, other: Person) -> None:
    assert decided(replace(one, kind="person"), replace(other, kind="company")) is not Decision.LINK


@given(PEOPLE, PEOPLE)
def test_names_without_an_address_or_number_in_common_are_never_linked(one: Person, other: Person) -> None:
    apart = replace(other, emails=("else@where.example",), phones=())
    assert decided(one, apart) is not Decision.LINK


@given(PEOPLE, PEOPLE)
def test_evidence_against_never_raises_the_score(one: Person, other: Person) -> None:
    one, other = replace(one, kind="person"), replace(other, kind="person")
    before = likeness(one, other).score
    ours = replace(one, emails=(*one.emails, "zq1@x1.example"), phones=(*one.phones, "+13035550190"))
    theirs = replace(other, emails=(*other.emails, "vw2@x2.example"), phones=(*other.phones, "+13035550191"))
    assert likeness(ours, theirs).score <= before
    held = dict.fromkeys((*one.emails, *one.phones), 2)
    assert likeness(one, other, shared=held).score <= before
    assert likeness(replace(one, company="Ix"), replace(other, company="Yps")).score <= max(
        before, likeness(replace(one, company=""), replace(other, company="")).score
    )


@given(st.sampled_from(["Dana", "Bob", "J.", "", "José"]), PEOPLE, EMAILS, PHONES)
def test_another_first_name_or_generation_never_raises_the_score(
    first: str, like: Person, emails: tuple[str, ...], phones: tuple[str, ...]
) -> None:
    one = Person("", first, "Wexford", emails, phones)
    other = replace(like, first="Dana", last="Wexford", middle="", kind="person")
    before = likeness(one, other).score
    assert likeness(one, replace(other, first="Zebulon")).score <= before
    assert likeness(one, replace(other, last="Wexford Jr.")).score <= before
