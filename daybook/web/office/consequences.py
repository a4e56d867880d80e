"""What moving or cancelling an appointment will do in Clio, in its calendar and to its client, said before it is done."""

from __future__ import annotations

from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.billing.models import TimeEntry
from daybook.core import times
from daybook.core.payments_refunds import Who
from daybook.sync import whereabouts
from daybook.sync.models import Connection, Proposal
from daybook.sync.whereabouts import Spot, Whereabouts
from daybook.web.office.shown import bill_text
from daybook.web.public.paying import if_cancelled

_ACTIVITY_MOVES = (
    "The activity on {matter} gets the new date.",
    "Its time is already {bill} in Clio: it stays there as it is, and you get a task.",
)


def of_moving(appointment: Appointment, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client."""
    sentences = (
        *_moved(appointment, connection),
        _activity(appointment, connection, *_ACTIVITY_MOVES),
        _client(appointment, _of_new_time(appointment, now)),
    )
    return tuple(filter(None, dict.fromkeys(sentences)))


def of_cancelling(
    appointment: Appointment, connection: Connection | None, now: datetime, *, told: bool = False
) -> tuple[str, ...]:
    """One sentence each for calendar entry, activity and client; `told` where somebody chooses whether they hear of it."""
    then = "gets an email saying so" + (", if you let Daybook tell them." if told else ".")
    sentences = (
        *_removed(appointment, connection),
        _activity(
            appointment,
            connection,
            "The activity on {matter} is deleted in Clio.",
            "Its time is already {bill} in Clio: it stays there, and you get a task.",
        ),
        _client(appointment, then) if appointment.end > now else "It is over, so the client gets no email.",
        if_cancelled(appointment, Who.FIRM),
    )
    return tuple(filter(None, dict.fromkeys(sentences)))


def of_following(proposal: Proposal, connection: Connection | None, now: datetime) -> tuple[str, ...]:
    """What taking over the time of the calendar's entry does, one sentence each."""
    appointment = proposal.appointment
    length = appointment.end - appointment.start
    theirs = proposal.end - proposal.start if proposal.end and proposal.start else length
    kept = f"It keeps its length of {times.say_length(length)}." if theirs != length else ""
    where = whereabouts.of(appointment)
    elsewhere = where.target and where.held and not where.held.same(where.target)
    sentences = (
        "The appointment moves to where its entry is now.",
        _written(where, where.target, "") if elsewhere and where.target else "",
        *staying(where),
        kept,
        _activity(appointment, connection, *_ACTIVITY_MOVES),
        _client(appointment, _of_new_time(appointment, now).rstrip(".") + ", if you let Daybook tell them."),
    )
    return tuple(filter(None, dict.fromkeys(sentences)))


def of_restoring(proposal: Proposal) -> tuple[str, ...]:
    """What keeping the appointment as it is does, one sentence each."""
    where = whereabouts.of(proposal.appointment)
    kept = "The appointment stays as it is. Nobody is told."
    if where.target is not None:
        entry = _written(where, where.target, "Its entry in {place} is moved back")
        entry = entry.replace("with this change", "and shows the time it has here")
    elif where.held is not None:
        entry = _untouched(where, None)
    elif where.stays:
        entry = ""
    else:
        entry = "No calendar is chosen for it, so no entry is made."
    return tuple(filter(None, (kept, entry, *staying(where))))


def of_now(appointment: Appointment, connection: Connection | None) -> tuple[str, ...]:
    """How calendar and Clio stand, beyond the pill's word: one sentence for each side that needs one."""
    where = whereabouts.of(appointment)
    held = where.held
    called_off = appointment.state == Appointment.State.CANCELLED
    if connection is None:
        # The pill of an appointment that another calendar shows says nothing of Clio.
        clio = "The firm is not connected to Clio. An administrator connects it under Integrations."
    elif held is not None and held.connection.pk != connection.pk and not called_off:
        clio = (
            f"Clio has no calendar entry of it: {held.service} has. "
            "What goes to Clio is the client and, once sent, the time."
        )
    else:
        clio = ""
    move = ""
    if held and where.target and not held.same(where.target) and not called_off:
        move = f"Its entry is in {held.full}; with its next change it moves to {where.target.full}."
    return tuple(filter(None, dict.fromkeys((*staying(where), move, clio))))


def _of_new_time(appointment: Appointment, now: datetime) -> str:
    if appointment.end > now:
        return "gets an email with the new time."
    return "gets an email only if the new time lies ahead."


def _moved(appointment: Appointment, connection: Connection | None) -> tuple[str, ...]:
    """What the push of a new time does to the calendar entry."""
    where = whereabouts.of(appointment)
    if where.target is None:
        return (_untouched(where, connection), *staying(where))
    return (_written(where, where.target, "The calendar entry in {place} moves along"), *staying(where))


def _written(where: Whereabouts, target: Spot, same: str) -> str:
    """One sentence: `same` where it is written to the calendar in which it is."""
    held = where.held
    if held is None:
        again = " again" if where.deleted else ""
        return f"The calendar entry is made{again} in {target.service}{_later(target)}."
    if held.same(target):
        return f"{same.format(place=target.service)}{_later(target)}."
    whence, whither = (
        (held.service, target.service) if held.service != target.service else (held.full, target.full)
    )
    first = f"The calendar entry moves from {whence} to {whither} with this change{_later(target)}."
    if held.broken and held.connection.pk != target.connection.pk:
        return f"{first} The one in {whence} is deleted once {whence} is connected again."
    return first


def _later(spot: Spot) -> str:
    if not spot.broken:
        return ""
    if spot.connection.provider == Connection.Provider.CLIO:
        return " once the firm's connection to Clio works again"
    return f" once {spot.service} is connected again"


def _untouched(where: Whereabouts, connection: Connection | None) -> str:
    if where.held is not None:
        return f"Its entry in {where.held.service} stays as it is: Daybook may no longer write there."
    if where.stays:
        return ""
    if connection is None:
        return "The firm is not connected to Clio, so nothing changes there."
    return "It is in no calendar, so nothing changes there."


def _removed(appointment: Appointment, connection: Connection | None) -> tuple[str, ...]:
    """What calling it off does to the calendar entry, wherever it is."""
    where = whereabouts.of(appointment)
    there = [*filter(None, [where.held]), *where.spare]
    said = [f"The calendar entry is removed from {one.service}{_later(one)}." for one in there]
    if where.deleted is not None:
        said.insert(0, f"Its entry in {where.deleted.service} is deleted already.")
    return (*(said or [_untouched(where, connection)]), *staying(where))


def staying(where: Whereabouts) -> tuple[str, ...]:
    """What is out of Daybook's reach, one sentence for each calendar."""
    entry = "An earlier entry" if where.held else "Its entry"
    return tuple(
        f"{entry} in {one.service} stays as it is: the account is no longer connected. "
        "Delete it there, or connect again."
        for one in where.stays
    )


def _activity(appointment: Appointment, connection: Connection | None, plain: str, billed: str) -> str:
    entry: TimeEntry | None = getattr(appointment, "time_entry", None)
    bill = bill_text(entry)
    if entry is None or connection is None or not (entry.wanted or bill):
        return ""
    return billed.format(bill=bill) if bill else plain.format(matter=entry.matter)


def _client(appointment: Appointment, then: str) -> str:
    name = appointment.client_name or "The client"
    if not appointment.client_email:
        return f"{name} has no email address here, so please tell them yourself."
    return f"{name} {then}"
