"""What is done to appointments: held, confirmed, booked, moved, cancelled, looked back on."""

from daybook.appointments.operations.booking import book, confirm, expire_holds, hold, release
from daybook.appointments.operations.changing import (
    cancel,
    change_details,
    record_outcome,
    repoint,
    reschedule,
)
from daybook.appointments.operations.details import ClientDetails
from daybook.appointments.operations.types import retire_type, save_type

__all__ = [
    "ClientDetails",
    "book",
    "cancel",
    "change_details",
    "confirm",
    "expire_holds",
    "hold",
    "record_outcome",
    "release",
    "repoint",
    "reschedule",
    "retire_type",
    "save_type",
]
