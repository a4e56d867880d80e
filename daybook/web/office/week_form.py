"""An ordinary week as a form: stretches of each weekday, in the lawyer's own zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Any

from django import forms

from daybook.calendars.models import WorkingHours
from daybook.core.hours import MINUTES_A_DAY, WeeklyHours
from daybook.web.forms import RefusableForm
from daybook.web.office.rows import numbers, spare

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_A_DAY = 6


def clock(minutes: int) -> time:
    """Minutes since midnight as a clock shows them; the midnight that ends a day is 00:00 again."""
    return time(minutes // 60 % 24, minutes % 60)


def minutes_of(opens: time, closes: time) -> tuple[int, int]:
    """Both as minutes since midnight; closing at 00:00 is the end of the day."""
    start, end = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
    return start, end or MINUTES_A_DAY


def time_field(label: str, initial: time | None = None) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        initial=initial,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": "Please enter a time, such as 09:00."},
    )


class WeekForm(RefusableForm):
    def __init__(self, kept: Iterable[WorkingHours], data: Any = None) -> None:
        super().__init__(data)
        self.days: dict[int, list[int]] = {}
        known: dict[int, list[WorkingHours]] = {}
        for row in kept:
            known.setdefault(row.weekday, []).append(row)
        for day, name in enumerate(DAYS):
            rows = known.get(day, [])
            self.days[day] = numbers(data, f"d{day}", "from", len(rows), 1, MOST_A_DAY)
            for n in self.days[day]:
                row = rows[n] if n < len(rows) else None
                part = f", part {n + 1}" if n else ""
                self.fields[f"d{day}_{n}_from"] = time_field(
                    f"{name}{part}, from", clock(row.opens) if row else None
                )
                self.fields[f"d{day}_{n}_to"] = time_field(
                    f"{name}{part}, to", clock(row.closes) if row else None
                )

    def day_rows(self) -> list[dict[str, Any]]:
        """The week as the page draws it."""
        return [
            {
                "number": day,
                "name": DAYS[day],
                "rows": [
                    {
                        "opens": self[f"d{day}_{n}_from"],
                        "closes": self[f"d{day}_{n}_to"],
                        "spare": spare(self[f"d{day}_{n}_from"]) and spare(self[f"d{day}_{n}_to"]),
                    }
                    for n in found
                ],
            }
            for day, found in self.days.items()
        ]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        self._week: dict[int, tuple[tuple[int, int], ...]] = {}
        for day, found in self.days.items():
            stretches: list[tuple[int, int]] = []
            for n in found:
                opens, closes = f"d{day}_{n}_from", f"d{day}_{n}_to"
                stretch = self._stretch(opens, closes, typed)
                if stretch is None:
                    continue
                if any(stretch[0] < end and start < stretch[1] for start, end in stretches):
                    self.add_error(opens, "This overlaps other hours of the same day.")
                stretches.append(stretch)
            if stretches:
                self._week[day] = tuple(sorted(stretches))
        return typed

    def _stretch(self, opens: str, closes: str, typed: dict[str, Any]) -> tuple[int, int] | None:
        if opens in self.errors or closes in self.errors:
            return None
        start, end = typed.get(opens), typed.get(closes)
        if start is None and end is None:
            return None
        if start is None or end is None:
            self.add_error(closes if end is None else opens, "Please enter both times, or none.")
            return None
        first, last = minutes_of(start, end)
        if first >= last:
            self.add_error(closes, "This must be later than the start. Midnight is 12:00 am.")
            return None
        return first, last

    def weekly(self) -> WeeklyHours:
        return WeeklyHours(self._week)
