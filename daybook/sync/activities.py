"""The one billable Activity of an appointment: found, made, changed, taken back, or left alone because it is billed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime

from daybook.appointments.models import Appointment
from daybook.billing import operations as billing
from daybook.billing.models import Matter, TimeEntry
from daybook.connectors.clio import activities as remote
from daybook.connectors.clio import matters
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes_work import Activity
from daybook.connectors.clio.write import KEEP
from daybook.connectors.errors import Billed, Missing
from daybook.core import billing as rules
from daybook.core.money import Money
from daybook.sync import lawyers, people, questions
from daybook.sync.models import Connection, Link, Question
from daybook.sync.pushes import forget, link, remember
from daybook.sync.trouble import NeedsPerson


def marker(appointment: Appointment) -> str:
    """How an activity without a calendar entry is found again: a short mark in its note."""
    return f"[Daybook {appointment.uid.hex[:10]}]"


def matter_of(connection: Connection, appointment: Appointment) -> str:
    """Clio's id of the matter an appointment's time goes to, once that is known."""
    time = TimeEntry.objects.filter(appointment=appointment, wanted=True).first()
    found = link(connection, Link.Kind.MATTER, time.matter_id) if time else None
    return found.theirs if found else ""


def ensure(
    *,
    connection: Connection,
    session: Session,
    appointment: Appointment,
    time: TimeEntry,
    contact_id: str,
    entry_id: str,
    now: datetime,
) -> None:
    """
    Make Clio's activity say what `time` says, exactly once; take it back when it is no longer wanted.

    One on a bill is never touched: the office gets a task instead. Raises RemoteTrouble, NeedsPerson.
    """
    known = link(connection, Link.Kind.ACTIVITY, appointment.pk)
    if known is None and not time.wanted and link(connection, Link.Kind.MATTER, time.matter_id) is None:
        return  # withdrawn before anything of it reached Clio
    if time.wanted:
        matter_id = ensure_matter(connection, session, time.matter, contact_id, appointment, now)
    else:
        found_matter = link(connection, Link.Kind.MATTER, time.matter_id)
        matter_id = found_matter.theirs if found_matter else ""
    held = _find(session, known, appointment, matter_id, entry_id)
    wanted = _wanted(connection, appointment, time, matter_id, entry_id)
    verdict = rules.verdict(
        rules.Wanted.PRESENT if time.wanted else rules.Wanted.ABSENT,
        rules.theirs(
            found=held is not None,
            known_before=known is not None,
            on_bill=held is not None and held.locked,
            billed=held is not None and held.billed,
        ),
        differs=held is None or _differs(wanted, held),
    )
    try:
        held = _carry_out(verdict, session, held, wanted, appointment, entry_id)
    except Billed:  # it went onto a bill between our look and our change
        held = remote.get(session, held.id) if held is not None else None
        verdict = rules.Verdict.TASK
    _note(connection, appointment, time, verdict, held, wanted, now)


def ensure_matter(
    connection: Connection,
    session: Session,
    matter: Matter,
    contact_id: str,
    appointment: Appointment,
    now: datetime,
) -> str:
    """Clio's id of a matter: the one linked, found by our reference, or just created. Raises RemoteTrouble, NeedsPerson."""
    known = link(connection, Link.Kind.MATTER, matter.pk)
    if known is not None:
        return known.theirs
    if matter.client is None:
        raise NeedsPerson("The matter has no client. Choose another matter.")
    if appointment.contact_id != matter.client_id or not contact_id:
        _, contact_id = people.ensure(connection=connection, session=session, contact=matter.client, now=now)
    found = matters.find_by_reference(session, contact_id, matter.reference)
    theirs = (
        found[0]
        if found
        else matters.create(
            session,
            client_id=contact_id,
            description=matter.description,
            practice_area_id=matter.practice_area or None,
            responsible_attorney_id=_user(connection, appointment),
            status="pending" if matter.status == "pending" else "open",
            client_reference=matter.reference,
        )
    )
    remember(connection, Link.Kind.MATTER, matter.pk, theirs.id, theirs.etag, {}, now)
    Matter.objects.filter(pk=matter.pk).update(
        display_number=theirs.display_number[:255], status=theirs.status[:20]
    )
    return theirs.id


def _user(connection: Connection, appointment: Appointment) -> str:
    found = lawyers.link_of(connection, appointment.lawyer_id)
    if found is None:
        raise NeedsPerson(
            f"{appointment.lawyer.name} is not matched with a Clio user. Match them under Integrations."
        )
    return found.theirs


def _find(
    session: Session, known: Link | None, appointment: Appointment, matter_id: str, entry_id: str
) -> Activity | None:
    if known is not None:
        try:
            return remote.get(session, known.theirs)
        except Missing:
            return None
    found = remote.find_for_entry(session, entry_id) if entry_id else ()
    if not found and matter_id:
        found = remote.find_by_marker(session, matter_id, None, marker(appointment))
    return found[0] if found else None


def _wanted(
    connection: Connection, appointment: Appointment, time: TimeEntry, matter_id: str, entry_id: str
) -> rules.TimeEntry:
    note = time.note if entry_id else f"{time.note} {marker(appointment)}".strip()
    return rules.TimeEntry(
        on=time.on,
        seconds=time.seconds,
        matter=matter_id,
        lawyer=_user(connection, appointment) if time.wanted else "",
        note=note,
        rate=Money(time.rate_cents, appointment.firm.currency) if time.rate_cents is not None else None,
        category=time.category,
        non_billable=time.non_billable,
    )


def _as_ours(held: Activity, wanted: rules.TimeEntry) -> rules.TimeEntry:
    """What Clio holds, in our terms; a rate we leave to Clio is not compared."""
    rate = None
    if wanted.rate is not None and held.price is not None:
        rate = Money(held.price, wanted.rate.currency)
    return rules.TimeEntry(
        on=held.date or date.min,
        seconds=held.quantity if held.quantity is not None else wanted.seconds,
        matter=held.matter_id or "",
        lawyer=held.user_id or "",
        note=held.note,
        rate=rate,
        category=held.activity_description.id if held.activity_description else "",
        non_billable=held.non_billable,
    )


def _differs(wanted: rules.TimeEntry, held: Activity) -> bool:
    return bool(rules.changes(_as_ours(held, wanted), wanted))


def _carry_out(
    verdict: rules.Verdict,
    session: Session,
    held: Activity | None,
    wanted: rules.TimeEntry,
    appointment: Appointment,
    entry_id: str,
) -> Activity | None:
    if verdict is rules.Verdict.CREATE:
        return remote.create_time_entry(
            session,
            matter_id=wanted.matter,
            user_id=wanted.lawyer,
            date=wanted.on,
            seconds=wanted.seconds,
            note=wanted.note,
            calendar_entry_id=entry_id or None,
            activity_description_id=wanted.category or None,
            price=wanted.rate.cents if wanted.rate else None,
            non_billable=wanted.non_billable,
        )
    if verdict is rules.Verdict.UPDATE and held is not None:
        changed = rules.changes(_as_ours(held, wanted), wanted)
        return remote.update(
            session,
            held.id,
            etag=held.etag,
            date=wanted.on if "on" in changed else KEEP,
            seconds=wanted.seconds if "seconds" in changed else KEEP,
            note=wanted.note if "note" in changed else KEEP,
            matter_id=wanted.matter if "matter" in changed else KEEP,
            user_id=wanted.lawyer if "lawyer" in changed else KEEP,
            activity_description_id=wanted.category if changed.get("category") else KEEP,
            price=wanted.rate.cents if wanted.rate and "rate" in changed else KEEP,
            non_billable=wanted.non_billable if "non_billable" in changed else KEEP,
        )
    if verdict is rules.Verdict.DELETE and held is not None:
        with suppress(Missing):  # gone is what was wanted
            remote.delete(session, held.id)
        return None
    return held


def _note(
    connection: Connection,
    appointment: Appointment,
    time: TimeEntry,
    verdict: rules.Verdict,
    held: Activity | None,
    wanted: rules.TimeEntry,
    now: datetime,
) -> None:
    kind = Link.Kind.ACTIVITY
    if held is not None:
        agreed = {name: str(value) for name, value in asdict(wanted).items()}
        remember(connection, kind, appointment.pk, held.id, held.etag, agreed, now)
        billing.note_billing(
            entry=time,
            state=held.bill_state if held.locked else "",
            number=held.bill_id or "",
            seconds=held.rounded,
            cents=held.total,
            now=now,
        )
    elif verdict in (rules.Verdict.DELETE, rules.Verdict.LEAVE) and not time.wanted:
        forget(connection, kind, appointment.pk)
        billing.note_billing(entry=time, state="", number="", seconds=None, cents=None, now=now)
    if verdict is not rules.Verdict.TASK:
        for old in (Question.Kind.BILLED, Question.Kind.ACTIVITY_GONE):
            questions.settle(appointment_id=appointment.pk, kind=old, now=now, answer="resolved itself")
        return
    _ask(appointment, time, held, now)


#: What happened to the appointment, as a task's sentence begins.
_BEGINNINGS = {True: "Changed here", False: "Cancelled here"}


def _ask(appointment: Appointment, time: TimeEntry, held: Activity | None, now: datetime) -> None:
    who = appointment.client_name
    if held is None:
        kind = Question.Kind.ACTIVITY_GONE
        text = (
            f"The activity for {who} was deleted in Clio, though its appointment still stands. Send it again?"
        )
    else:
        kind = Question.Kind.BILLED
        bill = f"bill {held.bill_id}" if held.bill_id else "a bill"
        state = f" ({held.bill_state.replace('_', ' ')})" if held.bill_state else ""
        text = f"{_BEGINNINGS[time.wanted]}, but the time for {who} is already on {bill}{state} in Clio. It was left as it is."
    questions.ask(
        firm_id=appointment.firm_id,
        lawyer_id=appointment.lawyer_id,
        appointment_id=appointment.pk,
        kind=kind,
        text=text,
        details={"bill": held.bill_id if held else "", "wanted": time.wanted},
        now=now,
    )
