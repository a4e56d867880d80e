"""What happened to an appointment, in words, from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.core import times
from daybook.firms import queries as firms
from daybook.firms.models import Event
from daybook.web.office.shown import OUTCOMES

#: The events whose subject is an appointment, as its page tells them.
HISTORY: dict[str, str] = {
    "appointment_held": "Time kept",
    "hold_released": "Time given back",
    "appointment_requested": "Requested",
    "request_declined": "Declined",
    "request_withdrawn": "Request withdrawn",
    "request_lapsed": "Not answered in time; the client was told",
    "appointment_confirmed": "Booked",
    "appointment_rescheduled": "Moved",
    "appointment_changed": "Details changed",
    "appointment_cancelled": "Cancelled",
    "outcome_recorded": "Outcome recorded",
    "fee_card_saved": "The client left a card",
    "fee_held": "Fee reserved on the card",
    "fee_hold_lapsed": "The reservation of the fee ran out",
    "fee_released": "The reservation of the fee was given up",
    "fee_taken": "Fee taken",
    "fee_declined": "The card was declined",
    "fee_refunded": "Money went back to the client",
    "fee_waived": "The firm gave back, or did without, some of the fee",
    "fee_disputed": "The client disputed the payment with their bank",
    "fee_dispute_won": "The bank decided the dispute for the firm",
    "fee_dispute_lost": "The bank decided the dispute for the client",
    "matter_linked": "New matter asked for",
    "time_sent": "Sent to Clio",
    "appointment_pushed": "Passed on to what was connected",
    "push_retried": "Asked to try again",
    "push_failed": "Clio or the calendar could not be made to show it",
    "edit_proposed": "Changed in its calendar",
    "edit_withdrawn": "The change in its calendar settled itself",
    "edit_restored": "Its calendar is put right",
}

#: The latest of a long story.
MOST = 60


@dataclass(frozen=True, slots=True)
class Happening:
    at: str
    what: str
    who: str


def history(appointment: Appointment, zone: str) -> tuple[Happening, ...]:
    """What happened, latest first."""
    found = firms.audit_trail(appointment.firm).filter(name__in=HISTORY, subject=appointment.pk)[:MOST]
    return tuple(
        Happening(times.say_moment(event.at, zone), _what(event, zone), _who(event)) for event in found
    )


def _what(event: Event, zone: str) -> str:
    words = HISTORY[event.name]
    if event.name == "outcome_recorded":
        outcome = OUTCOMES.get(str(event.details.get("outcome", "")))
        return f"{words}: {outcome[0]}" if outcome else "Outcome taken back"
    if event.name == "appointment_pushed" and "place" in event.details:
        return _pushed(event)
    if event.name == "appointment_confirmed" and event.details.get("accepted"):
        return "Accepted"
    was = event.details.get("was")
    if event.name == "appointment_rescheduled" and isinstance(was, str):
        return f"{words}; before, {times.say_start(datetime.fromisoformat(was), zone)}"
    return words


def _pushed(event: Event) -> str:
    """Which calendar showed it then. Earlier events do not tell."""
    place = event.details["place"]
    if not place:
        return "No connected calendar shows it"
    if event.details.get("asked"):
        return f"In {place} its entry is left as it is until somebody has answered"
    return f"Removed from {place}" if event.details.get("gone") else f"{place} shows it as it is here"


def _who(event: Event) -> str:
    if event.actor is not None:
        name = event.actor.name or event.actor.email
        return f"{name} for {event.behalf_of.name}" if event.behalf_of else name
    by_client = "client" in (event.details.get("by"), event.details.get("booked_by"))
    return "The client" if by_client or event.name == "appointment_held" else "Daybook"
