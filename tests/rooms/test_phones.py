"""Numbers of North America are read on a shorter way: as all countries' rules read them, or not at all."""

from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.contacts import phones
from daybook.core.errors import BadPhone

COUNTRIES = ("US", "CA", "GB", "DE", "JM", "DO", "BS", "MX", "IT", "AU", "CN", "AR", "SG")

digits = st.text("0123456789", min_size=1, max_size=4)
signs = st.sampled_from(
    ("", " ", "-", ".", "(", ")", "+", "+1", "1", ") ", "  ", "/", "x", "\u00a0", "\n", "٣")
)

#: Mostly what the shorter way knows, with a slip here and there.
alike = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("", "+1", "+1 ", "+1-", "+1.", "1 ", "1-", "1", "001", "+ 1", "+44", "+")),
        st.sampled_from(("", "(")),
        st.from_regex(r"[0-9]{3}", fullmatch=True),
        st.sampled_from(("", ")", ") ", ")-", " ", "-", ".", "  ")),
        st.from_regex(r"[0-9]{3}", fullmatch=True),
        st.sampled_from(("", " ", "-", ".", "--")),
        st.from_regex(r"[0-9]{4}", fullmatch=True),
        st.sampled_from(("", "", " ", "1", "x5", " ext. 7", "\n")),
    ),
)
anything = st.lists(st.one_of(digits, signs), max_size=9).map("".join)


def _read(reader, text: str, country: str) -> str:
    try:
        return str(reader(text, country))
    except BadPhone:
        return ""


@settings(deadline=None, max_examples=600)
@given(st.one_of(alike, anything), st.sampled_from(COUNTRIES))
def test_the_shorter_way_reads_a_number_as_all_countries_rules_read_it(text: str, country: str):
    assert _read(phones.parse_phone, text, country) == _read(phones._parsed, text, country)


def test_the_shorter_way_is_taken_for_numbers_as_they_are_mostly_written():
    for text in ("+13035550101", "+1 (303) 555-0101", "303-555-0101", "(303) 555-0101", "1-303-555-0101"):
        assert phones._PLAIN.fullmatch(text)
        assert phones.parse_phone(text, "US") == "+13035550101"
