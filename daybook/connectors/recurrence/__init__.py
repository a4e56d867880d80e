"""Entries as iCalendar describes them, and when they take place: what feeds and calendar providers have in common."""
