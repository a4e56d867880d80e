"""Names, addresses and numbers of people: tidied for keeping, folded for finding."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from daybook.core.errors import BadEmail, BadPhone, NameMissing, TextTooLong

#: Letters that Unicode does not take apart into a base letter and an accent, and how people type them without.
UNACCENTED = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "ı": "i",
        "ŋ": "n",
    }
)

#: Left out of a folded name without parting the word: O'Brien is found as obrien.
_JOINED = dict.fromkeys(map(ord, "'’‘ʼ`´ʻ"), None)

#: What folding makes of the ASCII signs.
_PLAIN = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)} | dict.fromkeys(
    map(ord, "'`"), None
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that begin a family name when they stand inside a full name.
PARTICLES = _words(
    "af al av bin binti d da das de degli dei del della den der di do dos du el ibn la las le lo los mac mc "
    "san santa st ste ten ter van vande vanden vander ver von vom zu zum zur"
)

#: What follows a family name and belongs to it.
SUFFIXES = _words("jr sr ii iii iv v esq esquire phd md jd llm dds cpa qc kc")

#: Country calling codes of one and two digits; every other has three. ITU-T E.164 list of assigned codes, 2016.
_ONE_DIGIT_CODES = frozenset("17")
_TWO_DIGIT_CODES = _words(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 "
    "81 82 84 86 90 91 92 93 94 95 98"
)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LOCAL_PART = re.compile(r"[^\s\"(),:;<>\[\]\\@.]+(\.[^\s\"(),:;<>\[\]\\@.]+)*")
_DOMAIN_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?")
_SPACES = re.compile(r"\s+")
_MANY_BLANK_LINES = re.compile(r"\n{3,}")

#: Invisible signs that reorder or hide text, and so can make it read as what it is not (Unicode TR 36, 2014).
_HIDDEN = dict.fromkeys(
    (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB), None
)

MAX_KEYS = 8
MAX_KEY_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody as one system knows them. `key` is that system's id, empty for somebody new.

    `emails` are as `normalise_email` has them and `phones` in E.164; the first of each is the main one. A company has its
    name in `last` and no `first`. `kind` is "person" or "company"; `company` is whom a person works for.
    """

    key: str = ""
    first: str = ""
    last: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    kind: str = "person"
    middle: str = ""

    @property
    def name(self) -> str:
        """First and last name with one space between."""
        return display_name(self.first, self.last)


def clean_text(text: str, limit: int, *, lines: bool = False, field: str | None = None) -> str:
    """
    Text as it is kept: composed (NFC), no control or hidden reordering signs, no needless white space.

    `limit` counts characters after tidying. With `lines`, line ends stay, and at most one blank line in a row; without,
    everything is on one line.

    Raises: TextTooLong, about `field`.
    """
    text = unicodedata.normalize(
        "NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    )
    text = text.replace("\u2029", "\n\n").translate(_HIDDEN)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    if lines:
        text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
        text = _MANY_BLANK_LINES.sub("\n\n", text).strip()
    else:
        text = _SPACES.sub(" ", text).strip()
    if len(text) > limit:
        raise TextTooLong(f"This text is too long: please use at most {limit} characters.", field=field)
    return text


def clean_name(text: str, limit: int = 200, *, field: str = "name") -> str:
    """
    A name as it is kept: `clean_text` on one line, with at least one letter or digit in it.

    Raises: NameMissing, TextTooLong, about `field`.
    """
    name = clean_text(text, limit, field=field)
    if not any(c.isalnum() for c in name):
        raise NameMissing(field=field)
    return name


def normalise_email(text: str) -> str:
    """
    An email address in the one form used for keeping and comparing.

    Compatibility forms are unified (NFKC), letters made small, the domain put into its ASCII form. Plus tags and dots
    stay: only the owner's mail system knows whether they matter. Whether mail arrives there is not looked into.

    Raises: BadEmail.
    """
    # Of ASCII nothing is to be unified, and no sign hidden.
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_HIDDEN)
    address = plain.strip().lower().removeprefix("mailto:").removesuffix(".")
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local):
        raise BadEmail
    if not (local.isascii() and local.isprintable()) and any(
        unicodedata.category(c)[0] == "C" for c in local
    ):
        raise BadEmail
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise BadEmail from None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise BadEmail
    if len(local.encode()) > 64 or len(local.encode()) + 1 + len(domain) > 254:
        raise BadEmail
    return f"{local}@{domain}"


def fold(text: str) -> str:
    """
    Text as it is searched: no accents, no difference of case, punctuation and spaces squeezed to single spaces.

    "  O’Brien-Núñez, J. " becomes "obrien nunez j". Text with no letter or digit in it becomes "".
    """
    if text.isascii():  # most are, and this way is ten times as quick
        return " ".join(text.translate(_PLAIN).split())
    plain = unicodedata.normalize("NFKD", text.translate(_JOINED)).casefold()
    letters = []
    for sign in unicodedata.normalize("NFKD", plain.translate(UNACCENTED)):
        if unicodedata.combining(sign):
            continue
        letters.append(sign if unicodedata.category(sign)[0] in "LNM" else " ")
    return " ".join("".join(letters).split())


def name_keys(*names: str, most: int = MAX_KEYS, longest: int = MAX_KEY_LENGTH) -> tuple[str, ...]:
    """
    Every way somebody may begin to type a name: from each of its words on, the words before it put at the end.

    "Maria de la Cruz" gives "maria de la cruz", "de la cruz maria", "la cruz maria de", "cruz maria de la". Several
    names (a person and their company) give the ways of each. At most `most` keys of `longest` characters, none twice.
    """
    keys: dict[str, None] = {}
    for name in names:
        words = fold(name).split()
        for first in range(len(words)):
            keys.setdefault(" ".join(words[first:] + words[:first])[:longest].rstrip())
    return tuple(keys)[:most]


def email_keys(email: str, longest: int = MAX_KEY_LENGTH) -> tuple[str, ...]:
    """The ways somebody may begin to type an address (normalised): the whole, and the domain alone."""
    _, _, domain = email.partition("@")
    return tuple(dict.fromkeys(key[:longest] for key in (email, domain) if key))


def phone_keys(e164: str) -> tuple[str, ...]:
    """
    The ways somebody may begin to type a number (E.164): all digits, those after the country code, for North America
    also those after the area code, and the last four.

    Raises: BadPhone.
    """
    if not _E164.fullmatch(e164):
        raise BadPhone
    digits = e164[1:]
    code = 1 if digits[0] in _ONE_DIGIT_CODES else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    keys = [digits, digits[code:]]
    if digits[0] == "1" and len(digits) == 11:
        keys.append(digits[4:])
    keys.append(digits[-4:])
    return tuple(dict.fromkeys(keys))


def search_text(typed: str) -> str:
    """
    What is being typed into a search box, in the form of the keys it is to be the beginning of.

    Digits with the usual signs of a phone number between them lose those signs; an address keeps its @ and dots.
    """
    typed = typed.strip()
    if "@" in typed:
        return unicodedata.normalize("NFKC", typed).lower()[:MAX_KEY_LENGTH]
    if re.fullmatch(r"[+(]?[\d\s().\-/]+", typed, re.ASCII) and any(c.isdigit() for c in typed):
        return "".join(c for c in typed if c.isdigit())[:MAX_KEY_LENGTH]
    return fold(typed)[:MAX_KEY_LENGTH]


def split_name(full: str) -> tuple[str, str]:
    """
    A guess at first and last name: one word is a first name; "Last, First" is turned round; "de", "van" and the like
    begin the last name; "Jr." and the like stay with it. Nothing is lost, and the person may correct it.
    """
    full = " ".join(full.split())
    before, comma, after = (part.strip() for part in full.partition(","))
    if comma and before and after and fold(after).replace(" ", "") not in SUFFIXES:
        return after, before
    words = full.split()
    if len(words) < 2:
        return full, ""
    end = len(words)
    while end > 2 and fold(words[end - 1]).replace(" ", "") in SUFFIXES:
        end -= 1
    start = end - 1
    for index in range(1, end - 1):
        if fold(words[index]) in PARTICLES:
            start = index
            break
    return " ".join(words[:start]).rstrip(","), " ".join(words[start:])


def display_name(first: str, last: str, company: str = "") -> str:
    """First and last name with one space between, or else the company."""
    return " ".join(f"{first} {last}".split()) or " ".join(company.split())


def initials(name: str) -> str:
    """One or two capitals for a name: "Maria de la Cruz" gives "MC"; "" if it has no letters or digits."""
    words = [word.lstrip("'’\"(") for word in name.split()]
    words = [word for word in words if word and word[0].isalnum() and fold(word) not in SUFFIXES]
    if not words:
        return ""
    picked = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0].upper()[:1] for word in picked)
