"""Is this the same person? The careful answer for a booking, and the weighed one for two-way sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from daybook.core.likeness import LINK_AT, REVIEW_AT, Likeness, likeness
from daybook.core.people import SUFFIXES, Person, fold

__all__ = [
    "CLEAR_BY",
    "LINK_AT",
    "REVIEW_AT",
    "Ambiguous",
    "Because",
    "Decision",
    "Evidence",
    "Likeness",
    "Match",
    "NameFit",
    "Pairing",
    "compare",
    "decide",
    "find_match",
    "likeness",
    "name_fit",
    "pair",
]

#: The best of several must be better than the next by this much to be linked unasked.
CLEAR_BY = 0.05


class NameFit(IntEnum):
    """How well two names go together."""

    DIFFERENT = 0
    UNKNOWN = 1  # one of them is missing
    COMPATIBLE = 2  # one could be the other: a middle name left out, an initial
    EXACT = 3  # the same words


class Because(StrEnum):
    """Why somebody is taken for a person already known."""

    EMAIL_AND_NAME = "email_and_name"
    EMAIL_ONLY = "email_only"  # the only holder of the address, though the name differs
    PHONE_AND_NAME = "phone_and_name"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two people have in common. A richer matcher adds its facts here and weighs them."""

    email: bool
    phone: bool
    name: NameFit


@dataclass(frozen=True, slots=True)
class Match:
    """The one known person this is. `name_differs` is worth showing to somebody: families share addresses."""

    person: Person
    because: Because
    name_differs: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Known people of whom it could be one; a person has to choose. Never empty, in the order they were given."""

    people: tuple[Person, ...]
    because: Because


def find_match(candidate: Person, known: Iterable[Person]) -> Match | Ambiguous | None:
    """
    Which of `known` the candidate is, for linking a booking without asking anybody if that can be helped.

    1. Somebody holds one of the candidate's addresses: the holder with the exact name; else the one with a compatible
       name; else the only holder, whatever the name, since a second contact with the same address would be worse.
       Several equally good ones are ambiguous, and so are several holders none of whom has the name: spouses share
       addresses.
    2. Nobody holds the address, or the candidate has none: somebody with the same phone number and the exact or a
       compatible name. Without an address to compare it is a match if there is one such person. If the candidate gave an
       address, though, it is new, and a question is asked: father and son share name and landline.
    3. A name or a number alone is never enough: None, somebody new.

    Addresses must be normalised and numbers in E.164.
    """
    by_email: list[tuple[NameFit, Person]] = []
    by_phone: list[tuple[NameFit, Person]] = []
    for person in known:
        evidence = compare(candidate, person)
        if evidence.email:
            by_email.append((evidence.name, person))
        elif evidence.phone and evidence.name >= NameFit.COMPATIBLE:
            by_phone.append((evidence.name, person))
    if by_email:
        return _decide_by_email(by_email)
    if by_phone:
        best = _best(by_phone)
        if len(best) == 1 and not candidate.emails:
            return Match(best[0], Because.PHONE_AND_NAME)
        return Ambiguous(best, Because.PHONE_AND_NAME)
    return None


def compare(one: Person, other: Person) -> Evidence:
    """What two people have in common."""
    return Evidence(
        email=not set(one.emails).isdisjoint(other.emails),
        phone=not set(one.phones).isdisjoint(other.phones),
        name=name_fit(one.name, other.name),
    )


def name_fit(one: str, other: str) -> NameFit:
    """
    How well two full names go together. Accents, case, punctuation, the order of the words and "Jr." do not count.

    Compatible: every word of the shorter name, at least two, stands in the longer, an initial standing for its word.
    A single word fits if it is one of the other's words: people book as "Dana".
    """
    ours, theirs = _name_words(one), _name_words(other)
    if not ours or not theirs:
        return NameFit.UNKNOWN
    if sorted(ours) == sorted(theirs) or "".join(ours) == "".join(theirs):
        return NameFit.EXACT
    shorter, longer = sorted((ours, theirs), key=len)
    left = list(longer)
    full_words = 0
    for word in sorted(shorter, key=len, reverse=True):
        found = next((w for w in left if w == word), None)
        if found is not None:
            full_words += len(word) > 1
        else:
            found = next((w for w in left if w[0] == word[0] and 1 in (len(w), len(word))), None)
        if found is None:
            return NameFit.DIFFERENT
        left.remove(found)
    return NameFit.COMPATIBLE if full_words else NameFit.DIFFERENT


def _decide_by_email(holders: list[tuple[NameFit, Person]]) -> Match | Ambiguous:
    best = _best(holders)
    fit = max(fit for fit, _ in holders)
    if fit >= NameFit.COMPATIBLE:
        return (
            Match(best[0], Because.EMAIL_AND_NAME)
            if len(best) == 1
            else Ambiguous(best, Because.EMAIL_AND_NAME)
        )
    if len(holders) == 1:
        return Match(best[0], Because.EMAIL_ONLY, name_differs=fit is NameFit.DIFFERENT)
    return Ambiguous(tuple(person for _, person in holders), Because.EMAIL_ONLY)


def _best(found: list[tuple[NameFit, Person]]) -> tuple[Person, ...]:
    top = max(fit for fit, _ in found)
    return tuple(person for fit, person in found if fit is top)


def _name_words(name: str) -> list[str]:
    return [word for word in fold(name).split() if word not in SUFFIXES]


class Decision(StrEnum):
    """What to do with somebody from the other side."""

    LINK = "link"  # the same person: join them without asking
    REVIEW = "review"  # perhaps: ask
    NEW = "new"  # nobody we know


@dataclass(frozen=True, slots=True)
class Pairing:
    """Who of those known a candidate is. `others` are further people who could be it, likeliest first."""

    decision: Decision
    best: Person | None = None
    likeness: Likeness | None = None
    others: tuple[Person, ...] = ()


def decide(score: float) -> Decision:
    """What one likeness alone is enough for."""
    return Decision.LINK if score >= LINK_AT else Decision.REVIEW if score >= REVIEW_AT else Decision.NEW


def pair(candidate: Person, known: Iterable[Person], *, crowded: Collection[str] = ()) -> Pairing:
    """
    Decide for two-way sync whether a candidate is one of `known`, might be, or is new.

    `crowded` are addresses and numbers that several known people hold; those that several of `known` hold are seen
    here. LINK has exactly one person good enough for it and nobody close behind; two equally good ones are a REVIEW
    whatever their scores. The order of `known` decides nothing but which of equals is named first.
    """
    people = tuple(known)
    held = Counter(value for person in people for value in {*person.emails, *person.phones})
    for value in crowded:
        held[value] = max(held[value], 2)
    found = [(likeness(candidate, person, shared=held), person) for person in people]
    near = sorted((one for one in found if one[0].score >= REVIEW_AT), key=lambda one: -one[0].score)
    if not near:
        return Pairing(Decision.NEW)
    (like, best), *rest = near
    sure = like.score >= LINK_AT and not any(
        other.score >= LINK_AT or like.score - other.score < CLEAR_BY for other, _ in rest
    )
    return Pairing(
        Decision.LINK if sure else Decision.REVIEW, best, like, tuple(person for _, person in rest)
    )
