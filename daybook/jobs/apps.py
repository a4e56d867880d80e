"""Registers the jobs room and lets recorded events wake the jobs that follow them."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "daybook.jobs"

    def ready(self) -> None:
        from daybook.firms import outbox
        from daybook.jobs import routes

        outbox.listen(routes.follow)
