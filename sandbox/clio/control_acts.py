"""What people do in Clio's own pages, as one call each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clio.context import Context
from sandbox.clio.recurrence import occurrences
from sandbox.clio.resources import RESOURCES
from sandbox.clio.resources.contacts import Contacts
from sandbox.clio.store import Row
from sandbox.clio.visibility import PERMISSIONS
from sandbox.clio.world import World

_CONTACT = "id,etag,name,first_name,last_name,type,primary_email_address,primary_phone_number,updated_at"
_ENTRY = "id,etag,summary,start_at,end_at,all_day,parent_calendar_entry_id,recurrence_rule,calendar_owner_id"
_MATTER = "id,etag,display_number,description,status"
_ACTIVITY = "id,etag,date,quantity,price,note,billed,on_bill,total"

BILL_STATES = ("draft", "awaiting_approval", "awaiting_payment", "paid", "void", "deleted")


class Acts:
    """The half of `Control` that acts as people. Each method names the Clio `user` (email) who does it."""

    _world: World
    act: Callable[..., Any]
    user_row: Callable[[str | None], Row]

    # --- contacts --------------------------------------------------------------------------------------------------

    def create_contact(self, user: str, **data: Any) -> dict[str, Any]:
        return self.act(user, "POST", "contacts.json", {"type": "Person"} | data, fields=_CONTACT)

    def edit_contact(self, user: str, contact_id: int, **data: Any) -> dict[str, Any]:
        return self.act(user, "PATCH", f"contacts/{contact_id}.json", data, fields=_CONTACT)

    def delete_contact(self, user: str, contact_id: int) -> None:
        self.act(user, "DELETE", f"contacts/{contact_id}.json")

    def merge_contacts(self, user: str, keep: int, lose: int) -> dict[str, Any]:
        """
        Merge duplicates: `keep` takes over what `lose` has and it lacks, `lose` is deleted.

        What a merge does to ids and webhooks is `[?]` (facts §10): the loser counts as deleted.
        """
        with self._world.store.lock:
            ctx = self._context(user)
            contacts = RESOURCES["contacts"]
            assert isinstance(contacts, Contacts)
            winner, loser = contacts.find(ctx, str(keep)), contacts.find(ctx, str(lose))
            merged = dict(winner)
            for column, value in (
                ("email_addresses", "address"),
                ("phone_numbers", "number"),
                ("addresses", "street"),
            ):
                have = {item.get(value) for item in winner[column]}
                extra = [
                    item | {"primary": not have} for item in loser[column] if item.get(value) not in have
                ]
                merged[column] = [*winner[column], *extra]
            for table, column in (
                ("matters", "client_id"),
                ("relationships", "contact_id"),
                ("notes", "contact_id"),
            ):
                for row in ctx.store[table].of(ctx.account_id):
                    if row.get(column) == loser["id"]:
                        row[column] = winner["id"]
                        ctx.store.touch(row, ctx.now)
            contacts.replace(ctx, winner, merged)
            contacts.delete(ctx, loser)
        return self.read(user, "contacts", keep, _CONTACT)

    def hide_contact(self, contact_id: int, user: str, hidden: bool = True) -> None:
        """Make a contact invisible for one user, as restricted visibility does."""
        with self._world.store.lock:
            row = self._row("contacts", contact_id)
            user_id = self.user_row(user)["id"]
            row["hidden_from"] = sorted(
                {*row.get("hidden_from", ()), user_id} - (set() if hidden else {user_id})
            )

    # --- matters ---------------------------------------------------------------------------------------------------

    def create_matter(self, user: str, client_id: int, description: str, **data: Any) -> dict[str, Any]:
        body = {"client": {"id": client_id}, "description": description} | data
        return self.act(user, "POST", "matters.json", body, fields=_MATTER)

    def edit_matter(self, user: str, matter_id: int, **data: Any) -> dict[str, Any]:
        return self.act(user, "PATCH", f"matters/{matter_id}.json", data, fields=_MATTER)

    def restrict_matter(self, matter_id: int, users: list[str]) -> None:
        """Only these users see the matter; an empty list opens it."""
        with self._world.store.lock:
            self._row("matters", matter_id)["only_users"] = [self.user_row(u)["id"] for u in users]

    # --- calendars -------------------------------------------------------------------------------------------------

    def calendar_of(self, user: str) -> int:
        """The id of a user's own calendar."""
        return int(self.user_row(user)["default_calendar_id"])

    def share_calendar(self, calendar_id: int, user: str, permission: str = "editor") -> None:
        """Give `user` editor, viewer, limited_viewer or none on a calendar."""
        if permission not in PERMISSIONS or permission == "owner":
            raise ValueError(f"no permission called {permission}")
        with self._world.store.lock:
            calendar = self._row("calendars", calendar_id)
            calendar["shares"] = calendar["shares"] | {str(self.user_row(user)["id"]): permission}
            self._world.store.version += 1

    def unshare_calendar(self, calendar_id: int, user: str) -> None:
        self.share_calendar(calendar_id, user, "none")

    def create_entry(
        self, user: str, summary: str, start_at: str, end_at: str, calendar_id: int | None = None,
        private: bool = False, **data: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """An entry in the user's own calendar, or another one they may write to; `private` hides it from others."""
        owner = {"calendar_owner": {"id": calendar_id or self.calendar_of(user)}}
        body = {"summary": summary, "start_at": start_at, "end_at": end_at} | owner | data
        entry = self.act(user, "POST", "calendar_entries.json", body, fields=_ENTRY)
        if private:
            self._row("calendar_entries", int(entry["id"]))["private"] = True
        return entry

    def edit_entry(self, user: str, entry_id: str | int, **data: Any) -> dict[str, Any]:
        """Change an entry, a whole series (its id) or one occurrence ("<series id>-<start>")."""
        return self.act(user, "PATCH", f"calendar_entries/{entry_id}.json", data, fields=_ENTRY)

    def move_entry(self, user: str, entry_id: str | int, start_at: str, end_at: str) -> dict[str, Any]:
        return self.edit_entry(user, entry_id, start_at=start_at, end_at=end_at)

    def delete_entry(self, user: str, entry_id: str | int) -> None:
        """Delete an entry, a whole series or one occurrence."""
        self.act(user, "DELETE", f"calendar_entries/{entry_id}.json")

    def end_series(self, user: str, occurrence_id: str) -> None:
        """Delete this occurrence and all after it."""
        self.edit_entry(user, occurrence_id, _deleted="future")

    def occurrence_ids(self, series_id: str | int, since: str, until: str) -> list[str]:
        """The ids of a series' occurrences between two times."""
        from sandbox.clio.attributes import seconds_of

        with self._world.store.lock:
            row = self._row("calendar_entries", int(series_id))
            ctx = self._context(None)
            window = seconds_of(ctx, "since", since), seconds_of(ctx, "until", until)
            return [found["key"] for found in occurrences(row, *window)]

    # --- bills -----------------------------------------------------------------------------------------------------

    def bill_activity(self, activity_id: int, state: str = "draft") -> dict[str, Any]:
        """Put an activity on a bill of its own, or move its bill on: draft, awaiting_approval, awaiting_payment, paid, void."""
        if state not in BILL_STATES:
            raise ValueError(f"no bill state called {state}")
        with self._world.store.lock:
            world, store = self._world, self._world.store
            activity = self._row("activities", activity_id)
            ctx = self._context_of(activity["account_id"])
            changed = dict(activity)
            bill = store["bills"].get(activity.get("bill_id"))
            now = world.clock.seconds()
            if bill is None:
                number = str(1 + store["bills"].count(activity["account_id"]))
                bill = store.new_row(
                    activity["account_id"], now, number=number, state=state, type="MatterBill", kind="revenue_kind",
                    activity_ids=[activity_id], creator_id=ctx.user["id"],
                )  # fmt: skip
                store["bills"].add(bill)
                changed["bill_id"] = bill["id"]
            before = world.webhooks.before(ctx, RESOURCES["activities"], activity)
            bill["state"] = state
            bill["issued_at"] = (
                None if state in ("draft", "awaiting_approval") else (ctx.when(now) or "")[:10]
            )
            store.touch(bill, now)
            activity.update(changed)
            store.touch(activity, now)
            if before is not None:
                world.webhooks.updated(ctx, RESOURCES["activities"], activity, before)
            return {"id": bill["id"], "number": bill["number"], "state": state}

    def create_activity(self, user: str, **data: Any) -> dict[str, Any]:
        return self.act(user, "POST", "activities.json", {"type": "TimeEntry"} | data, fields=_ACTIVITY)

    def edit_activity(self, user: str, activity_id: int, **data: Any) -> dict[str, Any]:
        return self.act(user, "PATCH", f"activities/{activity_id}.json", data, fields=_ACTIVITY)

    def delete_activity(self, user: str, activity_id: int) -> None:
        self.act(user, "DELETE", f"activities/{activity_id}.json")

    # --- reading as a user -----------------------------------------------------------------------------------------

    def read(self, user: str, path: str, record_id: int | str, fields: str = "id,etag") -> dict[str, Any]:
        """One record as the API shows it to `user`."""
        return self.act(user, "GET", f"{path}/{record_id}.json", fields=fields)

    def find_contacts(self, user: str, query: str) -> list[dict[str, Any]]:
        return self.act(user, "GET", "contacts.json", query=query, fields=_CONTACT)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _row(self, table: str, row_id: int) -> Row:
        row = self._world.store[table].get(row_id)
        if row is None:
            raise ValueError(f"nothing with id {row_id} in {table}")
        return row

    def _context(self, user: str | None) -> Context:
        return self._world.context(self.user_row(user))

    def _context_of(self, account_id: int) -> Context:
        return self._world.context(next(self._world.store["users"].of(account_id)))
