"""The slow search for what was missed: every id in Clio against every link. Absence alone proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from daybook.connectors.clio import contacts as remote
from daybook.connectors.clio.contacts import Ref
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.errors import Limited, Missing, Rejected, RemoteTrouble
from daybook.core.reconcile import alarming
from daybook.sync import clio, questions
from daybook.sync.mirror import cycle, leaving, terms
from daybook.sync.mirror.meeting import meet
from daybook.sync.mirror.records import theirs_of
from daybook.sync.mirror.tally import counted, round_of
from daybook.sync.models import Apart, Connection, ContactSync, Cursor, Cycle, Link, Question

EVERY = timedelta(days=1)
STRETCH = timedelta(seconds=40)
LEASE = timedelta(minutes=2)


def run(*, connection_id: int, now: datetime, sure: bool = False) -> datetime | None:
    """
    Read every id and tag in Clio and compare them with the links: what is there but not known, or other than it was, is
    looked at; what is linked but not there is asked for by its id, and unlinked if it is gone.

    When more is missing than a day's work can explain, nothing is unlinked: contact sync stops, and a person is asked.
    `sure` says that somebody has been. Returns when to come back, if there is more to do.
    """
    setting = terms.of_active(connection_id)
    if setting is None or setting.phase != ContactSync.Phase.LIVE:
        return None
    cursor = _take(setting.connection, now)
    if cursor is None:
        return None
    with round_of(setting.connection, Cycle.Kind.SWEEP, now) as tally:
        session = clio.session(setting.connection, Priority.BACKGROUND, before=partial(counted, tally))
        sweep = _Sweep(setting, session, cursor, tally, sure)
        try:
            with clio.noticing(setting.connection):
                again = sweep.go()
        except (Missing, Rejected) as trouble:
            if cursor.next_url:
                return sweep.pause(now + timedelta(seconds=5), trouble.text, afresh=True)
            return sweep.pause(now + timedelta(hours=1), trouble.text)
        except RemoteTrouble as trouble:
            wait = timedelta(seconds=trouble.after or 60)
            text = "" if isinstance(trouble, Limited) else trouble.text
            return sweep.pause(timezone.now() + wait, text)
        if again is None:
            tally.finished_at = timezone.now()
        return again


def _take(connection: Connection, now: datetime) -> Cursor | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        Cursor.objects.get_or_create(connection=connection, kind=terms.IDS)
        cursor = (
            Cursor.objects.select_for_update().filter(free, connection=connection, kind=terms.IDS).first()
        )
        if cursor is None:
            return None
        if cursor.state != Cursor.State.RUNNING:
            cursor.state, cursor.started_at, cursor.next_url = Cursor.State.RUNNING, now, ""
            cursor.pages = cursor.seen = 0
            cursor.notes = {"after": 0, "missing": [], "read": False}
        cursor.leased_until = now + LEASE
        cursor.save()
    return cursor


class _Sweep:
    """One search. `notes` of the cursor: the last id read, the linked ids that were not there, whether all was read."""

    def __init__(
        self, setting: ContactSync, session: Session, cursor: Cursor, tally: Cycle, sure: bool
    ) -> None:
        self.setting = setting
        self.connection = setting.connection
        self.session = session
        self.cursor = cursor
        self.tally = tally
        self.sure = sure
        self.until = timezone.now() + STRETCH

    def go(self) -> datetime | None:
        if not self.cursor.notes["read"]:
            for page in remote.refs(self.session, start_url=self.cursor.next_url or None):
                unknown = self._page(page.items, last=not page.next_url)
                self._look(unknown)
                self._note(page.next_url or "", page.items, read=not page.next_url)
                if timezone.now() >= self.until and page.next_url:
                    return self.pause(timezone.now())
        missing: list[str] = self.cursor.notes["missing"]
        if self._alarming(missing):
            return None
        return self._ask_for(missing)

    def _page(self, refs: Sequence[Ref], *, last: bool) -> list[str]:
        """Which of a page are not known as they are now; links of its range that are not on it are noted."""
        after = self.cursor.notes["after"]
        until = int(refs[-1].id) if refs and not last else None
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT theirs, etag FROM sync_link WHERE connection_id = %s AND kind = 'contact'"
                " AND theirs::bigint > %s AND (%s::bigint IS NULL OR theirs::bigint <= %s)",
                [self.connection.pk, after, until, until],
            )
            linked = dict(cursor.fetchall())
        there = {ref.id: ref.etag for ref in refs}
        self.cursor.notes["missing"] += sorted(set(linked) - set(there), key=int)
        strangers = [id for id in there if id not in linked]
        apart = Apart.objects.filter(connection=self.connection, theirs__in=strangers)
        kept = apart.exclude(why__in=[Apart.Why.GONE, Apart.Why.DIFFERENT])
        unwanted = set(kept.values_list("theirs", flat=True))
        returned = set(apart.filter(why=Apart.Why.GONE).values_list("theirs", flat=True))
        asked = set(
            Question.objects.filter(
                firm=self.connection.firm_id, answered_at=None, about__in=[f"clio:{id}" for id in strangers]
            ).values_list("about", flat=True)
        )
        known = unwanted | {about.removeprefix("clio:") for about in asked}
        filtered = self.setting.clients_only or self.setting.people_only
        changed = [id for id, etag in linked.items() if id in there and there[id] != etag]
        # With a filter most strangers are those it leaves out; their changes come with the list of changes. That
        # somebody can be seen again is no change.
        return changed + [id for id in strangers if id not in known and (id in returned or not filtered)]

    def _look(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), cycle.MOST_BY_ID):
            found = remote.by_ids(self.session, list(ids[start : start + cycle.MOST_BY_ID]))
            records = [theirs_of(one, self.connection.firm.country) for one in found if not one.redacted]
            with transaction.atomic():
                terms.hold(self.connection)
                meet(self.setting, records, now=timezone.now(), tally=self.tally)

    def _note(self, next_url: str, refs: Sequence[Ref], *, read: bool) -> None:
        self.cursor.next_url = next_url
        self.cursor.pages += 1
        self.cursor.seen += len(refs)
        self.tally.looked_at += len(refs)
        self.cursor.notes |= {"after": int(refs[-1].id) if refs else self.cursor.notes["after"], "read": read}
        self.cursor.trouble, self.cursor.next_try_at = "", None
        self.cursor.leased_until = timezone.now() + LEASE
        self.cursor.save()

    def _alarming(self, missing: Sequence[str]) -> bool:
        known = Link.objects.filter(connection=self.connection, kind=Link.Kind.CONTACT).count()
        if self.sure or not alarming(known, len(missing)):
            return False
        now = timezone.now()
        text = (
            f"Clio no longer shows {len(missing):,} of {known:,} linked contacts. They may have been deleted, or the "
            "Clio user who connected Daybook may no longer see them. Nothing was changed."
        )
        with transaction.atomic():
            terms.hold(self.connection)
            self.tally.asked += questions.ask_about(
                firm_id=self.connection.firm_id,
                kind=Question.Kind.ALARM,
                about="contacts",
                text=text,
                details={"missing": len(missing), "known": known},
                now=now,
            )
            terms.stop(terms=self.setting, now=now, because=text)
            self._finish(now)
        return True

    def _ask_for(self, missing: list[str]) -> datetime | None:
        while missing:
            leaving.look_for(self.setting, self.session, missing[0], now=timezone.now(), tally=self.tally)
            missing.pop(0)
            self.cursor.leased_until = timezone.now() + LEASE
            self.cursor.save(update_fields=["notes", "leased_until"])
            if missing and timezone.now() >= self.until:
                return self.pause(timezone.now())
        self._finish(timezone.now())
        return None

    def _finish(self, now: datetime) -> None:
        self.cursor.state, self.cursor.finished_at, self.cursor.leased_until = Cursor.State.DONE, now, None
        self.cursor.next_url = ""
        self.cursor.save()
        ContactSync.objects.filter(pk=self.setting.pk).update(next_sweep_at=now + EVERY)

    def pause(self, at: datetime, trouble: str = "", *, afresh: bool = False) -> datetime:
        self.cursor.leased_until = None
        self.cursor.trouble, self.cursor.next_try_at = trouble[:300], at if trouble else None
        if afresh:
            self.cursor.state = Cursor.State.WAITING
        self.cursor.save()
        return at


def due(now: datetime, limit: int = 500) -> list[int]:
    """Working connections in sync whose next search has come."""
    rows = ContactSync.objects.filter(
        Q(next_sweep_at__lte=now) | Q(next_sweep_at=None),
        phase=ContactSync.Phase.LIVE,
        connection__state=Connection.State.ACTIVE,
    )
    return list(rows.order_by("next_sweep_at").values_list("connection_id", flat=True)[:limit])
