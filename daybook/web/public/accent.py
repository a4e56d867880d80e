"""A firm's own accent color on its booking pages, where it can be read; ours everywhere else."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from daybook.firms.queries import public_firm

#: The grounds an accent stands on as text, from app.css: paper and surface, in light and in dark.
LIGHT, DARK = ("#fbfaf7", "#ffffff"), ("#14171c", "#1b2027")
#: WCAG 2.2, 1.4.3: contrast of text.
READABLE = 4.5

Rgb = tuple[int, int, int]


@require_safe
def stylesheet(request: HttpRequest, firm_slug: str) -> HttpResponse:
    firm = public_firm(firm_slug)
    if firm is None:
        raise Http404
    response = HttpResponse(accent_css(firm.accent), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@lru_cache(maxsize=256)
def accent_css(accent: str) -> str:
    """
    The few custom properties that differ, or "" when `accent` is no color of the form #rrggbb.

    In light the color is used as it is, or not at all when it cannot be read on our paper. In dark it is lightened
    until it can.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        return ""
    color = _rgb(accent)
    if not _readable(color, LIGHT, 0.1):
        return ""
    light = _properties(color, _mixed(color, (0, 0, 0), 0.25), "#ffffff", LIGHT, 0.1)
    shades = (_mixed(color, (255, 255, 255), step / 20) for step in range(20))
    bright = next((shade for shade in shades if _readable(shade, DARK, 0.14)), (255, 255, 255))
    dark = _properties(bright, _mixed(bright, (255, 255, 255), 0.35), "#10161d", DARK, 0.14)
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _readable(color: Rgb, grounds: tuple[str, ...], share: float) -> bool:
    """Whether it can be read on the grounds, and on its own tint of the last of them."""
    under = [*(_rgb(ground) for ground in grounds), _tint(color, grounds, share)]
    return min(_contrast(color, ground) for ground in under) >= READABLE


def _tint(color: Rgb, grounds: tuple[str, ...], share: float) -> Rgb:
    return _mixed(_rgb(grounds[-1]), color, share)


def _properties(color: Rgb, strong: Rgb, on: str, grounds: tuple[str, ...], share: float) -> str:
    tint = _hex(_tint(color, grounds, share))
    return f"--accent:{_hex(color)};--accent-strong:{_hex(strong)};--on-accent:{on};--accent-tint:{tint}"


def _rgb(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(color: Rgb) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [part / 255 for part in color]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: Rgb, other: Rgb) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)
