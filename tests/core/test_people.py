from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.core.errors import BadEmail, BadPhone, NameMissing, TextTooLong
from daybook.core.people import (
    MAX_KEY_LENGTH,
    MAX_KEYS,
    Person,
    clean_name,
    clean_text,
    display_name,
    email_keys,
    fold,
    initials,
    name_keys,
    normalise_email,
    phone_keys,
    search_text,
    split_name,
)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  O’Brien-Núñez,  J. ", "obrien nunez j"),
        ("O'Brien", "obrien"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Øre Łódź Đorđe", "ore lodz dorde"),
        ("ﬁrm №2", "firm no2"),
        ("Zoë", "zoe"),
        ("Zoe\u0308", "zoe"),
        ("北京", "北京"),
        ("---", ""),
        ("", ""),
    ],
)
def test_folding_leaves_what_people_type(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_folding_keeps_the_vowels_of_indian_scripts() -> None:
    assert fold("किरण") != fold("करण")


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_name_is_found_from_each_of_its_words() -> None:
    assert name_keys("Maria de la Cruz") == (
        "maria de la cruz",
        "de la cruz maria",
        "la cruz maria de",
        "cruz maria de la",
    )


def test_a_person_is_also_found_by_their_company() -> None:
    assert name_keys("Dana Roe", "Acme Ltd.") == ("dana roe", "roe dana", "acme ltd", "ltd acme")


@given(st.lists(st.text(max_size=200), max_size=3))
def test_keys_stay_within_their_bounds(names: list[str]) -> None:
    keys = name_keys(*names)
    assert len(keys) <= MAX_KEYS
    assert len(set(keys)) == len(keys)
    assert all(0 < len(key) <= MAX_KEY_LENGTH for key in keys)


@given(st.lists(st.text("abcé-' ", min_size=1, max_size=6), min_size=1, max_size=5), st.integers(1, 4))
def test_the_first_letters_of_any_word_find_the_name(words: list[str], letters: int) -> None:
    keys = name_keys(" ".join(words))
    for word in fold(" ".join(words)).split()[:MAX_KEYS]:
        assert any(key.startswith(word[:letters]) for key in keys)


@pytest.mark.parametrize(
    ("number", "keys"),
    [
        ("+13035550123", ("13035550123", "3035550123", "5550123", "0123")),
        ("+442079460000", ("442079460000", "2079460000", "0000")),
        ("+97714123456", ("97714123456", "14123456", "3456")),
    ],
)
def test_a_number_is_found_with_and_without_its_country(number: str, keys: tuple[str, ...]) -> None:
    assert phone_keys(number) == keys


@pytest.mark.parametrize(
    "number", ["", "3035550123", "+0123456789", "+1 303 555 0123", "+1", "+1303555012345678"]
)
def test_only_international_numbers_have_keys(number: str) -> None:
    with pytest.raises(BadPhone):
        phone_keys(number)


def test_what_is_typed_takes_the_form_of_the_keys() -> None:
    assert search_text(" (303) 555-01") == "30355501"
    assert search_text("+1 303.555") == "1303555"
    assert search_text("Dana@Exam") == "dana@exam"
    assert search_text("O'Br") == "obr"
    assert email_keys("dana@example.com") == ("dana@example.com", "example.com")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Dana.Roe+court@Example.COM ", "dana.roe+court@example.com"),
        ("dana@example.com.", "dana@example.com"),
        ("mailto:dana@example.com", "dana@example.com"),
        ("dana@bücher.example", "dana@xn--bcher-kva.example"),
        ("dana@XN--BCHER-KVA.example", "dana@xn--bcher-kva.example"),
        ("ｄａｎａ＠example.com", "dana@example.com"),
        ("jürgen@example.com", "jürgen@example.com"),
        ("o'brien_1@mail.example.co.uk", "o'brien_1@mail.example.co.uk"),
        ("da\u200bna@example.com", "dana@example.com"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept
    assert normalise_email(kept) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "dana", "@example.com", "dana@", "dana@localhost", "dana roe@example.com", "a@b@example.com", ".dana@example.com",
     "dana..roe@example.com", "dana@example..com", "dana@-example.com", "dana@192.0.2.1", "dana@[192.0.2.1]",
     "dana@exa mple.com", "dana@example.com\nBcc: x@example.com", "dana\x00@example.com", "a" * 65 + "@example.com",
     "dana@" + "a" * 64 + ".com", "dana@" + "a.bc" * 80 + ".com", "<dana@example.com>", "dana@example.com, x@example.com"],
)  # fmt: skip
def test_what_mail_cannot_reach_is_refused(typed: str) -> None:
    with pytest.raises(BadEmail):
        normalise_email(typed)


@given(st.text(max_size=40) | st.emails())
def test_no_text_breaks_the_address_reader(text: str) -> None:
    with suppress(BadEmail):
        kept = normalise_email(text)
        assert normalise_email(kept) == kept
        assert "\n" not in kept
        assert " " not in kept


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Dana Roe", "Dana", "Roe"),
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Van Morrison", "Van", "Morrison"),
        ("Cruz, Maria", "Maria", "Cruz"),
        ("de la Cruz,  Maria  Elena", "Maria Elena", "de la Cruz"),
        ("John Q. Public", "John Q.", "Public"),
        ("John Smith Jr.", "John", "Smith Jr."),
        ("John Smith, Jr.", "John", "Smith, Jr."),
        ("Cher", "Cher", ""),
        ("", "", ""),
    ],
)
def test_a_full_name_is_split_as_well_as_can_be(full: str, first: str, last: str) -> None:
    assert split_name(full) == (first, last)


@given(st.text(alphabet="abc ,.", max_size=30))
def test_splitting_a_name_loses_no_letter(full: str) -> None:
    assert sorted(c for c in "".join(split_name(full)) if c.isalpha()) == sorted(
        c for c in full if c.isalpha()
    )


def test_a_name_is_shown_with_single_spaces() -> None:
    assert display_name(" Dana ", "Roe") == "Dana Roe"
    assert display_name("", "", "Acme  Ltd.") == "Acme Ltd."
    assert Person(first="Dana", last="Roe").name == "Dana Roe"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maria de la Cruz", "MC"), ("Cher", "C"), ("éva o'neill", "ÉO"), ("John Smith Jr.", "JS"), ("", ""), ("?", ""),
     ("'Abd al-Rahman", "AA"), ("ßeta", "S")],
)  # fmt: skip
def test_initials_are_one_or_two_capitals(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_hidden_signs_and_needless_spaces_are_taken_out() -> None:
    assert clean_text(" Dana\u202e\x00\t Roe\r\n", 20) == "Dana Roe"
    assert clean_text("a\r\n\r\n\r\n\r\n b  c \u2028d", 20, lines=True) == "a\n\nb c\nd"
    assert clean_text("e\u0301", 1) == "é"
    assert clean_text("lone \ud800 half", 20) == "lone half"


def test_text_that_is_too_long_is_refused_with_its_limit() -> None:
    assert clean_text("  12345  ", 5) == "12345"
    with pytest.raises(TextTooLong, match="at most 5") as refused:
        clean_text("123456", 5, field="note")
    assert refused.value.field == "note"


@given(st.text(max_size=80), st.booleans())
def test_cleaning_twice_changes_nothing(text: str, lines: bool) -> None:
    once = clean_text(text, 1000, lines=lines)
    assert clean_text(once, 1000, lines=lines) == once
    assert "\x00" not in once
    assert lines or "\n" not in once


@pytest.mark.parametrize("text", ["", "  ", "...", "\u202e"])
def test_a_name_needs_a_letter(text: str) -> None:
    with pytest.raises(NameMissing):
        clean_name(text)
    assert clean_name(" Dana ") == "Dana"


@given(st.from_regex(r"[a-zA-Z0-9_.-]{0,70}", fullmatch=True))
def test_a_domain_of_plain_letters_is_its_own_ascii_form(domain: str) -> None:
    """So nobody asks for that form of it."""
    try:
        encoded = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:  # an empty label, or one too long: refused as well
        with pytest.raises(BadEmail):
            normalise_email(f"dana@{domain}")
    else:
        assert encoded == domain.lower()


@pytest.mark.parametrize("hidden", ["\x00", "\x1f", "\x7f"])
def test_an_address_with_a_control_sign_is_none(hidden: str) -> None:
    with pytest.raises(BadEmail):
        normalise_email(f"da{hidden}na@example.com")
