"""Phone numbers of every country, read as the firm's country would read them."""

from __future__ import annotations

import re

import phonenumbers

from daybook.core.errors import BadPhone

#: A number of North America as it is mostly written. The library makes the same of it, in thirty times the time.
_PLAIN = re.compile(
    r"(\+1[ .-]?|1[ .-])?(?:([2-9][0-9]{2})[ .-]?|\(([2-9][0-9]{2})\)[ -]?)([0-9]{3})[ .-]?([0-9]{4})"
)
#: Where such a number needs no country code.
_PLAIN_AT_HOME = frozenset({"US", "CA"})


def parse_phone(text: str, country: str) -> str:
    """
    The number in E.164 form, such as +13035550101; a number without a country code is one of `country`.

    Raises BadPhone for what can be no number of any country.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None and (text[0] == "+" or country in _PLAIN_AT_HOME):
        return "+1" + "".join(filter(None, plain.groups()[1:]))
    return _parsed(text, country)


def _parsed(text: str, country: str) -> str:
    """As `parse_phone`, by the rules of all countries."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise BadPhone from error
    # "Possible", not "valid": numbering plans change faster than any copy of them.
    if not phonenumbers.is_possible_number(number):
        raise BadPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_phone(text: str, country: str) -> str:
    """As `parse_phone`, but "" for what another system calls a phone number and is none."""
    try:
        return parse_phone(text, country)
    except BadPhone:
        return ""


def show_phone(e164: str, country: str) -> str:
    """The number as people of `country` write it; what cannot be read stays as it is."""
    try:
        number = phonenumbers.parse(e164, country)
    except phonenumbers.NumberParseException:
        return e164
    same = phonenumbers.region_code_for_number(number) == country
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, form.NATIONAL if same else form.INTERNATIONAL)
