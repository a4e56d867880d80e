"""Registers the jobs room and lets recorded events wake the jobs that follow them."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "daybook.jobs"

    def ready(self) -> None:
        from daybook.billing import inbox
        from daybook.firms import outbox
        from daybook.sync import hooks, watching

        outbox.listen(_follow)
        hooks.listen(_heed)
        watching.listen(_read_calendar, _look_after_watches)
        inbox.listen(_look_at_charge, _read_payment_account)


def _follow(event: object) -> None:
    # Imported late: routes need the queue, which is ready only after every app is.
    from daybook.jobs import routes

    routes.follow(event)  # type: ignore[arg-type]


def _heed(wanted: object, connection: object) -> None:
    from daybook.jobs import routes

    routes.heed(wanted, connection)  # type: ignore[arg-type]


def _read_calendar(calendar_id: int) -> None:
    from daybook.jobs import routes

    routes.read_told(calendar_id)


def _look_after_watches(connection_id: int) -> None:
    from daybook.jobs import routes

    routes.watch_account(connection_id)


def _look_at_charge(charge_id: int) -> None:
    from daybook.jobs import routes

    routes.look_at_charge(charge_id)


def _read_payment_account(account_id: int) -> None:
    from daybook.jobs import routes

    routes.read_payment_account(account_id)
