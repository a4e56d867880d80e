"""A fee that was paid while its time was kept: the time becomes an appointment, or is taken again, or the money goes back."""

from __future__ import annotations

from datetime import datetime

from daybook.appointments.models import Appointment
from daybook.appointments.operations import confirm
from daybook.appointments.operations.details import ClientDetails
from daybook.billing import charges, terms
from daybook.billing.models import Charge
from daybook.billing.terms import Fee
from daybook.core.errors import CalendarUnreadable, Refusal

#: Refusals that may be over in a few minutes: the money stays where it is, and it is tried again.
PASSES = (CalendarUnreadable,)


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
    """The charge of a time that is kept, with what its visitor typed: it is confirmed with that once it is paid."""
    charge = terms.open_charge(fee_of(appointment), now=now)
    if charge is not None:
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
    for every other refusal that will not pass by itself, the money goes back with the next look, and None is returned.

    Reads calendars: not in a transaction. Raises the refusals of PASSES.
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
    except PASSES:
        raise
    except Refusal:
        charges.give_up_time(charge_id=charge_id, now=now)
        return None
    # A time that was taken again is a row of its own: the charge is about that one from now on.
    Charge.objects.filter(pk=charge_id).update(appointment_id=made.pk, details={}, look_at=now)
    return made
