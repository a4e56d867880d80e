"""Activities: the time entries that become lines on a bill."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date as Date
from typing import Any, Final

from daybook.connectors.clio import read, write
from daybook.connectors.clio.fields import ACTIVITY_DESCRIPTION_FIELDS, ACTIVITY_FIELDS
from daybook.connectors.clio.oauth import PROVIDER
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes_work import Activity, ActivityDescription
from daybook.connectors.clio.write import KEEP, Keep
from daybook.connectors.errors import Billed, Rejected

PATH: Final = "/activities.json"
ONE: Final = "/activities/{id}.json"

#: "has been billed" is how Clio refuses a change (production code of another connector, read 2026-10).
_BILLED = re.compile(r"\bbilled\b|\bon an? (draft |issued )?bill\b", re.IGNORECASE)


def find_for_entry(session: Session, calendar_entry_id: str) -> tuple[Activity, ...]:
    """Return the time entries made for a calendar entry, oldest first: look here before creating. Raises `RemoteTrouble`."""
    params = {"calendar_entry_id": write.either(calendar_entry_id), "type": "TimeEntry"}
    # Clio ignores parameters it does not know and answers with everything: never trust a filter alone.
    return tuple(found for found in _list(session, params) if found.calendar_entry_id == calendar_entry_id)


def find_by_marker(session: Session, matter_id: str, date: Date | None, marker: str) -> tuple[Activity, ...]:
    """
    Return the time entries of a matter whose note contains `marker`, oldest first: look here before creating one
    without a calendar entry. `date` narrows it to a day; None looks at all of the matter's.

    The note is compared here: how Clio's `query` treats brackets and digits is not documented (2026-10), and an
    entry that is overlooked would be made twice. Raises `RemoteTrouble`.
    """
    params: dict[str, Any] = {"matter_id": write.number(matter_id), "type": "TimeEntry"}
    if date is not None:
        params |= {"start_date": write.day(date), "end_date": write.day(date)}
    return tuple(
        found for found in _list(session, params) if marker in found.note and found.matter_id == matter_id
    )


def get(session: Session, activity_id: str) -> Activity:
    """Return one activity. Raises `Missing` when it is deleted or hidden, else `RemoteTrouble`."""
    return _parse(session.get(ONE, {"fields": ACTIVITY_FIELDS}, at={"id": activity_id}))


def create_time_entry(
    session: Session,
    *,
    matter_id: str,
    user_id: str | None,
    date: Date,
    seconds: int,
    note: str,
    calendar_entry_id: str | None = None,
    activity_description_id: str | None = None,
    price: int | None = None,
    non_billable: bool = False,
    no_charge: bool = False,
) -> Activity:
    """
    Enter time on a matter and return it as Clio has it.

    `date` is the day in the lawyer's zone. `seconds` is what was worked: Clio does the rounding (quantities are in
    seconds since 4.0.4). `user_id` None means the token's user. `price` is in cents per hour; None leaves it to
    Clio's rules for category, matter, client and user, and 0 would mean free. `no_charge` shows the time on the bill for nothing. Clio does not look whether the entry is
    there already: find first, and again after `maybe_applied`.

    Raises `Rejected` for what Clio does not take, else `RemoteTrouble`.
    """
    data: dict[str, Any] = {
        "type": "TimeEntry",
        "date": write.day(date),
        "quantity": seconds,
        "note": note,
        "matter": write.link(matter_id),
        "non_billable": non_billable,
        "no_charge": no_charge,
    }
    if user_id is not None:
        data["user"] = write.link(user_id)
    if calendar_entry_id is not None:
        data["calendar_entry"] = {"id": write.either(calendar_entry_id)}
    if activity_description_id is not None:
        data["activity_description"] = write.link(activity_description_id)
    if price is not None:
        data["price"] = write.amount(price)
    return _parse(session.post(PATH, data, fields=ACTIVITY_FIELDS))


def update(
    session: Session,
    activity_id: str,
    *,
    etag: str | None = None,
    date: Date | Keep = KEEP,
    seconds: int | Keep = KEEP,
    note: str | Keep = KEEP,
    matter_id: str | Keep = KEEP,
    user_id: str | Keep = KEEP,
    activity_description_id: str | Keep = KEEP,
    calendar_entry_id: str | Keep = KEEP,
    price: int | Keep = KEEP,
    non_billable: bool | Keep = KEEP,
    no_charge: bool | Keep = KEEP,
) -> Activity:
    """
    Change what is given, leave the rest, and return the activity as Clio has it now.

    Changing matter, user or category without `price` makes Clio work out the rate anew (Activities article, read
    2026-10). With `etag`, raises `Stale` when somebody else changed it first.

    Raises `Billed` when it is on a bill, a draft too; `Missing` when it is gone; else `RemoteTrouble`.
    """
    data = write.changed(
        {
            "date": write.day(date),
            "quantity": seconds,
            "note": note,
            "matter": write.link(matter_id),
            "user": write.link(user_id),
            "activity_description": write.link(activity_description_id),
            "calendar_entry": (
                KEEP if isinstance(calendar_entry_id, Keep) else {"id": write.either(calendar_entry_id)}
            ),
            "price": write.amount(price),
            "non_billable": non_billable,
            "no_charge": no_charge,
        }
    )
    with _billed():
        return _parse(session.patch(ONE, data, at={"id": activity_id}, fields=ACTIVITY_FIELDS, etag=etag))


def delete(session: Session, activity_id: str) -> None:
    """
    Delete an activity that is on no bill.

    It is read first: Clio is said to delete one on a draft bill, and its line with it, without a word (production
    code of another connector, read 2026-10). Between the two requests a bill could still be made.

    Raises `Billed` when it is on a bill, a draft too; `Missing` when it is gone already; else `RemoteTrouble`.
    """
    if get(session, activity_id).locked:
        raise Billed(PROVIDER)
    with _billed():
        session.delete(ONE, at={"id": activity_id})


def descriptions(session: Session, *, user_id: str | None = None) -> tuple[ActivityDescription, ...]:
    """
    Return the firm's activity categories by name; with `user_id` only those this user may use. Raises `RemoteTrouble`.
    """
    params = {
        "fields": ACTIVITY_DESCRIPTION_FIELDS,
        "user_id": None if user_id is None else write.number(user_id),
        "limit": 200,
    }
    listed = session.all("/activity_descriptions.json", params)
    found = (ActivityDescription.parse(read.record(item)) for item in listed)
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


@contextmanager
def _billed() -> Iterator[None]:
    try:
        yield
    except Rejected as refusal:
        if _BILLED.search(refusal.words):
            raise Billed(PROVIDER, status=refusal.status, words=refusal.words) from None
        raise


def _list(session: Session, params: dict[str, Any]) -> Iterator[Activity]:
    full = {"fields": ACTIVITY_FIELDS, "order": "id(asc)", "limit": 200, **params}
    return (_parse(item) for item in session.all(PATH, full))


def _parse(value: object) -> Activity:
    return Activity.parse(read.record(value))
