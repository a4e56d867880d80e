"""A fee that was paid while its time was kept: the time becomes an appointment, or is taken again, or the money goes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from daybook.appointments.models import Appointment
from daybook.appointments.operations import confirm
from daybook.appointments.operations.details import ClientDetails, checked
from daybook.billing import charges, terms
from daybook.billing.attempts import PAGE_LASTS
from daybook.billing.models import Charge
from daybook.billing.terms import Fee
from daybook.core.errors import Refusal
from daybook.core.payments_plan import Policy

#: Refusals that may be over in a few minutes, by their codes: the money stays where it is, and it is tried again.
PASSES = frozenset({"calendar_unreadable", "only_by_request", "crowded"})

#: For so long. Then the money goes back.
PATIENCE = timedelta(hours=2)

#: How long a time is kept while it is paid: as long as the page of payment lives, and a little for the way back.
KEPT = PAGE_LASTS + timedelta(minutes=2)


def fee_of(appointment: Appointment) -> Fee:
    """What an appointment costs, as billing wants to know it."""
    return Fee(
        appointment.pk,
        appointment.firm_id,
        appointment.appointment_type_id,
        appointment.fee_cents,
        appointment.firm.currency,
    )


def ask_fee(*, appointment_id: int, now: datetime) -> Charge | None:
    """The charge of an appointment that was made, if it has a fee and the firm takes fees here."""
    if not terms.offered():
        return None
    appointment = Appointment.objects.select_related("firm").get(pk=appointment_id)
    if appointment.hold_key:
        # Of a time that ran out while it was paid, and was taken again for the same visitor: the fee has its charge.
        paid = Charge.objects.filter(
            open=True, appointment__hold_key=appointment.hold_key, appointment__during=appointment.during
        ).first()
        if paid is not None:
            return paid
    return terms.open_charge(fee_of(appointment), now=now)


def ask_while_booking(*, appointment: Appointment, details: ClientDetails, now: datetime) -> Charge | None:
    """
    The charge of a time that is kept, with what its visitor typed: it is confirmed with that once it is paid, and the
    time is kept until the page of payment ends. None where nothing is taken while booking.

    Raises the Refusal of what was typed that cannot be used, before anybody pays.
    """
    kind = appointment.appointment_type
    checked(details, kind, appointment.firm, by_firm=False)
    if terms.policy_of(appointment.firm_id, kind.pk) in (None, Policy.PAY_LATER):
        return None
    charge = terms.open_charge(fee_of(appointment), now=now)
    if charge is not None:
        still = Appointment.objects.filter(
            pk=appointment.pk, state=Appointment.State.HELD, held_until__gt=now, held_until__lt=now + KEPT
        )
        still.update(held_until=now + KEPT)
        typed = {
            "name": details.name,
            "email": details.email,
            "phone": details.phone,
            "place": details.place,
            "time_zone": details.time_zone,
            "answers": list(details.answers),
        }
        Charge.objects.filter(pk=charge.pk).update(details=typed)
    return charge


def confirm_paid(*, charge_id: int, now: datetime) -> Appointment | None:
    """
    Make the appointment that was paid for. A time that ran out meanwhile is taken again if it is free; otherwise, and
    for every other refusal that will not pass by itself, the money goes back with the next look. None then, and while it
    is still tried.

    Reads calendars: not in a transaction.
    """
    charge = Charge.objects.get(pk=charge_id)
    appointment = Appointment.objects.select_related(
        "appointment_type__lawyer", "appointment_type__firm", "lawyer", "firm"
    ).get(pk=charge.appointment_id)
    if appointment.state == Appointment.State.CONFIRMED or not charge.details:
        return appointment
    details = ClientDetails(**charge.details)
    try:
        made = confirm(appointment=appointment, details=details, now=now)
    except Refusal as refusal:
        if refusal.code in PASSES and now - charge.created_at < PATIENCE:
            return None
        charges.give_up_time(charge_id=charge_id, now=now)
        return None
    # A time that was taken again is a row of its own: the charge is about that one from now on.
    Charge.objects.filter(pk=charge_id).update(appointment_id=made.pk, details={}, look_at=now)
    return made
