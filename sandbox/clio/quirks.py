"""What nobody has published about Clio, decided here once, and switchable: facts.md's `[?]` as a table."""

from __future__ import annotations

from typing import Any

#: name -> the choice taken. `control.set_quirk(name, value)` takes the other one.
QUIRKS: dict[str, Any] = {
    # Does editing a nested e-mail, phone or address change the contact's updated_at? (facts §10)
    "nested_edits_touch_parent": True,
    # Is the end of an all-day entry the following midnight ("exclusive") or its last day's midnight ("inclusive")? (§15)
    "all_day_end": "exclusive",
    # Does a refresh end the old access token at once? (§19.12)
    "refresh_ends_old_token": False,
    # Status of a matter created without one (§13)
    "default_matter_status": "Open",
    # Does deleting a contact that has matters work ("allow") or not ("refuse", 422)? (§19.8)
    "delete_contact_with_matters": "refuse",
    # Does deleting an activity on an issued bill work ("allow") or not ("refuse", 422)? (§14)
    "delete_billed_activity": "refuse",
    # Is `billed` already true on a draft bill? Documented: no. Seen in practice: yes (§14, [O 21])
    "draft_counts_as_billed": False,
    # Does meta.records (the total) appear? (§5)
    "show_total_records": False,
    # Are calendars with permission "none" listed at all? (§15)
    "list_calendars_without_permission": False,
    # What a calendar list without `calendar_id` covers: "visible" (all the user may see) or "own" (§15)
    "entries_without_calendar": "visible",
    # Seconds an access token lives (§2: 2592000 now, 604800 in older code)
    "token_life": 2_592_000,
    # Do others see the times of entries on a calendar they are limited viewers of? (§15, 4.0.12)
    "redacted_entries_show_times": True,
}
