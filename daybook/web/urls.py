"""Every address of the product."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("daybook.web.public.urls")),
    path("", include("daybook.web.office.urls_desk")),
    path("", include("daybook.web.office.urls_firm")),
    path("", include("daybook.web.webhooks.urls")),
    path("account/", include("allauth.urls")),
]
