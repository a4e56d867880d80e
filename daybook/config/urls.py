"""The addresses: all of them are the web's; health checks are answered before any of this."""

from django.urls import include, path

urlpatterns = [path("", include("daybook.web.urls"))]
