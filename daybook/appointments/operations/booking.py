"""Holding a time, confirming it, and the firm's own booking for a client."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from daybook.appointments import fetched
from daybook.appointments.availability import require_not_taken
from daybook.appointments.locking import books, first_of_many, lock_lawyer, wait_for_first
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations import parties, requesting
from daybook.appointments.operations.checks import (
    Uses,
    as_range,
    buffers,
    claim,
    end_holds,
    lock_people,
    read_again,
    read_calendars,
    require_calendars_free,
    require_mirror_free,
    require_offered,
    require_own_time_free,
    take_shared,
    take_turn,
)
from daybook.appointments.operations.details import ClientDetails, checked
from daybook.appointments.teams import people_of
from daybook.contacts import operations as contacts
from daybook.contacts.models import Contact
from daybook.core import lifecycle
from daybook.core.errors import (
    CalendarUnreadable,
    HoldExpired,
    NotBookable,
    NotBookableByPublic,
    OnlyByRequest,
    SlotTaken,
    SubscriptionEnded,
)
from daybook.core.people import clean_text
from daybook.core.periods import Period
from daybook.firms.models import Firm, Lawyer, User
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may

#: How long a chosen time is kept while its visitor fills in the form.
HOLD_LASTS = timedelta(minutes=10)

State = Appointment.State

#: What a press of the visitor's makes of a hold.
_MADE = (State.CONFIRMED, State.REQUESTED)

#: What a confirmation changes of a hold, beside what was typed.
_CONFIRMED = ("contact", "state", "confirmed_at", "held_until", "updated_at")


def _length(appointment_type: AppointmentType, start: datetime) -> Period:
    return Period(start, start + timedelta(minutes=appointment_type.minutes))


def _open_to_public(appointment_type: AppointmentType) -> None:
    if not firm_may(appointment_type.firm, "public_booking"):
        raise SubscriptionEnded
    if not appointment_type.active or not appointment_type.lawyer.active:
        raise NotBookable
    if appointment_type.who_may_book != AppointmentType.WhoMayBook.ANYONE:
        raise NotBookableByPublic


def hold(*, appointment_type: AppointmentType, start: datetime, hold_key: str, now: datetime) -> Appointment:
    """
    Keep a free time of a public type for one visitor (`hold_key`) for HOLD_LASTS; their earlier hold is given back.

    Raises the Refusal that says why the time cannot be had: SlotTaken, SlotPast, NotOnGrid, CapReached, ...
    """
    _open_to_public(appointment_type)
    during = _length(appointment_type, start)
    if appointment_type.has_team:
        return parties.hold(appointment_type, during, hold_key, now, until=now + HOLD_LASTS)
    # Most of a crowd is turned away by one small question and without the lock: at once, or as soon as whoever was
    # first with this time has it.
    wanted = (appointment_type.lawyer_id, start)
    wait_for_first(wanted)
    _require_not_taken(appointment_type, during, hold_key, now)
    with first_of_many(wanted) as first:
        if not first:
            _require_not_taken(appointment_type, during, hold_key, now)
        require_offered(appointment_type, during, now, hold_key=hold_key)
        return _hold(appointment_type, during, hold_key, now)


def _require_not_taken(
    appointment_type: AppointmentType, during: Period, hold_key: str, now: datetime
) -> None:
    if during.start > now:
        require_not_taken(appointment_type, during.start, during.end, now, hold_key=hold_key)


@books
def _hold(appointment_type: AppointmentType, during: Period, hold_key: str, now: datetime) -> Appointment:
    with transaction.atomic():
        lock_lawyer(appointment_type.lawyer_id)
        require_own_time_free(appointment_type, during, now, hold_key=hold_key)
        end_holds(appointment_type.lawyer_id, now, hold_key=hold_key)
        appointment = Appointment.objects.create(
            firm_id=appointment_type.firm_id,
            lawyer_id=appointment_type.lawyer_id,
            appointment_type=appointment_type,
            uid=uuid.uuid4(),
            state=State.HELD,
            during=as_range(during),
            before_minutes=appointment_type.before_minutes,
            after_minutes=appointment_type.after_minutes,
            held_until=now + HOLD_LASTS,
            hold_key=hold_key,
            fee_cents=appointment_type.fee_cents,
        )
        record("appointment_held", firm=appointment_type.firm_id, now=now, subject=appointment.pk)
    return appointment


def confirm(
    *, appointment: Appointment, details: ClientDetails, now: datetime, as_request: bool = False
) -> Appointment:
    """
    Turn a hold into an appointment: calendars read again, contact found or added, everything that follows queued.

    What cannot be promised becomes a request instead, for whoever was told so (`as_request`): OnlyByRequest tells the
    others. A hold that ran out is taken again if its time is still free. Raises the Refusal that says what is wrong with the
    details (nothing is lost: the hold stays) or with the time (HoldExpired, SlotTaken, CalendarUnreadable).
    `appointment` is as it was just read: its type, lawyer and firm are believed.
    """
    appointment_type = appointment.appointment_type
    _open_to_public(appointment_type)
    columns = checked(details, appointment_type, appointment_type.firm, by_firm=False)
    if appointment.state in _MADE:  # the button was pressed twice
        if appointment.client_email == columns["client_email"]:
            return appointment
        raise HoldExpired
    if appointment.state == State.EXPIRED or (appointment.held_until and appointment.held_until <= now):
        made = _made_already(appointment, columns["client_email"])
        if made is not None:
            return made
        try:
            appointment = _hold_again(appointment, now)
        except SlotTaken as error:
            raise HoldExpired from error
    lifecycle.may_confirm(
        lifecycle.State(appointment.state), lifecycle.Actor.CLIENT, kept_until=appointment.held_until, now=now
    )
    during = Period(appointment.start, appointment.end)
    people = people_of(appointment)
    only = requesting.only_because(appointment_type, people, now)
    if not only.unread:
        try:
            read_calendars(appointment_type, people, during, now)
        except CalendarUnreadable:
            only = requesting.because_unread(appointment_type, people)
            if not only:
                raise
    if only and not as_request:
        raise OnlyByRequest
    if only:
        return requesting.request(appointment, people, columns, only, now)
    return _confirm(appointment, people, columns, now)


def _hold_again(appointment: Appointment, now: datetime) -> Appointment:
    """A hold that ran out, taken again with the same people. Raises SlotTaken, or what else stands in the way."""
    kind, key = appointment.appointment_type, appointment.hold_key
    if kind.has_team:
        people, during = people_of(appointment), Period(appointment.start, appointment.end)
        return parties.hold(kind, during, key, now, until=now + HOLD_LASTS, only=people)
    return hold(appointment_type=kind, start=appointment.start, hold_key=key, now=now)


def _made_already(hold: Appointment, email: object) -> Appointment | None:
    """What the first of two presses has made of a hold that had run out: the same visitor, person and time."""
    if not hold.hold_key:
        return None
    return Appointment.objects.filter(
        lawyer=hold.lawyer_id,
        state__in=_MADE,
        hold_key=hold.hold_key,
        during=hold.during,
        client_email=email,
    ).first()


@books
def _confirm(
    appointment: Appointment, people: tuple[Lawyer, ...], columns: dict[str, object], now: datetime
) -> Appointment:
    with transaction.atomic():
        lock_people(people)
        appointment = fetched.locked_appointment(appointment)
        if appointment.state == State.CONFIRMED and appointment.client_email == columns["client_email"]:
            return appointment
        if appointment.state != State.HELD:
            raise HoldExpired
        during, kind = Period(appointment.start, appointment.end), appointment.appointment_type
        others = take_shared(kind, people)
        for lawyer in people:
            require_mirror_free(kind, during, now, without=appointment.pk, lawyer=lawyer)
        finish(appointment, columns, appointment.firm, now, contact=None)
        claim(appointment, kind, others)
        record(
            "appointment_confirmed",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            booked_by=appointment.booked_by,
        )
    return appointment


def finish(
    appointment: Appointment,
    columns: dict[str, object],
    firm: Firm,
    now: datetime,
    *,
    contact: Contact | None,
) -> None:
    """Under the lawyers' locks: set what was typed, find or add the contact, and write the appointment as confirmed."""
    for name, value in columns.items():
        setattr(appointment, name, value)
    if contact is None:
        found = contacts.find_or_create(
            firm=firm,
            name=appointment.client_name,
            email=appointment.client_email,
            phone=appointment.client_phone,
            now=now,
        )
        contact = found.contact
    appointment.contact = contact
    appointment.state = State.CONFIRMED
    appointment.confirmed_at = now
    appointment.held_until = None
    # Of a hold, which is locked and as the database has it, only what a confirmation says is written.
    appointment.save(update_fields=None if appointment.pk is None else (*columns, *_CONFIRMED))


def book(
    *,
    actor: Actor,
    appointment_type: AppointmentType,
    start: datetime,
    details: ClientDetails,
    now: datetime,
    contact: Contact | None = None,
    note: str = "",
) -> Appointment:
    """
    Book for a client. The firm may overlook hours, notice, horizon, grid and caps; it may not book over another
    appointment, over a busy calendar, or in the past. `contact` is who was chosen from the list, if anybody.

    Raises the Refusal that says why not.
    """
    firm = appointment_type.firm
    if not firm_may(firm, "new_appointments"):
        raise SubscriptionEnded
    columns = checked(details, appointment_type, firm, by_firm=True)
    columns["note"] = clean_text(note, 2000, lines=True, field="note")
    during = _length(appointment_type, start)
    lifecycle.must_not_be_past(during.start, now)

    def take(people: tuple[Lawyer, ...]) -> Appointment:
        uses = read_again(appointment_type, people, during, now)
        return _book(actor, appointment_type, during, columns, contact, uses, now)

    if appointment_type.has_team:
        return parties.first_to_succeed(take, appointment_type, during, now, by_firm=True)
    return take((appointment_type.lawyer,))


@books
def _book(
    actor: Actor,
    appointment_type: AppointmentType,
    during: Period,
    columns: dict[str, object],
    contact: Contact | None,
    uses: Uses,
    now: datetime,
) -> Appointment:
    people = [lawyer for lawyer, _ in uses]
    with transaction.atomic():
        take_turn(people, now)
        for lawyer in people:
            require_own_time_free(appointment_type, during, now, caps=False, lawyer=lawyer)
        others = take_shared(appointment_type, people)
        for _, own in uses:
            require_calendars_free(own, during, *buffers(appointment_type), now)
        user: User = actor.user
        appointment = Appointment(
            firm_id=appointment_type.firm_id,
            lawyer=people[0],
            others=[lawyer.pk for lawyer in people[1:]],
            appointment_type=appointment_type,
            uid=uuid.uuid4(),
            during=as_range(during),
            before_minutes=appointment_type.before_minutes,
            after_minutes=appointment_type.after_minutes,
            fee_cents=appointment_type.fee_cents,
            booked_by=Appointment.Party.FIRM,
            booked_by_user=user,
        )
        finish(appointment, columns, appointment_type.firm, now, contact=contact)
        claim(appointment, appointment_type, others)
        record(
            "appointment_confirmed",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            actor=user,
            behalf_of=actor.on_behalf,
            booked_by=appointment.booked_by,
        )
    return appointment


def release(*, appointment: Appointment, now: datetime) -> None:
    """Give a hold back before it runs out."""
    with transaction.atomic():
        lock_lawyer(appointment.lawyer_id)
        released = Appointment.objects.filter(pk=appointment.pk, state=State.HELD)
        if released.update(state=State.EXPIRED, held_until=None):
            record("hold_released", firm=appointment.firm_id, now=now, subject=appointment.pk)


def expire_holds(*, now: datetime) -> int:
    """Mark every hold that has run out. Nothing depends on its being prompt: reads look at the clock themselves."""
    run_out = Appointment.objects.filter(state=State.HELD, held_until__lte=now)
    return run_out.update(state=State.EXPIRED, held_until=None)
