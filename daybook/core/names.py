"""How two people's or two companies' names go together: parts, spellings, slips of the fingers, what a name is for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from daybook.core.nicknames import full_names
from daybook.core.people import PARTICLES, SUFFIXES, fold, split_name


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: how tables of words are written here."""
    return frozenset(text.split())


#: What each letter of the two alphabets below becomes, in their order.
_CYRILLIC_IN_LATIN = "a|b|v|g|d|e|z|i|i|k|l|m|n|o|p|r|s|t|u|f|kh|ts|ch|sh|shch|y|e|yu|ya|e|zh|i|yi|ye|g||"
_GREEK_IN_LATIN = "a|v|g|d|e|z|i|th|i|k|l|m|n|x|o|p|r|s|t|y|f|ch|ps|o|s"
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфхцчшщыэюяёжіїєґьъ", _CYRILLIC_IN_LATIN.split("|"), strict=True))
_GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψως", _GREEK_IN_LATIN.split("|"), strict=True))
_LATIN = str.maketrans(_CYRILLIC | _GREEK)

GENERATIONS = {
    "jr": "jr",
    "junior": "jr",
    "hijo": "jr",
    "fils": "jr",
    "sr": "sr",
    "senior": "sr",
    "pere": "sr",
    "ii": "ii",
    "2nd": "ii",
    "iii": "iii",
    "3rd": "iii",
    "iv": "iv",
    "4th": "iv",
}
#: "V" is left out: in India and elsewhere it is an initial far more often than a fifth of the name.
_CREDENTIALS = SUFFIXES - set(GENERATIONS) - {"v"}
TITLES = words(
    "mr mrs ms miss mx dr prof hon rev fr judge herr frau mme mlle monsieur madame sr sra srta don dona sir dame "
    "capt col sgt lt shri smt"
)
_FORMER = words("nee ne geb geborene formerly fka born aka")
#: Words that make a name the name of an office, a fund or several people, rather than of the one who bears it.
CAPACITIES = words(
    "estate trust trustee trustees deceased decd executor executrix administrator administratrix guardian guardianship "
    "minor conservator conservatorship heirs attn receiver representative beneficiary obo dba family assistant "
    "paralegal secretary succession nachlass"
)
_BETWEEN = words("of as the a for")
_SEVERAL = re.compile(r"&|\b(?:and|und|et)\b|/", re.IGNORECASE)
_IN_CARE = re.compile(r"\bc/o\b", re.IGNORECASE)
_CALLED = re.compile(r"[\"“”«»„(\[]([^\"“”«»„()\[\]]*)[\"“”«»)\]]")
_GLUED = words("mc mac o san santa saint st ste")

LEGAL_FORMS = {
    "llc": "llc", "pllc": "llc", "lc": "llc", "inc": "inc", "incorporated": "inc", "corp": "inc", "corporation": "inc",
    "pc": "pc", "pa": "pc", "apc": "pc", "llp": "llp", "lp": "lp", "ltd": "ltd", "limited": "ltd", "plc": "plc",
    "gmbh": "gmbh", "mbh": "gmbh", "ag": "ag", "kg": "kg", "ug": "ug", "ohg": "ohg", "gbr": "gbr", "ev": "ev",
    "sa": "sa", "sas": "sas", "sarl": "sarl", "srl": "srl", "spa": "spa", "sl": "sl", "bv": "bv", "nv": "nv",
    "ab": "ab", "as": "as", "aps": "aps", "oy": "oy", "sp": "sp", "zoo": "sp", "pty": "ltd", "kk": "kk", "co": "",
    "company": "", "cv": "", "de": "", "the": "", "and": "", "und": "", "et": "", "y": "", "i": "",
}  # fmt: skip
#: Forms that no person has in a name: somebody was put down as a person who is a business.
_BUSINESS = words("llc pllc inc incorporated corp corporation llp ltd gmbh sarl plc pty bv")

#: Names borne by so many that the name alone says little, and those of which the family name alone says little.
COMMON_FAMILY = words(
    "smith johnson williams brown jones miller davis wilson anderson taylor thomas moore jackson martin white harris "
    "clark lewis robinson walker young allen king wright scott hill green adams baker nelson hall campbell mitchell "
    "roberts carter phillips evans turner parker collins edwards stewart morris murphy cook rogers morgan cooper bell "
    "muller schmidt schneider fischer weber meyer wagner bernard dubois durand petit rossi russo ferrari silva santos "
    "nowak kowalski ivanov smirnov jensen nielsen hansen andersson jong jansen yilmaz kaya demir oconnor kelly "
    "ryan sullivan murray bauer hoffmann schulz papadopoulos cohen levy"
)
COMMON_GIVEN = words(
    "james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony mark "
    "donald steven paul andrew joshua kenneth kevin brian george edward mary patricia jennifer linda elizabeth barbara "
    "susan jessica sarah karen nancy lisa margaret sandra ashley emily anna maria jose juan carlos luis antonio "
    "francisco hans peter klaus jean pierre marie jan piotr andrzej mehmet mustafa ahmet ana joao antonio patrick "
    "stephen stefan alexander sergei ivan nicholas giuseppe marco"
)
CROWDED_FAMILY = words(
    "nguyen tran le pham hoang huynh vo vu phan kim lee park choi jung jeong wang li zhang liu chen yang huang zhao wu "
    "zhou chan wong lin singh kaur patel kumar sharma khan ahmed ali hussein garcia rodriguez martinez hernandez lopez "
    "gonzalez perez sanchez ramirez torres"
)

_RESPELLED = (
    ("sch", "sh"), ("tsch", "ch"), ("shch", "sh"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("ks", "x"),
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ou", "u"), ("yu", "u"), ("iu", "u"), ("ju", "u"),
    ("ya", "a"), ("ia", "a"), ("ja", "a"), ("ye", "e"), ("tz", "ts"), ("cz", "ch"), ("sz", "sh"), ("w", "v"),
    ("y", "i"), ("j", "i"), ("c", "k"),
)  # fmt: skip
#: Family names of China and Korea as they are written abroad: each row is one name.
ABROAD = {
    name: row.split()[0]
    for row in (
        "park pak bak", "choi choe", "jung jeong chung", "yi rhee", "kim gim", "yoon yun", "cho jo", "lim im rim",
        "huang hwang wong", "zhang cheung chang", "chen chan tan", "liu lau liew", "zhou chow chou", "wu ng",
        "xu hsu tsui", "nguyen nguyn",
    )
    for name in row.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """A person's name in folded parts."""

    given: tuple[str, ...]
    written: tuple[str, ...]  # the given names with their accents, in small letters
    foreign: bool  # written in Greek or Cyrillic letters
    family: tuple[str, ...]  # without particles
    forms: frozenset[str]  # ways in which the family name may be written as one word
    loose: str  # the family name as it sounds, roughly
    joined: str  # everything as one word
    former: frozenset[str]
    called: frozenset[str]
    generation: str
    title: str
    capacities: frozenset[str]
    common: bool


@lru_cache(maxsize=16384)
def loose(word: str) -> str:
    """A folded word as it sounds, roughly and the same for every language: "mueller" and "muller" give the same."""
    for written, heard in _RESPELLED:
        word = word.replace(written, heard)
    return "".join(sign for index, sign in enumerate(word) if index == 0 or word[index - 1] != sign)


def _is_foreign(text: str) -> bool:
    return not text.isascii() and any("\u0370" <= sign <= "\u052f" for sign in text)


def _latin(text: str) -> str:
    if not _is_foreign(text):
        return text
    bare = unicodedata.normalize("NFD", text.lower())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    for pair, letter in (("ου", "u"), ("μπ", "b"), ("ντ", "nt"), ("γγ", "ng"), ("ευ", "ef"), ("αυ", "af")):
        bare = bare.replace(pair, letter)
    return bare.translate(_LATIN)


def _written(given: list[str], text: str) -> tuple[str, ...]:
    """The given names as they were written, where that can be said word by word."""
    accented = unicodedata.normalize("NFC", text.casefold()).replace("-", " ").split()
    by_fold = {fold(word): word for word in accented}
    return tuple(by_fold.get(word, word) for word in given)


@lru_cache(maxsize=16384)
def parse(first: str, middle: str, last: str) -> Parsed:
    """Take a person's name apart, however its parts were filled in: all in one field, "Last, First", titles, née."""
    whole = f"{first} {middle} {last}"
    capacities = set()
    if _IN_CARE.search(whole):
        capacities.add("c/o")
    elif _SEVERAL.search(whole):
        capacities.add("several")
    called: set[str] = set()
    former: set[str] = set()

    def aside(found: re.Match[str]) -> str:
        inside = fold(_latin(found[1])).split()
        if not inside or inside[0] in _FORMER or CAPACITIES & set(inside):
            return f" {found[1]} "
        called.update(inside)
        return " "

    if any(sign in whole for sign in '"“”«»„([)'):
        first, middle, last = (_CALLED.sub(aside, part) for part in (first, middle, last))
    if not first.strip() and not middle.strip():
        first, last = split_name(last) if " " in last.strip() else ("", last)
    elif not last.strip() and not middle.strip():
        first, last = split_name(first)
    given = fold(_latin(f"{first} {middle}")).split()
    family = fold(_latin(last)).split()
    found = CAPACITIES.intersection(given + family) | _BUSINESS.intersection(family)
    if found:
        capacities |= found
        given = [word for word in given if word not in found | _BETWEEN]
        family = [word for word in family if word not in found | _BETWEEN]
        if given and not family:
            given, family = given[:-1], given[-1:]
    title = ""
    while len(given) > 1 and given[0] in TITLES:
        title = title or given[0]
        del given[0]
    if len(given) == 1 and given[0] in TITLES - {"don", "sr", "fr", "dame"}:
        title = given.pop()
    for part in (family, given):
        for index, word in enumerate(part):
            if word in _FORMER and index and word != "ne":
                former.update(part[index + 1 :])
                del part[index:]
                break
    generation = ""
    for part in (family, given):
        while len(part) > 1:
            if part[-1] in GENERATIONS:
                generation = generation or GENERATIONS[part[-1]]
            elif part[-1] not in _CREDENTIALS:
                break
            part.pop()
    core, forms = _family(family)
    folded_given = tuple(given)
    return Parsed(
        given=folded_given,
        written=folded_given if whole.isascii() else _written(given, f"{first} {middle}"),
        foreign=_is_foreign(whole),
        family=core,
        forms=forms,
        loose=loose("".join(core)),
        joined="".join(given) + "".join(family),
        former=frozenset(former - PARTICLES),
        called=frozenset(called),
        generation=generation,
        title=title,
        capacities=frozenset(capacities),
        common=_is_common(folded_given, core),
    )


def _family(parts: list[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    core: list[str] = []
    glue = ""
    for word in parts:
        if word in _GLUED:
            glue = "mc" if word in ("mc", "mac") else "st" if word in ("saint", "st") else word
        elif word in PARTICLES and len(parts) > 1:
            continue
        else:
            core.append(glue + word)
            glue = ""
    if glue or not core:
        core = list(parts)
    joined = "".join(parts)
    if joined.startswith("mac") and len(joined) > 6:
        joined = "mc" + joined[3:]
    forms = {joined, "".join(core), without_umlauts("".join(core))}
    if parts and parts[0] in ("al", "el"):
        forms.add("al" + "".join(parts[1:]))
    if len(parts) == 1 and joined.startswith("el") and len(joined) > 5:
        forms.add("al" + joined[2:])
    return tuple(core), frozenset(forms)


def _is_common(given: tuple[str, ...], family: tuple[str, ...]) -> bool:
    if len(family) != 1 or len(given) > 1:
        return False
    if family[0] in CROWDED_FAMILY:
        return True
    return family[0] in COMMON_FAMILY and (not given or not COMMON_GIVEN.isdisjoint(full_names(given[0])))


def without_umlauts(word: str) -> str:
    """A folded word with "ae", "oe", "ue" and "aa" as the one letter they may stand for."""
    if len(word) < 5:
        return word
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")


@dataclass(frozen=True, slots=True)
class Business:
    """A company's name in folded parts."""

    core: tuple[str, ...]
    form: str


@lru_cache(maxsize=8192)
def business(name: str) -> Business:
    """Take a company's name apart: what it is called, and its legal form."""
    lowered = name.casefold().replace("s.p.a", "spa").replace("z o.o", "zoo").replace("z o. o", "zoo")
    lowered = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", lowered)
    parts = fold(_latin(lowered.replace("&", " and "))).split()
    form = next((LEGAL_FORMS[word] for word in reversed(parts) if LEGAL_FORMS.get(word)), "")
    core = tuple(word for word in parts if word not in LEGAL_FORMS) or tuple(parts)
    return Business(core, form)
