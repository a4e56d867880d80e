"""Addresses of the public side: booking, and what the links in a confirmation lead to."""

from __future__ import annotations

from django.contrib.sitemaps import views as sitemaps
from django.urls import path, re_path

from daybook.web.public import (
    accent,
    booking,
    details,
    directory,
    manage,
    paying,
    places,
    requests,
    structured,
)

_OFFER = "book/<slug:firm_slug>/<slug:lawyer_slug>/<slug:type_slug>/"

urlpatterns = [
    path(_OFFER, booking.times, name="public_times"),  # first: it is asked most, by crowds
    path("", places.landing, name="landing"),
    path("lawyers/", directory.find, name="directory"),
    path("robots.txt", structured.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, {"sitemaps": structured.SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        sitemaps.sitemap,
        {"sitemaps": structured.SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    # A signed token always has a colon, which no firm's own address has.
    re_path(r"^book/hold/(?P<token>[^/]*:[^/]*)/$", details.details, name="public_hold"),
    path("privacy/<slug:firm_slug>/", places.privacy, name="public_privacy"),
    path("book/<slug:firm_slug>/", places.firm, name="public_firm"),
    path("book/<slug:firm_slug>/accent.css", accent.stylesheet, name="public_accent"),
    path("book/<slug:firm_slug>/<slug:lawyer_slug>/", places.lawyer, name="public_lawyer"),
    path(f"{_OFFER}times.json", booking.times_data, name="public_times_data"),
    path("appointment/<str:token>/", manage.appointment, name="public_appointment"),
    path("appointment/<str:token>/appointment.ics", manage.calendar, name="public_calendar_file"),
    path("appointment/<str:token>/move/", manage.move, name="public_move"),
    path("appointment/<str:token>/move/review/", manage.review, name="public_move_review"),
    path("appointment/<str:token>/pay/", paying.pay, name="public_pay"),
    path("appointment/<str:token>/pay/go/", paying.go, name="public_pay_go"),
    path("appointment/<str:token>/cancel/", manage.cancel, name="public_cancel"),
    path("appointment/<str:token>/request/", requests.requested, name="public_request"),
    path("appointment/<str:token>/request/withdraw/", requests.withdraw, name="public_withdraw"),
]
