"""Refusals: a request that was understood and turned down, in words for the person who asked."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

Status = Literal[409, 422]

CONFLICT: Status = 409
"""The request was well formed, but the world says no (or no longer)."""

UNPROCESSABLE: Status = 422
"""What was typed cannot be used as it stands."""


class Refusal(Exception):
    """
    Understood, and turned down.

    A refusal is an answer, not a fault: show `text` on the same page with `status`, beside `field` if there is one,
    and never log it as an error. `code` is stable and meant for programs; `text` is meant for people and may change.

    `text` and `field` may be given where the general sentence can be made more exact; they must stay neutral, since
    a visitor may read them.
    """

    code: ClassVar[str] = "refusal"
    says: ClassVar[str] = "That cannot be done just now."
    about: ClassVar[str | None] = None
    status: ClassVar[Status] = CONFLICT

    text: str
    field: str | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, text: str | None = None, *, field: str | None = None) -> None:
        self.text = text if text is not None else self.says
        self.field = field if field is not None else self.about
        super().__init__(self.text)


# Choosing a time ------------------------------------------------------------------------------------------------------


class SlotTaken(Refusal):
    """Something else is in the lawyer's calendar at that time."""

    says = "That time has just been taken. Please choose another."
    about = "start"


class SlotPast(Refusal):
    """The time asked for has already begun."""

    says = "That time has already passed. Please choose a later one."
    about = "start"


class SlotOutsideHours(Refusal):
    """The meeting does not fit inside the hours offered."""

    says = "That time is outside the hours offered. Please choose one of the times shown."
    about = "start"


class NoticeTooShort(Refusal):
    """The time asked for is sooner than the minimum notice allows."""

    says = "That time is too soon to book online. Please choose a later one."
    about = "start"


class BeyondHorizon(Refusal):
    """The time asked for is later than bookings are open."""

    says = "That date is further ahead than can be booked today. Please choose an earlier one."
    about = "start"


class CapReached(Refusal):
    """The day or the week already holds as many of these appointments as the lawyer takes."""

    says = "No more of these appointments can be booked on that day. Please choose another day."
    about = "start"


class NotOnGrid(Refusal):
    """The time asked for is not one of the starting times."""

    says = "Appointments do not start at that time. Please choose one of the times shown."
    about = "start"


class CalendarUnreadable(Refusal):
    """A calendar that blocks time could not be read, so nothing may be promised."""

    says = "The calendar cannot be checked just now, so this time cannot be confirmed. Please try again in a few minutes."


class OnlyByRequest(Refusal):
    """The time cannot be promised, only asked for: the firm confirms it by hand, and the visitor was not told so yet."""

    says = "This time cannot be confirmed at once. You can request it: the firm answers by email."


class BusyElsewhere(Refusal):
    """A request cannot be accepted without more ado: a calendar of the lawyer's has something at that time."""

    says = "A calendar shows something else at that time. Tick “Accept it anyway” if both can be."
    about = "anyway"


class HoldExpired(Refusal):
    """The time kept for this visitor was not confirmed soon enough."""

    says = "The time kept for you has run out. Please choose a time again."


class NotBookableByPublic(Refusal):
    """This appointment type is booked by the firm only."""

    says = "This appointment is arranged by the firm. Please contact the firm to book it."


class NotBookable(Refusal):
    """The lawyer or the appointment type is not open for booking."""

    says = "This appointment is not open for booking at present."


class TooManyHolds(Refusal):
    """One visitor keeps more unconfirmed times than is fair to others."""

    says = "You already have times waiting to be confirmed. Please confirm or release one of them first."


# Changing an appointment ----------------------------------------------------------------------------------------------


class NotAllowedNow(Refusal):
    """The appointment is in a state, or the asker in a role, for which this action does not exist."""

    says = "This can no longer be done with this appointment."


class TooLateToCancel(Refusal):
    """The client's time for cancelling has passed."""

    says = "It is too late to cancel online. Please contact the firm."


class TooLateToMove(Refusal):
    """The client's time for moving the appointment has passed."""

    says = "It is too late to choose another time online. Please contact the firm."


class TooEarly(Refusal):
    """An outcome is recorded only once the appointment has begun."""

    says = "This can be recorded once the appointment has begun."


class ChangedMeanwhile(Refusal):
    """Somebody else changed the record after this page was shown."""

    says = "This was changed by someone else in the meantime. Please look again before saving."


class AlreadyBilled(Refusal):
    """The time entry is on a bill, draft bills included, and is left untouched."""

    says = "This time is already on a bill, so it has been left as it is. Please change it on the bill."


# What was typed -------------------------------------------------------------------------------------------------------


class UnknownTimeZone(Refusal):
    """The name is not a time zone of the IANA database."""

    says = "That time zone is not known. Please choose one from the list."
    about = "zone"
    status = UNPROCESSABLE


class NonexistentTime(Refusal):
    """The clock skips this time on the day daylight saving begins."""

    says = "The clocks go forward that day and skip this time. Please choose another."
    about = "start"
    status = UNPROCESSABLE


class BadHours(Refusal):
    """A stretch of working hours ends before it begins or leaves the day."""

    says = "Hours must start before they end, within one day."
    about = "hours"
    status = UNPROCESSABLE


class TextTooLong(Refusal):
    """The text is longer than can be kept."""

    says = "This text is too long. Please shorten it."
    status = UNPROCESSABLE


class NameMissing(Refusal):
    """No name was given."""

    says = "Please enter a name."
    about = "name"
    status = UNPROCESSABLE


class BadEmail(Refusal):
    """The text is not an email address that mail could reach."""

    says = "Please check the email address."
    about = "email"
    status = UNPROCESSABLE


class BadPhone(Refusal):
    """The text is not a telephone number with its country known."""

    says = "Please check the phone number, with the country code if it is not a local one."
    about = "phone"
    status = UNPROCESSABLE


class BadAmount(Refusal):
    """The text is not an amount of money."""

    says = "Please enter an amount such as 150 or 150.50."
    about = "amount"
    status = UNPROCESSABLE


class UnknownCurrency(Refusal):
    """The code is not a three-letter currency code."""

    says = "That currency is not known. Please use a three-letter code such as USD."
    about = "currency"
    status = UNPROCESSABLE


class AnswerMissing(Refusal):
    """A required question was left empty."""

    says = "Please answer this question."
    status = UNPROCESSABLE


class BadDuration(Refusal):
    """The length of time worked is not one that can be sent."""

    says = "Please enter a length of time between one minute and 24 hours."
    about = "duration"
    status = UNPROCESSABLE


# The firm's standing --------------------------------------------------------------------------------------------------


class SubscriptionEnded(Refusal):
    """The firm has no Daybook subscription in force."""

    says = "The firm's subscription is not active, so this is not available at present."


class MatterMissing(Refusal):
    """Time cannot be sent before a matter is chosen."""

    says = "Please choose a matter first."
    about = "matter"
    status = UNPROCESSABLE


class ContactAmbiguous(Refusal):
    """Several contacts fit, and a person has to choose."""

    says = "More than one contact fits. Please choose the right one."
    about = "contact"
