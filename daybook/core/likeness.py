"""How much two records look like one person: what speaks for it and against, weighed in one table."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from types import MappingProxyType

from daybook.core.fits import Fit, businesses_fit, names_fit
from daybook.core.names import Parsed, business, parse, words
from daybook.core.people import Person, fold

#: From here on two records are joined without asking. A wrong one is far worse than a question.
LINK_AT = 0.9
#: From here on somebody is asked.
REVIEW_AT = 0.5

NOBODY: Mapping[str, int] = MappingProxyType({})

#: Mailboxes that belong to a desk and not to a person.
ROLES = words(
    "info office offices admin administration contact contacts mail email hello reception frontdesk front desk billing "
    "accounts accounting invoices legal law lawyers team staff support help service services sales hr jobs intake "
    "clients paralegal paralegals assistant assistants secretary secretariat scheduling calendar docket noreply "
    "donotreply post postmaster webmaster kontakt kanzlei buero sekretariat empfang bonjour accueil secretariat "
    "contacto oficina despacho administracion recepcion biuro kancelaria sekretariat family familia familie famille "
    "home house"
)
#: Domains at which anybody may have an address, so that sharing one says nothing.
PUBLIC_DOMAINS = words(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com mac.com aol.com "
    "proton.me protonmail.com gmx.de gmx.net web.de t-online.de orange.fr free.fr laposte.net libero.it wp.pl o2.pl "
    "mail.ru yandex.ru qq.com 163.com comcast.net verizon.net att.net sbcglobal.net"
)


class Reach(Enum):
    """By what both records reach the same place."""

    EMAIL_AND_PHONE = auto()
    EMAIL = auto()
    PHONE = auto()
    SHARED_EMAIL = auto()  # a desk's, a household's, or held by several people
    SHARED_PHONE = auto()
    SIMILAR = auto()  # the same name before the @, the same company or the company's domain
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How sure it is that two records are one, from 0 to 1, and why, in words for a person to read."""

    score: float
    reasons: tuple[str, ...]


#: What joins the records down the side, how the names fit across the top. `LINK_AT` and up is joined unasked.
SCORES: dict[Reach, dict[Fit, float]] = {
    reach: dict(zip(Fit, row, strict=True))
    for reach, row in {
        #                       same  close likely first changed half unknown apart other
        Reach.EMAIL_AND_PHONE: (0.99, 0.97, 0.95, 0.95, 0.92, 0.75, 0.75, 0.62, 0.58),
        Reach.EMAIL:           (0.98, 0.96, 0.92, 0.91, 0.80, 0.70, 0.70, 0.60, 0.55),
        Reach.PHONE:           (0.94, 0.91, 0.80, 0.70, 0.65, 0.60, 0.50, 0.40, 0.20),
        Reach.SHARED_EMAIL:    (0.92, 0.85, 0.75, 0.55, 0.55, 0.55, 0.45, 0.35, 0.15),
        Reach.SHARED_PHONE:    (0.75, 0.70, 0.60, 0.40, 0.40, 0.45, 0.30, 0.20, 0.10),
        Reach.SIMILAR:         (0.72, 0.66, 0.58, 0.25, 0.35, 0.30, 0.20, 0.15, 0.05),
        Reach.NONE:            (0.60, 0.55, 0.52, 0.10, 0.20, 0.15, 0.00, 0.08, 0.00),
    }.items()
}  # fmt: skip

#: What the score is multiplied by for each thing that speaks against; a fact never raises it.
COMMON_NAME = {Reach.SHARED_EMAIL: 0.9, Reach.SHARED_PHONE: 0.8, Reach.SIMILAR: 0.8, Reach.NONE: 0.7}
EMAILS_DIFFER = {Reach.PHONE: 0.85, Reach.SHARED_PHONE: 0.85, Reach.NONE: 0.94}
PHONES_DIFFER = {Reach.SHARED_EMAIL: 0.9, Reach.NONE: 0.94}
COMPANIES_DIFFER = {Reach.NONE: 0.94, Reach.SHARED_EMAIL: 0.95, Reach.SHARED_PHONE: 0.95}
ONE_GENERATION = 0.8
MARRIED_TITLE = 0.85
OTHER_CAPACITY = 0.65
OTHER_KIND = 0.6
#: Two records with nothing different in them, if they say how to reach somebody.
ALL_THE_SAME = 0.95


def likeness(one: Person, other: Person, *, shared: Mapping[str, int] = NOBODY) -> Likeness:
    """
    How much two records look like one person or one company; the same whichever comes first.

    `shared` says how many known people hold an address or number; two or more make it worth much less. Addresses must be
    normalised and numbers in E.164. A name alone never reaches `LINK_AT`, nor do a person and a company, two
    generations, two first names, or somebody and their estate.
    """
    if one.kind != other.kind:
        return _person_and_company(one, other, shared)
    reach, because = _reach(one, other, shared)
    if one.kind == "company":
        fit, reason = businesses_fit(business(_called(one)), business(_called(other)))
        score = SCORES[reach][fit] * _against(one, other, reach, because)
        if _all_the_same(one, other, shared):
            score = max(score, ALL_THE_SAME)
        return _weighed(score, [*because, reason])
    ours, theirs = parse(one.first, one.middle, one.last), parse(other.first, other.middle, other.last)
    fit, reason = names_fit(ours, theirs)
    score = SCORES[reach][fit]
    because.append(reason)
    if reach in COMMON_NAME and fit is not Fit.OTHER and _common(ours, theirs):
        score *= COMMON_NAME[reach]
        because.append("a common name")
    score *= _against(one, other, reach, because) * _other_standing(ours, theirs, because)
    if score < ALL_THE_SAME and _all_the_same(one, other, shared):
        score = ALL_THE_SAME
    return _weighed(score, because)


def _called(company: Person) -> str:
    return company.last or company.first or company.company


def _person_and_company(one: Person, other: Person, shared: Mapping[str, int]) -> Likeness:
    """Never joined unasked; asked about only if they share an address or number and the name."""
    reach, because = _reach(one, other, shared)
    person, company = (one, other) if other.kind == "company" else (other, one)
    firm = business(_called(company)).core
    names = (person.name, f"{person.last} {person.first}", person.company if not person.first else "")
    alike = any(name and sorted(business(name).core) == sorted(firm) for name in names)
    score = OTHER_KIND * SCORES[reach][Fit.SAME] if alike and reach is not Reach.NONE else 0.3
    return _weighed(min(score, SCORES[reach][Fit.SAME]), [*because, "one is a person, the other a company"])


def _weighed(score: float, because: list[str]) -> Likeness:
    return Likeness(round(score, 4), tuple(because))


def _common(ours: Parsed, theirs: Parsed) -> bool:
    return ours.common or theirs.common


def _against(one: Person, other: Person, reach: Reach, because: list[str]) -> float:
    factor = 1.0
    if one.emails and other.emails and set(one.emails).isdisjoint(other.emails):
        factor *= EMAILS_DIFFER.get(reach, 1.0)
        because.append("different emails")
    if one.phones and other.phones and set(one.phones).isdisjoint(other.phones):
        factor *= PHONES_DIFFER.get(reach, 1.0)
        because.append("different phones")
    if one.company and other.company and business(one.company).core != business(other.company).core:
        factor *= COMPANIES_DIFFER.get(reach, 1.0)
        because.append("different companies")
    return factor


def _other_standing(ours: Parsed, theirs: Parsed, because: list[str]) -> float:
    factor = 1.0
    if bool(ours.generation) != bool(theirs.generation):
        factor *= ONE_GENERATION
        because.append(f"only one is {(ours.generation or theirs.generation)}")
    if ours.title != theirs.title and "mrs" in (ours.title, theirs.title):
        factor *= MARRIED_TITLE
        because.append("only one is Mrs.")
    if ours.capacities != theirs.capacities:
        factor *= OTHER_CAPACITY
        because.append("one of them is named as: " + ", ".join(sorted(ours.capacities ^ theirs.capacities)))
    return factor


def _all_the_same(one: Person, other: Person, shared: Mapping[str, int]) -> bool:
    if not (one.emails or one.phones):
        return False
    if set(one.emails) != set(other.emails) or set(one.phones) != set(other.phones):
        return False
    if any(shared.get(held, 1) > 1 for held in (*one.emails, *one.phones)):
        return False
    return all(
        ours == theirs or _plain(ours) == _plain(theirs)
        for ours, theirs in (
            (one.first, other.first),
            (one.middle, other.middle),
            (one.last, other.last),
            (one.company, other.company),
        )
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


# --- how they are reached


@lru_cache(maxsize=16384)
def _local_words(local: str) -> tuple[str, ...]:
    for sign in "._-+0123456789":
        local = local.replace(sign, " ")
    return tuple(fold(local).split())


@lru_cache(maxsize=16384)
def is_desk(email: str) -> bool:
    """Whether a normalised address belongs to a desk or a household by the words before its @."""
    because = _local_words(email.partition("@")[0])
    return not because or not ROLES.isdisjoint(because) or "and" in because or because[0] in ("the", "los")


@lru_cache(maxsize=16384)
def _household(email: str, first: str, last: str) -> bool:
    """roe@, theroes@ and johnandjane@ are read by a family."""
    local = "".join(_local_words(email.partition("@")[0]))
    family = "".join(fold(last).split())
    if len(family) > 1 and local in (family, f"{family}s", f"the{family}s", f"the{family}", f"los{family}"):
        return True
    one, _, other = local.partition("and")
    return bool(other) and len(one) > 2 and fold(first).replace(" ", "") in (one, other)


def _is_own(email: str, one: Person, other: Person) -> bool:
    if "company" in (one.kind, other.kind):
        return True  # info@ is a company's own
    return not (
        is_desk(email) or _household(email, one.first, one.last) or _household(email, other.first, other.last)
    )


def _reach(one: Person, other: Person, shared: Mapping[str, int]) -> tuple[Reach, list[str]]:
    """What joins two records, the strongest of all, and that in words."""
    emails = [email for email in one.emails if email in other.emails]
    phones = [phone for phone in one.phones if phone in other.phones]
    own_email = any(shared.get(email, 1) < 2 and _is_own(email, one, other) for email in emails)
    own_phone = any(shared.get(phone, 1) < 2 for phone in phones)
    because = []
    if emails:
        because.append("same email" if own_email else "same email, which several people may read")
    if phones:
        because.append("same phone" if own_phone else "same phone, which several people use")
    if own_email:
        return (Reach.EMAIL_AND_PHONE if own_phone else Reach.EMAIL), because
    if own_phone:
        return Reach.PHONE, because
    if emails:
        return Reach.SHARED_EMAIL, because
    if phones:
        return Reach.SHARED_PHONE, because
    return _similar(one, other)


def _similar(one: Person, other: Person) -> tuple[Reach, list[str]]:
    because = []
    if one.company and other.company and business(one.company).core == business(other.company).core:
        because.append("same company")
    for email in one.emails:
        local, _, domain = email.partition("@")
        for facing in other.emails:
            theirs, _, at = facing.partition("@")
            if local == theirs and not is_desk(email):
                because.append("same name before the @")
            elif domain == at and domain not in PUBLIC_DOMAINS:
                because.append("same email domain")
    return (Reach.SIMILAR if because else Reach.NONE), list(dict.fromkeys(because))
