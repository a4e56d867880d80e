"""Which calendars a lawyer's own account has: taken over at connecting and every two hours, its main one used at first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from daybook.calendars.models import Calendar, CalendarUse
from daybook.connectors.calendars import Listed
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.sync.models import Connection
from daybook.sync.providers import noticing, service_of


def refresh(*, connection: Connection, now: datetime) -> None:
    """Bring the list up to date. Raises RemoteTrouble."""
    with noticing(connection):
        listed = service_of(connection).calendars()
    with transaction.atomic():
        take_over(connection, listed, now)
        record("calendars_read", firm=connection.firm_id, now=now, subject=connection.pk)


def take_over(connection: Connection, listed: Sequence[Listed], now: datetime) -> None:
    """
    Make the calendars of an account those that were listed. One that is not listed any more stays known, but can neither
    be chosen nor trusted.
    """
    known = {
        row.external_id: row
        for row in Calendar.objects.select_for_update(no_key=True).filter(connection=connection)
    }
    for theirs in listed:
        row = known.pop(theirs.id, None) or Calendar(
            firm_id=connection.firm_id, connection=connection, external_id=theirs.id
        )
        row.name = theirs.name[:255] or "Calendar"
        row.kind = "main" if theirs.main else ""
        row.permission = Calendar.Permission.OWNER if theirs.may_write else Calendar.Permission.VIEWER
        row.owner_name = theirs.owner[:255]
        row.time_zone = theirs.time_zone[:64]
        if not row.present:
            row.present, row.trouble, row.trouble_final, row.trouble_since = True, "", False, None
        row.save()
    for row in known.values():
        if row.present:
            Calendar.objects.filter(pk=row.pk).update(
                present=False,
                trouble=f"{row.name} is no longer in the account {connection.account_name}."[:300],
                trouble_final=True,
                trouble_since=now,
            )


def begin_with_main(connection: Connection, lawyer: Lawyer) -> None:
    """
    Where nobody has chosen among an account's calendars yet, its main one blocks. The lawyer's primary calendar stays
    what it is, and is the new one if there is none.
    """
    lawyer = Lawyer.objects.select_for_update(no_key=True).get(pk=lawyer.pk)
    if CalendarUse.objects.filter(lawyer=lawyer, calendar__connection=connection).exists():
        return
    present = Calendar.objects.filter(connection=connection, present=True)
    main = present.filter(kind="main").first() or present.order_by("pk").first()
    if main is None:
        return
    has_primary = (
        CalendarUse.objects.filter(lawyer=lawyer, is_primary=True)
        .exclude(calendar__connection__state=Connection.State.DISCONNECTED)
        .exists()
    )
    CalendarUse.objects.create(
        firm_id=lawyer.firm_id,
        lawyer=lawyer,
        calendar=main,
        blocks=True,
        is_primary=main.writable and not has_primary,
    )
