"""Channels: who wants to be told of a calendar's changes, and until when."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from sandbox.google.errors import Refused, invalid, not_found

if TYPE_CHECKING:
    from sandbox.google.api import Call
    from sandbox.google.world import Row, World

#: Seconds: what a channel lives when nothing is asked for, and at most.
LIFE, MOST = 7 * 86_400, 30 * 86_400
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def watch(world: World, account: Row, call: Call, at: dict[str, str]) -> dict[str, Any]:
    calendar = world.calendar(account, at["calendar"], "reader")
    given = call.json
    own, address = given.get("id"), str(given.get("address") or "")
    if not isinstance(own, str) or not 1 <= len(own) <= 64:
        raise invalid("Invalid channel id.")
    if given.get("type") not in ("web_hook", "webhook"):
        raise invalid("Invalid channel type.")
    if own in world.tables["channels"]:
        raise Refused(400, "channelIdNotUnique", "Channel id not unique")
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise Refused(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + address)
    now = world.clock.time()
    asked = int(given["expiration"]) / 1000 if given.get("expiration") else now + LIFE
    if asked <= now:
        raise invalid("Invalid expiration.")
    channel = {
        "id": own,
        "resourceId": hashlib.sha256(calendar["id"].encode()).hexdigest()[:27],
        "resourceUri": f"https://www.googleapis.com/calendar/v3/calendars/{quote(calendar['id'])}/events?alt=json",
        "token": given.get("token") or "",
        "address": address,
        "expires_at": min(asked, now + MOST),
        "calendar": calendar["id"],
        "email": account["email"],
        "number": 0,
    }
    world.tables["channels"][own] = channel
    world.changed()
    world.push.tell(channel, "sync")
    answer = {name: channel[name] for name in ("id", "resourceId", "resourceUri")}
    answer |= {"kind": "api#channel", "expiration": str(int(channel["expires_at"] * 1000))}
    return answer | ({"token": channel["token"]} if channel["token"] else {})


def stop(world: World, account: Row, call: Call, at: dict[str, str]) -> None:
    given = call.json
    channel = world.tables["channels"].get(str(given.get("id")))
    if channel is None or channel["resourceId"] != given.get("resourceId"):
        raise not_found()
    if channel["email"] != account["email"] or channel["expires_at"] <= world.clock.time():
        raise not_found()
    del world.tables["channels"][channel["id"]]
    world.changed()


def tell(world: World, calendar_id: str) -> None:
    """Something has changed there."""
    for channel in world.tables["channels"].values():
        if channel["calendar"] == calendar_id:
            world.push.tell(channel, "exists")
