"""What the token's user may see and change (facts §3, §12, §13, §15)."""

from __future__ import annotations

from sandbox.clio.context import Context
from sandbox.clio.store import Row

#: From least to most.
PERMISSIONS = ("none", "limited_viewer", "viewer", "editor", "owner")
WRITEABLE = frozenset({"editor", "owner"})


def sees_contact(ctx: Context, contact: Row) -> bool:
    """Restricted users see contacts they created or of matters they see (4.0.9, [D 12])."""
    if contact.get("hidden_from") and ctx.user["id"] in contact["hidden_from"]:
        return False
    if (
        ctx.user.get("contact_visibility", "all") != "restricted"
        or contact.get("creator_id") == ctx.user["id"]
    ):
        return True
    if "contacts of matters" not in ctx.memo:
        store, account = ctx.store, ctx.account_id
        matters = {row["id"]: row for row in store["matters"].of(account) if sees_matter(ctx, row)}
        ids = {row.get("client_id") for row in matters.values()}
        ids |= {
            row["contact_id"] for row in store["relationships"].of(account) if row.get("matter_id") in matters
        }
        ctx.memo["contacts of matters"] = ids
    return contact["id"] in ctx.memo["contacts of matters"]


def sees_matter(ctx: Context, matter: Row) -> bool:
    """A matter with permissions shows itself only to the users named."""
    allowed = matter.get("only_users")
    return not allowed or ctx.user["id"] in allowed


def permission_on(ctx: Context, calendar: Row, user: Row | None = None) -> str:
    """owner | editor | viewer | limited_viewer | none, of the token's user (facts §15)."""
    user = user or ctx.user
    if calendar["creator_id"] == user["id"]:
        return "owner"
    return calendar["shares"].get(str(user["id"]), calendar["everyone"])


def may_write_to(ctx: Context, calendar: Row) -> bool:
    return permission_on(ctx, calendar) in WRITEABLE


def calendars_of(ctx: Context, entry: Row) -> list[Row]:
    """The calendars an entry stands in: its owner's and those of the firm users attending."""
    ids = [entry["calendar_id"], *(a["id"] for a in entry["attendees"] if a["type"] == "Calendar")]
    found = (ctx.get("calendars", i) for i in ids)
    return [row for row in found if row is not None]


def permission_on_entry(ctx: Context, entry: Row) -> str:
    """
    The best permission over the calendars the entry stands in; attending lifts a limited viewer to viewer.

    An attendee may read the entry, not change it: only the owning calendar gives the right to write.
    """
    own = ctx.get("calendars", entry["calendar_id"])
    best = permission_on(ctx, own) if own else "none"
    for calendar in calendars_of(ctx, entry)[1:]:
        seen = permission_on(ctx, calendar)
        seen = "viewer" if seen in WRITEABLE else seen
        best = max(best, seen, key=PERMISSIONS.index)
    return best


def is_redacted(ctx: Context, entry: Row) -> bool:
    """Limited viewers, and everybody but owner and attendees of a private entry, see only that time is taken (4.0.12)."""
    own = ctx.get("calendars", entry["calendar_id"])
    if own is not None and permission_on(ctx, own) == "owner":
        return False
    attends = any(
        a["type"] == "Calendar"
        and (c := ctx.get("calendars", a["id"])) is not None
        and c["creator_id"] == ctx.user["id"]
        for a in entry["attendees"]
    )
    if attends:
        return False
    return bool(entry.get("private")) or permission_on_entry(ctx, entry) == "limited_viewer"
