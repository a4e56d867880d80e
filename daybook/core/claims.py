"""What a lawyer's profile may say of them: claims that the rules of the profession do not let stand, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Why words are refused, and what would make them right."""

    words: re.Pattern[str]
    says: str
    unless_certified: bool = False  # a certifier who is named makes the claim true


@dataclass(frozen=True, slots=True)
class Objection:
    """What was found (as it is written there), and what to do about it."""

    found: str
    says: str


def _whole(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


_US = r"(?:lawyers?|attorneys?|firms?|counsel|litigators?|practices?)"

#: ABA Model Rules 7.1 (false or misleading communication, with comment 3 on results and comparisons) and 7.2 (c) (certified
#: specialists: the certifying organization must be named), as of 2026-11. States differ, mostly by being stricter.
RULES: tuple[Rule, ...] = (
    Rule(
        _whole(r"speciali[sz]\w*", r"specialties", r"specialty", r"experts?", r"expertise", r"certified", r"especialistas?", r"spécialistes?"),
        "Only who is certified may be called a specialist, and the certifying organization has to be named"
        " (ABA Model Rule 7.2(c)). Name it under Certifications, or write “practices in”.",
        unless_certified=True,
    ),
    Rule(
        _whole(
            r"best(?! interests?\b| of\b| regards)",
            rf"(?:top|leading|premier|foremost|finest)[- ]{_US}",
            r"top[- ]rated",
            r"number one",
            r"no\. ?1",
            r"greatest",
            r"unmatched",
            r"unbeatable",
            r"most experienced",
        ),
        "A comparison with other lawyers that nobody can check is misleading (ABA Model Rule 7.1). Say what you do instead.",
    ),
    Rule(
        _whole(r"guarantee\w*", r"always wins?", r"never los[et]\w*", r"we win", r"success rate", r"\d+ ?% success", r"risk[- ]free", r"100 ?%"),
        "A promise or record of results leads people to expect the same (ABA Model Rule 7.1, comment 3). Leave it out.",
    ),
    Rule(
        _whole(r"non[- ]refundable"),
        "An advance fee stays refundable until it is earned, whatever it is called (ABA Formal Opinion 505). Leave the word out.",
    ),
)  # fmt: skip


def objections(texts: Iterable[str], *, certified: bool) -> list[Objection]:
    """
    What in the texts must not stand, each finding once, in the order of the rules.

    `certified` says that a certification is named in the same profile. What is meant harmlessly ("expert witnesses")
    is refused as well: a person can always say it in other words, and a bar's complaint cannot be taken back.
    """
    joined = "\n".join(texts)
    found: dict[str, Objection] = {}
    for rule in RULES:
        if rule.unless_certified and certified:
            continue
        for match in rule.words.finditer(joined):
            found.setdefault(match[0].casefold(), Objection(match[0], rule.says))
    return list(found.values())
