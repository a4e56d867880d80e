"""What is done to appointments: held, confirmed, booked, moved, cancelled, looked back on."""

from daybook.appointments.operations.booking import book, confirm, expire_holds, hold, release
from daybook.appointments.operations.changing import (
    cancel,
    change_details,
    could_move,
    record_outcome,
    reschedule,
)
from daybook.appointments.operations.details import ClientDetails
from daybook.appointments.operations.joining import (
    merge_contacts,
    part_contacts,
    remove_contact,
    repoint,
    why_kept,
)
from daybook.appointments.operations.types import TeamChoice, retire_type, save_type

__all__ = [
    "ClientDetails",
    "TeamChoice",
    "book",
    "cancel",
    "change_details",
    "confirm",
    "could_move",
    "expire_holds",
    "hold",
    "merge_contacts",
    "part_contacts",
    "record_outcome",
    "release",
    "remove_contact",
    "repoint",
    "reschedule",
    "retire_type",
    "save_type",
    "why_kept",
]
