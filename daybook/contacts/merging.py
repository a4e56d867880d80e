"""Two contacts become one, and two again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from daybook.contacts import history, queries, storing
from daybook.contacts.cards import card_of, fingerprint, kept
from daybook.contacts.models import Contact, Merge, Source
from daybook.core.cards import SETS, TEXTS, Card, from_json, tidy, to_json
from daybook.core.changes import MAIN, differences
from daybook.core.errors import ChangedMeanwhile
from daybook.firms.models import Firm, User
from daybook.firms.outbox import record

#: What `absorb` itself moves from the one to the other, beside what the caller says it moved.
_MERGES = "merges"


def union(keep: Card, drop: Card) -> Card:
    """What one contact would say for both: `keep`'s texts, `drop`'s where it has none, and everything in the sets."""
    texts = (
        {name: getattr(keep, name) or getattr(drop, name) for name in TEXTS} if keep.kind == drop.kind else {}
    )
    # A first name beside another's last name would make up a third person.
    if keep.first_name or keep.last_name:
        texts |= {name: getattr(keep, name) for name in ("first_name", "middle_name", "last_name")}
    return replace(
        keep, **texts, **{name: tidy((*getattr(keep, name), *getattr(drop, name))) for name in SETS}
    )


def absorb(
    *,
    firm: Firm,
    keep: Contact,
    drop: Contact,
    now: datetime,
    card: Card | None = None,
    is_client: bool | None = None,
    moved: Mapping[str, list[int]] | None = None,
    actor: User | None = None,
    seen: tuple[str, str] = ("", ""),
) -> Merge:
    """
    Make `drop` part of `keep`, which then says `card` (else what `union` makes of both); `drop` is deleted.

    Whoever refers to `drop` must have been pointed to `keep` before: the database refuses otherwise. `moved` says who
    that was, by kind, so that `part` can tell it again. `seen` are the fingerprints of both as they were shown to whoever decided.

    Raises ChangedMeanwhile when one of them is no longer there, or no longer as it was shown.
    """
    with transaction.atomic():
        both = queries.contacts_by_id(firm.pk, [keep.pk, drop.pk], lock=True)
        if keep.pk == drop.pk or len(both) < 2:
            raise ChangedMeanwhile("One of these contacts is no longer there.")
        keep, drop = both[keep.pk], both[drop.pk]
        before, dropped, drop_id = card_of(keep), card_of(drop), drop.pk
        if any(
            was and was != fingerprint(is_now) for was, is_now in zip(seen, (before, dropped), strict=True)
        ):
            raise ChangedMeanwhile
        after = kept(card if card is not None else union(before, dropped))
        client = keep.is_client or drop.is_client if is_client is None else is_client
        earlier = list(Merge.objects.filter(kept=drop).values_list("pk", flat=True))
        # The kept one of an earlier merge is now somebody else, who must not lose by parting what was theirs before.
        Merge.objects.filter(pk__in=earlier).update(
            kept=keep, kept_before=to_json(after), kept_after=to_json(after)
        )
        merge = Merge.objects.create(
            firm=firm,
            kept=keep,
            kept_before=to_json(before) | {"is_client": keep.is_client},
            kept_after=to_json(after) | {"is_client": client},
            dropped=drop_id,
            dropped_card=to_json(dropped),
            dropped_is_client=drop.is_client,
            moved={**(moved or {}), _MERGES: earlier},
            actor=actor,
            at=now,
        )
        drop.delete()
        if storing.overwrite(
            firm=firm, changed=[(keep, after, client)], source=Source.MERGE, now=now, actor=actor
        ):
            record("contact_saved", firm=firm, now=now, subject=keep.pk, actor=actor)
        record(
            "contacts_merged",
            firm=firm,
            now=now,
            subject=keep.pk,
            actor=actor,
            kept=keep.pk,
            dropped=drop_id,
        )
    return merge


def part(*, merge: Merge, now: datetime, actor: User | None = None) -> Contact:
    """
    Bring back the contact that a merge dropped, with its own values and a new id, and return it.

    The kept one loses what the merge gave it, field by field, unless the field says something else by now. What the
    merge moved is the caller's to move back. Raises ChangedMeanwhile when somebody else has parted them already.
    """
    with transaction.atomic():
        merge = Merge.objects.select_for_update().get(pk=merge.pk)
        if merge.undone_at is not None:
            raise ChangedMeanwhile("This merge has been undone already.")
        firm = merge.firm
        keep = queries.locked_contact(firm.pk, merge.kept_id)
        back = storing.insert(
            firm=firm,
            people=[(from_json(merge.dropped_card), merge.dropped_is_client)],
            source=Source.UNDO,
            now=now,
        )[0]
        card, client = _before(keep, merge)
        if storing.overwrite(
            firm=firm, changed=[(keep, card, client)], source=Source.UNDO, now=now, actor=actor
        ):
            record("contact_saved", firm=firm, now=now, subject=keep.pk, actor=actor)
        Merge.objects.filter(pk__in=merge.moved.get(_MERGES, [])).update(kept=back)
        Merge.objects.filter(pk=merge.pk).update(undone_at=now)
        record("contact_saved", firm=firm, now=now, subject=back.pk, actor=actor)
        record(
            "merge_undone",
            firm=firm,
            now=now,
            subject=keep.pk,
            actor=actor,
            kept=keep.pk,
            dropped=merge.dropped,
            restored=back.pk,
        )
    return back


def _before(keep: Contact, merge: Merge) -> tuple[Card, bool]:
    """The kept contact without what the merge gave it and still is so."""
    given: dict[str, Any] = merge.kept_after
    was: dict[str, Any] = merge.kept_before
    card = card_of(keep)
    changes = list(differences(from_json(was), from_json(given)))
    # A default is put back before its successor goes, so that it is not chosen anew in between.
    for change in sorted(changes, key=lambda change: not change.field.endswith(MAIN)):
        if history.value_of(card, change.field) == change.now:
            try:
                card = history.with_value(card, change.field, change.was)
            except KeyError:
                continue  # the former default is gone: the present one stays
    client = keep.is_client
    if "is_client" in was and client == given.get("is_client"):
        client = was["is_client"]
    return card, client
