"""Contacts: reading them all, finding one, adding one, changing what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from daybook.connectors.clio import read, write
from daybook.connectors.clio.fields import CONTACT_FIELDS
from daybook.connectors.clio.session import Page, Session
from daybook.connectors.clio.shapes import ClioContact

PATH: Final = "/contacts.json"
ONE: Final = "/contacts/{id}.json"

#: What Clio takes for labels on writing (file of 2026-04-08). Others can be read; they become Other when we add.
EMAIL_LABELS = frozenset({"Work", "Home", "Other"})
PHONE_LABELS = frozenset({"Work", "Home", "Mobile", "Fax", "Pager", "Skype", "Other"})
ADDRESS_LABELS = frozenset({"Work", "Home", "Billing", "Other"})

#: What `update` changes by plain value.
SCALARS = frozenset({"first_name", "middle_name", "last_name", "name", "prefix", "title", "date_of_birth"})


@dataclass(frozen=True, slots=True)
class EmailWrite:
    """
    One change to the list of email addresses: without `id` it is added, with `id` that one is changed, with `remove`
    that one is taken away. Addresses not mentioned stay (Contacts article, read 2026-10).

    With an `id`, None for a text leaves that as it is in Clio.
    """

    address: str | None = ""
    label: str | None = "Work"
    primary: bool = False
    id: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class PhoneWrite:
    """One change to the list of phone numbers, as with `EmailWrite`."""

    number: str | None = ""
    label: str | None = "Work"
    primary: bool = False
    id: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class AddressWrite:
    """One change to the list of postal addresses, as with `EmailWrite`. Which one is the main one cannot be written."""

    street: str | None = ""
    city: str | None = ""
    province: str | None = ""
    postal_code: str | None = ""
    country: str | None = ""
    label: str | None = "Work"
    id: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A contact by id, and the tag of its present state."""

    id: str
    etag: str


def pages(
    session: Session, *, start_url: str | None = None, updated_since: datetime | None = None, limit: int = 200
) -> Iterator[Page[ClioContact]]:
    """
    Read all contacts the connection may see, by id, page by page.

    `start_url` goes on where an earlier run stopped (a page's `next_url`); the other arguments are then ignored.
    `updated_since` leaves out what has not changed after that instant; Clio keeps whole seconds, so ask with some
    overlap. The list is not a snapshot, and a contact that is not in it need not be gone (restricted visibility,
    changelog 4.0.9): ask for it by id. Raises `RemoteTrouble`.
    """
    params = {
        "fields": CONTACT_FIELDS,
        "order": "id(asc)",
        "limit": limit,
        "updated_since": None if updated_since is None else write.instant(updated_since),
    }
    for page in session.pages(PATH, params, start_url=start_url):
        yield Page(tuple(ClioContact.parse(read.record(item)) for item in page.items), page.next_url, page.at)


def refs(session: Session, *, start_url: str | None = None) -> Iterator[Page[Ref]]:
    """
    Read only ids and tags of all contacts: 50 requests for 10,000. What is missing from a whole run is a suspicion,
    not a deletion. Raises `RemoteTrouble`.
    """
    params = {"fields": "id,etag", "order": "id(asc)", "limit": 200}
    for page in session.pages(PATH, params, start_url=start_url):
        yield Page(
            tuple(Ref(read.identity(item), read.text(item, "etag")) for item in map(read.record, page.items)),
            page.next_url,
            page.at,
        )


def by_ids(session: Session, ids: Sequence[str]) -> tuple[ClioContact, ...]:
    """
    Return those of at most 200 contacts that Clio shows, in one request. One that is left out is a suspicion: ask for
    it with `get`. Raises `RemoteTrouble`.
    """
    params = {
        "fields": CONTACT_FIELDS,
        "order": "id(asc)",
        "limit": 200,
        "ids[]": [write.number(one) for one in ids],
    }
    return tuple(_parse(item) for item in session.all(PATH, params)) if ids else ()


def get(session: Session, contact_id: str) -> ClioContact:
    """Return one contact. Raises `Missing` when it is deleted or hidden (the two look alike), else `RemoteTrouble`."""
    return _parse(session.get(ONE, {"fields": CONTACT_FIELDS}, at={"id": contact_id}))


def find_by_email(session: Session, email: str) -> tuple[ClioContact, ...]:
    """
    Return the contacts that have exactly this email address, upper and lower case alike, by id.

    There may be several: Clio does not hold an address to be unique (support article 360005504794, read 2026-10).
    Its `query` also finds contacts that merely mention it, and those are left out. Raises `RemoteTrouble`.
    """
    wanted = email.strip().casefold()
    if not wanted:
        return ()
    return tuple(
        contact
        for contact in _query(session, email.strip())
        if any(item.address.strip().casefold() == wanted for item in contact.emails)
    )


def find_by_name(session: Session, name: str) -> tuple[ClioContact, ...]:
    """
    Return the contacts whose full name, or first and last name together, is exactly this one, by id; upper and lower
    case and runs of spaces do not count. Raises `RemoteTrouble`.
    """
    wanted = _folded(name)
    if not wanted:
        return ()
    return tuple(
        contact
        for contact in _query(session, " ".join(name.split()))
        if wanted in (_folded(contact.name), _folded(f"{contact.first_name} {contact.last_name}"))
    )


def create(
    session: Session,
    *,
    first_name: str = "",
    last_name: str = "",
    company_name: str = "",
    middle_name: str = "",
    prefix: str = "",
    title: str = "",
    emails: Sequence[EmailWrite] = (),
    phones: Sequence[PhoneWrite] = (),
    addresses: Sequence[AddressWrite] = (),
    company_id: str | None = None,
) -> ClioContact:
    """
    Add a person, or with `company_name` a company, and return it as Clio has it.

    Clio does not look whether it is there already: find first, and again after `maybe_applied`.

    Raises `ValueError` when there is no name at all, `Rejected` for more than 20 addresses or numbers, else
    `RemoteTrouble`.
    """
    if company_name:
        data: dict[str, Any] = {"type": "Company", "name": company_name}
    elif first_name or last_name:
        data = {
            "type": "Person",
            "first_name": first_name,
            "last_name": last_name,
            "middle_name": middle_name,
        }
    else:
        raise ValueError("a contact needs a name")
    data |= {"prefix": prefix, "title": title}
    data = {name: value for name, value in data.items() if value}
    data |= _nested({"emails": emails, "phones": phones, "addresses": addresses})
    if company_id is not None:
        data["company"] = write.link(company_id)
    return _parse(session.post(PATH, data, fields=CONTACT_FIELDS))


def update(session: Session, contact_id: str, changes: Mapping[str, Any], etag: str | None) -> ClioContact:
    """
    Change what `changes` names, leave the rest, and return the contact as Clio has it now.

    `changes` holds text for any of `SCALARS`, an id for `company_id`, and sequences of `EmailWrite`, `PhoneWrite`,
    `AddressWrite` for `emails`, `phones`, `addresses`. With `etag` nothing is overwritten that was not read: `Stale`
    is raised instead.

    Raises `ValueError` for anything else in `changes`, or a change of a list item to nothing; else `RemoteTrouble`.
    """
    data: dict[str, Any] = {name: value for name, value in changes.items() if name in SCALARS}
    lists = {name: value for name, value in changes.items() if name in _LISTS}
    unknown = changes.keys() - data.keys() - lists.keys() - {"company_id"}
    if unknown:
        raise ValueError(f"not something to change in a contact: {sorted(unknown)}")
    data |= _nested(lists)
    if "company_id" in changes:
        data["company"] = write.link(changes["company_id"])
    return _parse(session.patch(ONE, data, at={"id": contact_id}, fields=CONTACT_FIELDS, etag=etag))


def add_email(
    session: Session, contact: ClioContact, address: str, *, label: str = "Work", primary: bool = False
) -> ClioContact:
    """Add an email address unless `contact`, as read, has it already. Raises `Stale` if it changed since."""
    if any(item.address.strip().casefold() == address.strip().casefold() for item in contact.emails):
        return contact
    item = EmailWrite(address.strip(), label, primary)
    return update(session, contact.id, {"emails": [item]}, contact.etag)


def add_phone(
    session: Session, contact: ClioContact, number: str, *, label: str = "Work", primary: bool = False
) -> ClioContact:
    """Add a phone number unless `contact`, as read, has one of the same digits. Raises `Stale` if it changed since."""
    if any(_digits(item.number) == _digits(number) for item in contact.phones):
        return contact
    item = PhoneWrite(number.strip(), label, primary)
    return update(session, contact.id, {"phones": [item]}, contact.etag)


def _query(session: Session, words: str) -> Iterator[ClioContact]:
    params = {"fields": CONTACT_FIELDS, "order": "id(asc)", "limit": 200, "query": words}
    return (ClioContact.parse(read.record(item)) for item in session.all(PATH, params))


def _parse(value: object) -> ClioContact:
    return ClioContact.parse(read.record(value))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit())


def _label(label: str | None, known: frozenset[str]) -> str | None:
    return label if label is None or label in known else "Other"


def _email(item: EmailWrite) -> dict[str, Any]:
    value: dict[str, Any] = {"address": item.address, "name": _label(item.label, EMAIL_LABELS)}
    return value | ({"default_email": True} if item.primary else {})


def _phone(item: PhoneWrite) -> dict[str, Any]:
    value: dict[str, Any] = {"number": item.number, "name": _label(item.label, PHONE_LABELS)}
    return value | ({"default_number": True} if item.primary else {})


def _address(item: AddressWrite) -> dict[str, Any]:
    return {
        "name": _label(item.label, ADDRESS_LABELS),
        "street": item.street,
        "city": item.city,
        "province": item.province,
        "postal_code": item.postal_code,
        "country": item.country,
    }


#: Ours -> Clio's name, the class of an item, its JSON without the id.
_LISTS: dict[str, tuple[str, type[Any], Any]] = {
    "emails": ("email_addresses", EmailWrite, _email),
    "phones": ("phone_numbers", PhoneWrite, _phone),
    "addresses": ("addresses", AddressWrite, _address),
}


def _nested(lists: Mapping[str, Sequence[Any]]) -> dict[str, list[dict[str, Any]]]:
    """
    The lists as Clio wants them: an item with an id is changed, one without is added, and sending a whole list
    without ids would double it (Contacts article, read 2026-10).
    """
    data: dict[str, list[dict[str, Any]]] = {}
    for ours, items in lists.items():
        theirs, kind, plain = _LISTS[ours]
        for item in items:
            if not isinstance(item, kind) or (item.remove and item.id is None):
                raise ValueError(f"not a change to {ours}")
            value = {"_destroy": True} if item.remove else plain(item)
            if not item.remove and _says_nothing(value, new=item.id is None):
                raise ValueError(f"an empty item among the {ours}")
            value = {name: text for name, text in value.items() if text is not None}
            if item.id is not None:
                value["id"] = write.number(item.id)
            data.setdefault(theirs, []).append(value)
    return data


def _says_nothing(value: Mapping[str, Any], *, new: bool) -> bool:
    """Whether an item would be added without a value, emptied, or sent for nothing."""
    texts = [text for name, text in value.items() if name not in ("name", "default_email", "default_number")]
    if new or all(text is not None for text in texts):
        return not any(texts)
    return all(text is None for text in value.values())
