"""Pages of a list: by cursor without ceiling, or by offset up to 10,000 records (facts §5, [D 6])."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from sandbox.clio.errors import BadRequest
from sandbox.clio.store import Row

#: Where offset paging stops.
CEILING = 10_000


@dataclass
class Page:
    rows: list[Row]
    #: Parameters that differ in the next and the previous page's address; None where there is no such page.
    next: dict[str, str] | None
    previous: dict[str, str] | None


def limit_of(args: Mapping[str, str], maximum: int) -> int:
    return _whole(args, "limit", maximum, 1, maximum)


def offset_of(args: Mapping[str, str]) -> int:
    return _whole(args, "offset", 0, 0, CEILING)


def _whole(args: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    if name not in args:
        return default
    try:
        value = int(args[name])
    except ValueError:
        raise BadRequest(f"{name} must be a number.") from None
    if not least <= value <= most:
        raise BadRequest(f"{name} must be between {least} and {most}.")
    return value


def by_cursor(
    walk: Callable[[int | None], Iterable[Row]],
    keep: Callable[[Row], bool],
    args: Mapping[str, str],
    limit: int,
) -> Page:
    """
    One page in id order. `walk(after)` gives the rows behind a row id; only as many are looked at as the page needs.

    There is no way back: `previous` needs the whole list, and the real one is never used by a sync.
    """
    after = _read_token(args)
    rows = list(islice((row for row in walk(after) if keep(row)), limit + 1))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, {"page_token": _token(rows[-1]["id"])} if more else None, None)


def by_offset(rows: list[Row], args: Mapping[str, str], limit: int) -> Page:
    """One page of a sorted list, which ends at record 10,000 however long it is."""
    offset = offset_of(args)
    end = min(offset + limit, CEILING)
    following = {"offset": str(end)} if end < min(len(rows), CEILING) else None
    before = {"offset": str(max(0, offset - limit))} if offset else None
    return Page(rows[offset:end], following, before)


def by_position(rows: list[Row], args: Mapping[str, str], limit: int) -> Page:
    """One page of a list that is computed whole each time, by an opaque token (expanded calendar entries)."""
    start = _read_token(args) or 0
    if "offset" in args:
        return by_offset(rows, args, limit)
    more = {"page_token": _token(start + limit)} if len(rows) > start + limit else None
    return Page(rows[start : start + limit], more, None)


def address(base: str, args: Mapping[str, Any], change: dict[str, str]) -> str:
    """A page's full URL, braces percent-encoded (facts §5, [O 21])."""
    pairs = [(k, v) for k, values in args.items() for v in values if k not in ("page_token", "offset")]
    return f"{base}?{urlencode(pairs + list(change.items()))}"


def _token(value: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"k": value}).encode()).decode().rstrip("=")


def _read_token(args: Mapping[str, str]) -> int | None:
    token = args.get("page_token")
    if not token:
        return None
    try:
        return int(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["k"])
    except (ValueError, KeyError, TypeError):
        raise BadRequest("page_token is not valid.") from None
