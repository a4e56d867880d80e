"""A firm's accent replaces ours only where it can be read."""

from __future__ import annotations

import re

import pytest

from daybook.firms.models import Firm
from daybook.web.public import accent


def contrast(one: str, other: str) -> float:
    return accent._contrast(accent._rgb(one), accent._rgb(other))


def test_contrast_is_counted_as_the_standard_has_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("color", ["", "red", "#fff", "#ffd700", "#1f4e7", "url(x)", "#12345g", "#7a7a7a;}"])
def test_what_is_no_color_or_cannot_be_read_leaves_ours(color: str):
    assert accent.accent_css(color) == ""


@pytest.mark.parametrize("color", ["#5b1a2e", "#0b3d2e", "#000000", "#1f4e79", "#6b4a00", "#4b0082"])
def test_every_pair_it_makes_can_be_read(color: str):
    light, dark = accent.accent_css(color).split("@media")
    for css, grounds in ((light, accent.LIGHT), (dark, accent.DARK)):
        found = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", css.lower()))
        for name in ("accent", "accent-strong"):
            assert all(contrast(found[name], ground) >= accent.READABLE for ground in grounds)
            assert contrast(found[name], found["on-accent"]) >= accent.READABLE
        assert contrast(found["accent"], found["accent-tint"]) >= accent.READABLE


@pytest.mark.django_db
def test_only_a_firm_with_an_accent_has_a_stylesheet_linked(client):
    Firm.objects.create(name="Plain", slug="plain")
    Firm.objects.create(name="Wine", slug="wine", accent="#5b1a2e")
    assert "accent.css" not in client.get("/book/plain/").content.decode()
    assert "/book/wine/accent.css" in client.get("/book/wine/").content.decode()
    answer = client.get("/book/wine/accent.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "--accent:#5b1a2e" in answer.content.decode()
    assert client.get("/book/nobody/accent.css").status_code == 404
