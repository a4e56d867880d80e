"""Phone numbers of every country, read as the firm's country would read them."""

from __future__ import annotations

import phonenumbers

from daybook.core.errors import BadPhone


def parse_phone(text: str, country: str) -> str:
    """
    The number in E.164 form, such as +13035550101; a number without a country code is one of `country`.

    Raises BadPhone for what can be no number of any country.
    """
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
