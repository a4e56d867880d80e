"""A type, or an appointment, with its lawyer and firm: what every page behind a link begins with, in one kept plan."""

from __future__ import annotations

import uuid
from functools import cache

from daybook.appointments.models import Appointment, AppointmentType
from daybook.firms.models import Firm, Lawyer
from daybook.firms.prepared import Columns, copied, rows

_APPOINTMENT, _TYPE = Columns(Appointment, "a"), Columns(AppointmentType, "t")
_LAWYER, _FIRM = Columns(Lawyer, "l"), Columns(Firm, "f")


#: The state of three rows: PostgreSQL writes a changed row anew, under another transaction or in another place.
_STATE = "t.xmin, t.ctid, l.xmin, l.ctid, f.xmin, f.ctid"
_PUBLIC = """
    f.slug = %s AND l.firm_id = f.id AND l.slug = %s AND t.slug = %s
    AND t.active AND t.who_may_book = 'anyone' AND l.public AND l.active
"""
_MOST_KEPT = 256
_kept: dict[tuple[str, str, str], tuple[tuple[object, ...], AppointmentType]] = {}


def type_by_slugs(firm: str, lawyer: str, slug: str) -> AppointmentType | None:
    """
    A type the public may see and book. Asked each time is whether its rows, its lawyer's and its firm's are still those
    read last: of the many who look at one page only the first after a change reads them whole.
    """
    address = (firm, lawyer, slug)
    state, kept = _kept.get(address, ((), None))
    if kept is not None and rows(_type_sql(_STATE), address) == [state]:
        return _another(kept)
    found = rows(_type_sql(f"{_TYPE.sql}, {_LAWYER.sql}, {_FIRM.sql}, {_STATE}"), address)
    if not found:
        return None
    whole = len(_TYPE) + len(_LAWYER) + len(_FIRM)
    kept = _put_together(found[0][:whole])
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[address] = (found[0][whole:], kept)
    return _another(kept)


def _another(kept: AppointmentType) -> AppointmentType:
    """The same type, lawyer and firm as instances of the caller's own."""
    appointment_type = copied(kept)
    appointment_type.lawyer, appointment_type.firm = copied(kept.lawyer), copied(kept.firm)
    return appointment_type


def appointment_by_uid(uid: uuid.UUID) -> Appointment | None:
    return _appointment("a.uid = %s", uid)


def appointment_by_id(pk: int) -> Appointment:
    """Raises Appointment.DoesNotExist."""
    found = _appointment("a.id = %s", pk)
    if found is None:
        raise Appointment.DoesNotExist
    return found


def locked_appointment(appointment: Appointment) -> Appointment:
    """
    The row of `appointment` as it is now, locked until the transaction ends; type, lawyer and firm are those it came
    with. Raises Appointment.DoesNotExist.
    """
    found = rows(_locked_sql(), [appointment.pk])
    if not found:
        raise Appointment.DoesNotExist
    locked = _APPOINTMENT.instance(found[0])
    locked.appointment_type = appointment.appointment_type
    locked.lawyer, locked.firm = locked.appointment_type.lawyer, locked.appointment_type.firm
    return locked


def _appointment(where: str, value: object) -> Appointment | None:
    found = rows(_appointment_sql(where), [value])
    if not found:
        return None
    own = len(_APPOINTMENT)
    appointment = _APPOINTMENT.instance(found[0][:own])
    appointment.appointment_type = _put_together(found[0][own:])
    appointment.lawyer = appointment.appointment_type.lawyer
    appointment.firm = appointment.appointment_type.firm
    return appointment


def _put_together(row: tuple[object, ...]) -> AppointmentType:
    to_lawyer, to_firm = len(_TYPE), len(_TYPE) + len(_LAWYER)
    appointment_type = _TYPE.instance(row[:to_lawyer])
    appointment_type.owner_id = (
        appointment_type.lawyer_id
    )  # an appointment's lawyer may be another of its people
    appointment_type.lawyer = _LAWYER.instance(row[to_lawyer:to_firm])
    appointment_type.firm = _FIRM.instance(row[to_firm:])
    return appointment_type


# Names of our own columns and conditions written above: nothing a visitor says is in the text.


@cache
def _type_sql(columns: str) -> str:
    return f"""
        SELECT {columns}
          FROM appointments_appointmenttype t
          JOIN firms_lawyer l ON l.id = t.lawyer_id
          JOIN firms_firm f ON f.id = t.firm_id
         WHERE {_PUBLIC}
    """  # noqa: S608


@cache
def _locked_sql() -> str:
    return f"SELECT {_APPOINTMENT.sql} FROM appointments_appointment a WHERE a.id = %s FOR UPDATE"  # noqa: S608


@cache
def _appointment_sql(where: str) -> str:
    return f"""
        SELECT {_APPOINTMENT.sql}, {_TYPE.sql}, {_LAWYER.sql}, {_FIRM.sql}
          FROM appointments_appointment a
          JOIN appointments_appointmenttype t ON t.id = a.appointment_type_id
          JOIN firms_lawyer l ON l.id = a.lawyer_id
          JOIN firms_firm f ON f.id = a.firm_id
         WHERE {where}
    """  # noqa: S608
