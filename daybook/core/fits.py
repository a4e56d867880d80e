"""How well two names go together: tables of cases, and how each case is told."""

from __future__ import annotations

from enum import Enum, auto

from daybook.core.names import ABROAD, Business, Parsed, loose, without_umlauts, words
from daybook.core.nicknames import full_names, is_known, spelled, tongues


class Fit(Enum):
    """How well two names go together; which of them link by what evidence is `likeness.SCORES`."""

    SAME = auto()
    CLOSE = auto()  # as good as the same: a middle initial left out, a slip in the family name
    LIKELY = auto()  # one way of writing the other: a pet name, an initial, one of two family names
    FIRST = auto()  # the same first name and no other to compare
    CHANGED = auto()  # the same first name, another family name
    HALF = auto()  # too little of one to say
    UNKNOWN = auto()  # one of them is missing
    APART = auto()  # a relative's name: the same family name, another first name or generation
    OTHER = auto()  # two different names


class Given(Enum):
    """How well two first names go together."""

    SAME = auto()
    INITIAL_MORE = auto()
    MORE = auto()
    PET = auto()
    INITIAL = auto()
    SLIP = auto()
    NEAR = auto()
    SECOND = auto()
    TONGUE = auto()
    MISSING = auto()
    MIDDLE_DIFFERS = auto()
    DIFFERENT = auto()


class Family(Enum):
    """How well two family names go together."""

    SAME = auto()
    PART = auto()
    SLIP = auto()
    TURNED = auto()
    FORMER = auto()
    MISSING = auto()
    DIFFERENT = auto()


_FAMILIES = (
    Family.SAME,
    Family.PART,
    Family.SLIP,
    Family.TURNED,
    Family.FORMER,
    Family.MISSING,
    Family.DIFFERENT,
)
_S, _C, _L, _F, _CH, _H, _U, _A, _O = Fit
FITS: dict[Given, dict[Family, Fit]] = {
    given: dict(zip(_FAMILIES, row, strict=True))
    for given, row in {
        #                     same part slip turned former missing different
        Given.SAME:           (_S, _L,  _C,  _L,   _L,    _F,     _CH),
        Given.INITIAL_MORE:   (_C, _L,  _L,  _L,   _L,    _F,     _CH),
        Given.MORE:           (_L, _L,  _L,  _H,   _L,    _H,     _H),
        Given.PET:            (_L, _L,  _L,  _H,   _L,    _H,     _H),
        Given.INITIAL:        (_L, _H,  _H,  _H,   _H,    _H,     _O),
        Given.SLIP:           (_L, _H,  _H,  _H,   _H,    _H,     _O),
        Given.NEAR:           (_H, _H,  _H,  _H,   _H,    _H,     _O),
        Given.SECOND:         (_L, _L,  _H,  _H,   _H,    _H,     _O),
        Given.TONGUE:         (_H, _H,  _H,  _H,   _H,    _H,     _O),
        Given.MISSING:        (_H, _H,  _H,  _H,   _H,    _U,     _O),
        Given.MIDDLE_DIFFERS: (_A, _A,  _A,  _A,   _A,    _A,     _O),
        Given.DIFFERENT:      (_A, _A,  _A,  _A,   _A,    _O,     _O),
    }.items()
}  # fmt: skip

#: Endings that turn one first name into another: Mario and Maria, Daniel and Daniele, Paul and Paula.
_ENDINGS = words("a e o i y ia la na ne le te ta ie ette ina lle nne us an en on") | {""}
_IN_WORDS = {
    Given.PET: "names differ only by a nickname",
    Given.TONGUE: "first names are one name in two languages",
}
_GIVEN_WORDS = {
    Given.SAME: "same first name",
    Given.INITIAL_MORE: "a middle initial left out",
    Given.MORE: "a middle name left out",
    Given.INITIAL: "only an initial for the first name",
    Given.SLIP: "first names differ by a letter",
    Given.NEAR: "first names are nearly alike",
    Given.SECOND: "a middle name used as first name",
    Given.MISSING: "first name missing",
    Given.MIDDLE_DIFFERS: "different middle names",
    Given.DIFFERENT: "different first names",
}
_FAMILY_WORDS = {
    Family.SAME: "same family name",
    Family.PART: "one of two family names left out",
    Family.SLIP: "family names differ by a letter or spelling",
    Family.TURNED: "family names in another order",
    Family.FORMER: "a former family name",
    Family.MISSING: "family name missing",
    Family.DIFFERENT: "different family names",
}


def names_fit(ours: Parsed, theirs: Parsed) -> tuple[Fit, str]:
    """How well two people's names go together, and that in words for a person to read."""
    if ours.generation and theirs.generation and ours.generation != theirs.generation:
        return Fit.APART, f"different generations ({', '.join(sorted((ours.generation, theirs.generation)))})"
    if ours.title != theirs.title and {ours.title, theirs.title} == _MARRIED:
        return Fit.APART, "one is Mr., the other Mrs."
    if not ours.joined or not theirs.joined:
        return Fit.UNKNOWN, "a name is missing"
    initials = (
        bool(ours.given and theirs.given) and _is_initial(ours.given[0]) and _is_initial(theirs.given[0])
    )
    accents = ours.given == theirs.given and _accents_differ(ours, theirs)
    if ours.joined == theirs.joined and ours.family and theirs.family and not initials and not accents:
        return Fit.SAME, "same name"
    given, family = given_fit(ours, theirs), family_fit(ours, theirs)
    fit = FITS[given][family]
    if fit in _WEAK and family is not Family.SAME and given is not Given.MIDDLE_DIFFERS:
        turned = _turned(ours, theirs)
        if turned:
            return Fit.LIKELY, turned
    if given is Given.PET:
        pair = ", ".join(sorted(name.title() for name in (ours.given[0], theirs.given[0])))
        first = f"first names differ by a nickname ({pair})"
        only = f"names differ only by a nickname ({pair})"
        return fit, only if family is Family.SAME else f"{first}; {_FAMILY_WORDS[family]}"
    if family is Family.SAME and given is Given.SAME:
        return fit, "same name"
    return fit, f"{_GIVEN_WORDS.get(given) or _IN_WORDS[given]}; {_FAMILY_WORDS[family]}"


_WEAK = (Fit.FIRST, Fit.CHANGED, Fit.HALF, Fit.APART, Fit.OTHER)
_MARRIED = {"mr", "mrs"}
#: Two first names of which one is borne by men and both together by women, or the other way round.
_MARY_AND_JOSEPH = ({"maria", "jose"},)


def given_fit(ours: Parsed, theirs: Parsed) -> Given:
    """How well the first and middle names go together."""
    one, other = ours.given, theirs.given
    if not one or not other:
        return Given.MISSING
    a, b = one[0], other[0]
    if not (_is_initial(a) or _is_initial(b)) and "".join(one) == "".join(other):
        return Given.NEAR if one == other and _accents_differ(ours, theirs) else Given.SAME
    if ours.foreign != theirs.foreign and loose("".join(one)) == loose("".join(other)):
        return Given.SAME
    best = _first_fit(a, b)
    if best is Given.DIFFERENT:
        if b in ours.called or a in theirs.called or not ours.called.isdisjoint(theirs.called):
            return Given.PET
        if _second(one, b) or _second(other, a):
            return Given.SECOND
        whole, facing = "".join(one), "".join(other)
        if min(len(one), len(other)) == 1 < max(len(one), len(other)):
            if whole.startswith(facing) or facing.startswith(whole):
                return best
            if len(whole) > 5 and _is_near(whole, facing):
                return Given.NEAR
        return best
    middle = _middle_fit(one[1:], other[1:])
    if middle is Given.MIDDLE_DIFFERS:
        return middle
    return best if best is not Given.SAME else middle


def _accents_differ(ours: Parsed, theirs: Parsed) -> bool:
    """Hùng and Hưng are two names; Hung, typed without signs, may be either."""
    return any(
        a != b and not a.isascii() and not b.isascii()
        for a, b in zip(ours.written, theirs.written, strict=False)
    )


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isascii()


def _first_fit(a: str, b: str) -> Given:
    if _is_initial(a) or _is_initial(b):
        return Given.INITIAL if a[0] == b[0] else Given.DIFFERENT
    if a == b or spelled(a) == spelled(b):
        return Given.SAME
    if spelled(a) in full_names(b) or spelled(b) in full_names(a):
        return Given.PET
    if not full_names(a).isdisjoint(full_names(b)):  # Betty and Lisa are both Elizabeth, and may be sisters
        return Given.NEAR
    if not tongues(a).isdisjoint(tongues(b)):
        return Given.TONGUE
    if is_known(a) and is_known(b):
        return Given.DIFFERENT
    if without_umlauts(a) == without_umlauts(b):
        return Given.SAME
    if (is_known(a) or is_known(b)) and _is_slip(a, b):
        return Given.SLIP
    return Given.NEAR if _is_near(a, b) else Given.DIFFERENT


def _is_slip(a: str, b: str) -> bool:
    """
    One letter doubled, left out or changed over well inside a longer word, as fingers do it.

    Another letter in its place makes another name too often (Yael, Yoel), and so does the end of a name (Karim, Karima).
    """
    if min(len(a), len(b)) < 6 or edits(a, b, 1) != 1 or a[0] != b[0]:
        return False
    if len(a) == len(b):
        return sorted(a) == sorted(b) and a[-1] == b[-1]
    return a[-2:] == b[-2:]


def _is_near(a: str, b: str) -> bool:
    if a[0] != b[0] or _is_ending(a, b):
        return False
    return loose(a) == loose(b) or (min(len(a), len(b)) >= 4 and edits(a, b, 1) == 1)


def _is_ending(a: str, b: str) -> bool:
    shared = min(len(a), len(b))
    while shared and a[:shared] != b[:shared]:
        shared -= 1
    return a[shared:] in _ENDINGS and b[shared:] in _ENDINGS


def _second(names: tuple[str, ...], name: str) -> bool:
    if len(name) < 2 or {names[0], name} in _MARY_AND_JOSEPH:
        return False
    return any(len(one) > 1 and not full_names(one).isdisjoint(full_names(name)) for one in names[1:])


def _middle_fit(one: tuple[str, ...], other: tuple[str, ...]) -> Given:
    if not one and not other:
        return Given.SAME
    if not one or not other:
        return Given.INITIAL_MORE if all(len(name) == 1 for name in one + other) else Given.MORE
    if "".join(one) == "".join(other):
        return Given.SAME
    for a, b in zip(one, other, strict=False):
        if a[0] != b[0] or (len(a) > 1 < len(b) and spelled(a) != spelled(b) and not _is_near(a, b)):
            return Given.MIDDLE_DIFFERS
    return Given.INITIAL_MORE


def family_fit(ours: Parsed, theirs: Parsed) -> Family:
    """How well the family names go together."""
    one, other = ours.family, theirs.family
    if not one or not other:
        return Family.MISSING
    if one == other or not ours.forms.isdisjoint(theirs.forms):
        return Family.SAME
    joined, facing = "".join(one), "".join(other)
    if len(joined) == 1 or len(facing) == 1:
        return Family.MISSING if joined[0] == facing[0] else Family.DIFFERENT
    if ours.former & set(other) or theirs.former & set(one):
        return Family.FORMER
    few, many = sorted((set(one), set(other)), key=len)
    if few == many:
        return Family.TURNED
    if few < many and max(map(len, few)) > 2:
        return Family.PART
    if ABROAD.get(joined, joined) == ABROAD.get(facing, facing) or ours.loose == theirs.loose:
        return Family.SLIP
    length = min(len(joined), len(facing))
    if length >= 4 and len(one) == len(other) and edits(joined, facing, 2) <= (1 if length < 9 else 2):
        return Family.SLIP
    return Family.DIFFERENT


def _turned(ours: Parsed, theirs: Parsed) -> str:
    """In words, if one name is the other with its words in another order, or with some of them left out."""
    one, other = ours.given + ours.family, theirs.given + theirs.family
    few, many = sorted((one, other), key=len)
    if {"maria", "jose"} <= set(many) and len(few) < len(many):
        return ""
    if "".join(ours.given) == "".join(theirs.family) and "".join(theirs.given) == "".join(ours.family):
        return "first and last name changed over"
    if sum(len(word) > 1 for word in few) < 2:
        return ""
    left = list(many)
    for word in few:
        if word not in left:
            return ""
        left.remove(word)
    return "the same words in another order"


def businesses_fit(ours: Business, theirs: Business) -> tuple[Fit, str]:
    """How well two companies' names go together: legal forms hardly count, any other word does."""
    if not ours.core or not theirs.core:
        return Fit.UNKNOWN, "a name is missing"
    if ours.core == theirs.core or "".join(ours.core) == "".join(theirs.core):
        if ours.form and theirs.form and ours.form != theirs.form:
            return Fit.HALF, "same company name, another legal form"
        return Fit.SAME, "same company name"
    if set(ours.core) < set(theirs.core) or set(theirs.core) < set(ours.core):
        return Fit.APART, "one company name is part of the other"
    if len(ours.core) == len(theirs.core):
        unlike = [(a, b) for a, b in zip(ours.core, theirs.core, strict=True) if a != b]
        a, b = unlike[0]
        if len(unlike) == 1 and min(len(a), len(b)) > 4 and (a + b).isalpha() and edits(a, b, 1) == 1:
            return Fit.LIKELY, "company names differ by a letter"
    return Fit.OTHER, "different company names"


def edits(one: str, other: str, most: int) -> int:
    """
    How many slips part two words: a letter more, less, another, or two changed over; `most + 1` if more than `most`.

    The distance of Damerau and Levenshtein in its restricted form (no letter is touched twice).
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most:
        return most + 1
    start = 0
    shorter = min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if not one or not other:
        return min(max(len(one), len(other)), most + 1)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, sign in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, facing in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (sign != facing))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
