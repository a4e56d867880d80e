"""Filters of our templates; all times go through core.times, all amounts through core.money."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from daybook.contacts.phones import show_phone
from daybook.core import times
from daybook.core.money import Money

register = template.Library()

_PLACES = {"video": "video", "phone": "phone", "in_person": "in person"}
TONES = {"good", "warn", "bad", "info", "plain"}


@register.simple_tag
def when(start: datetime, end: datetime | None, zone: str, other_zone: str | None = None) -> str:
    """{% when start end zone other_zone %}: the whole time, both zones when they differ."""
    return times.say(start, end, zone, other_zone or None)


@register.simple_tag
def when_large(start: datetime, end: datetime | None, zone: str, other_zone: str | None = None) -> SafeString:
    """{% when_large … %}: the same words set large: broken only where a reader would, the other zone on its own line."""
    first, dot, other = times.say(start, end, zone, other_zone or None).partition(" · ")
    first = first.replace(" am", "\u00a0am").replace(" pm", "\u00a0pm").replace(" – ", "\u00a0– ")
    if not other:
        return format_html("{}", first)
    return format_html(
        '{}<span class="when-other"><span class="hidden-visually">{}</span>{}</span>', first, dot, other
    )


@register.filter
def say_start(at: datetime, zone: str) -> str:
    """{{ at|say_start:zone }}: "Tue 24 Nov, 2:30 pm (Denver, MST)"."""
    return times.say_start(at, zone)


@register.filter
def say_moment(at: datetime | None, zone: str) -> str:
    """{{ at|say_moment:zone }}: "Tue 24 Nov 2026, 2:30 pm", where the zone is plain from the page."""
    return times.say_moment(at, zone) if at else ""


@register.filter
def say_day(on: date | datetime, zone: str | None = None) -> str:
    """{{ day|say_day }} or {{ at|say_day:zone }}: "Tue 24 Nov 2026"."""
    return times.say_day(on, zone)


@register.filter
def say_time(at: datetime, zone: str) -> str:
    """{{ at|say_time:zone }}: "2:30 pm"."""
    return times.say_time(at, zone)


@register.filter
def say_short(at: datetime, zone: str) -> str:
    """{{ at|say_short:zone }}: "Tue 24 Nov, 2:30 pm", where the zone is plain from the page."""
    return f"{times.say_day(at, zone, year=False)}, {times.say_time(at, zone)}"


@register.filter
def say_length(length: timedelta | int) -> str:
    """{{ type.minutes|say_length }}: "30 minutes". Whole numbers are minutes."""
    return times.say_length(timedelta(minutes=length) if isinstance(length, int) else length)


@register.filter
def money(cents: int, currency: str = "USD") -> str:
    """{{ cents|money:firm.currency }}: "$150"."""
    return str(Money(cents, currency))


@register.filter
def fee(cents: int, currency: str = "USD") -> str:
    """{{ type.fee_cents|fee:firm.currency }}: "$150", or "No fee"."""
    return str(Money(cents, currency)) if cents else "No fee"


@register.filter
def badge(word: object, tone: str = "plain") -> SafeString:
    """{{ word|badge:"good" }}: a state, as a word with a color."""
    return format_html('<span class="badge {}">{}</span>', tone if tone in TONES else "plain", word)


@register.filter
def say_places(places: list[str]) -> str:
    """{{ type.places|say_places }}: "video, phone or in person"."""
    names = [_PLACES[place] for place in places if place in _PLACES]
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


@register.filter
def many(number: int, word: str) -> str:
    """{{ n|many:"contact" }}: "1 contact", "19,204 contacts"; {{ n|many:"entry,entries" }} for the uneven ones."""
    one, _, others = word.partition(",")
    return f"{number:,} {one if number == 1 else others or one + 's'}"


@register.filter
def initials(name: str) -> str:
    """{{ lawyer.name|initials }}: "AH"."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def phone(number: str, country: str) -> str:
    """{{ firm.phone|phone:firm.country }}: as people there write it, and ready to be called."""
    return format_html('<a class="nowrap" href="tel:{}">{}</a>', number, show_phone(number, country))


@register.filter
def is_current(path: str, url: str) -> bool:
    """{% if request.path|is_current:some_url %}: whether a page lies under that entry of the top bar."""
    return bool(url) and path.startswith(url)
