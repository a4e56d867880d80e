"""Every event has a row in the one list of what follows what, even when nothing does."""

from daybook.core.events import EVENTS


def test_every_event_has_a_route_and_every_route_an_event():
    from daybook.jobs import routes

    known = set(EVENTS)
    listed = set(routes.ROUTES)
    assert known == listed, (
        f"without a row in jobs/routes.py: {sorted(known - listed)}; rows for nothing: {sorted(listed - known)}"
    )


def test_every_task_a_route_names_is_registered():
    from procrastinate.contrib.django import app

    from daybook.jobs import routes

    app.perform_import_paths()
    names = set(app.tasks)
    for event, following in routes.ROUTES.items():
        for task in following:
            name = task if isinstance(task, str) else getattr(task, "name", None)
            if name is not None:
                assert name in names, f"{event} leads to {name}, which no task is called"
