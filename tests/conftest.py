"""
The stage for every test: an environment of its own, and a PostgreSQL that starts when the first test wants it.

`pytest tests/core tests/connectors` needs neither Django nor a database. Each process of xdist has its own server.
With TEST_DATABASE_URL an existing server is used instead.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from daybook.config.postgres import Reservation

ROOT = Path(__file__).resolve().parents[1]
#: These folders are tested without Django.
WITHOUT_DJANGO = tuple(ROOT / "tests" / name for name in ("core", "connectors", "sandbox"))

pytest_plugins = [
    "tests.stage.clio",
    "tests.stage.accounts",
    "tests.stage.mail",
    "tests.stage.browser",
    "tests.stage.journey",
]

#: Files that take longest. They begin first, so that no process is left alone with one at the end.
LONGEST = (
    "tests/flows/test_mirror_machine.py",
    "tests/web/test_nasty_input.py",
    "tests/flows/test_entries_laws.py",
    "tests/house/test_run.py",
    "tests/connectors/test_calendar_contract_caldav.py",
)

#: How long an example takes says more about the machine and its other guests than about the product.
hypothesis.settings.register_profile(
    "daybook", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("daybook")

_reservation: Reservation | None = None


def _prepare_environment() -> None:
    """Give the settings what they insist on. Whatever the developer's shell holds must not leak in."""
    global _reservation
    for name in ("PUBLIC_URL", "ALLOWED_HOSTS", "CLIO_BASE_URL", "STATIC_ROOT", "DEBUG", "EMAIL_URL"):
        os.environ.pop(name, None)
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        _reservation = Reservation()
        url = _reservation.url()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="daybook.config.settings",
        DATABASE_URL=url,
        SECRET_KEY="only-for-tests-" * 3,
        ENCRYPTION_KEYS="only-for-tests",
        ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        CLIO_CLIENT_ID="daybook-demo",
        CLIO_CLIENT_SECRET="daybook-demo-secret",
        LOG_LEVEL="warning",
        LOG_FORMAT="text",
        # Playwright keeps an event loop in the test's thread; the ORM is used there on purpose.
        DJANGO_ALLOW_ASYNC_UNSAFE="1",
    )


def _needs_django(config: pytest.Config) -> bool:
    """Whether anything outside the folders tested without Django was asked for."""
    here = config.invocation_params.dir
    asked = [(here / argument.split("::")[0]).resolve() for argument in config.args]
    return not asked or not all(any(path.is_relative_to(w) for w in WITHOUT_DJANGO) for path in asked)


def pytest_configure(config: pytest.Config) -> None:
    # pytest-django sets Django up in its own pytest_configure, which comes after this, once the settings are loaded.
    if _needs_django(config):
        _prepare_environment()
        from django.conf import settings

        assert settings.DATABASES
        # Passwords are not what is tested; the real hasher takes 0.3 s each.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers inherit the environment, but each has a server of its own: it must not begin with this one's."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    os.environ.pop("DATABASE_URL", None)


def pytest_unconfigure() -> None:
    if _reservation is not None:
        _reservation.cancel()  # a started server has been stopped by its fixture


def pytest_collection_finish() -> None:
    """All that is loaded by now stays: looking through it for garbage again and again is a tenth of the tests' work."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    """Start this process's own server, unless an existing one was named."""
    if _reservation is None:
        yield
        return
    server = _reservation.start()
    yield
    server.stop()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Our own server is thrown away whole, so there is no need to drop the database in it first."""
    return _reservation is not None


@pytest.fixture(scope="session")
def django_db_setup(postgres: None, django_db_setup: None) -> None:
    """pytest-django's own, after the server is there."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Whoever only marks a test as transactional means that fixture too. The longest begin. And the browser comes last: Playwright leaves an
    event loop in the tests' thread, under which Django has other database connections than without (asgiref's Local,
    read 2026-11), so that a test before and a test after it would not share what they think they share.
    """
    begin = {ROOT / name: place for place, name in enumerate(LONGEST)}
    browser = ROOT / "tests" / "browser"
    items.sort(key=lambda item: (item.path.is_relative_to(browser), begin.get(item.path, len(begin))))
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction") and "transactional_db" not in item.fixturenames:  # type: ignore[attr-defined]
            item.fixturenames.insert(0, "transactional_db")  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _guards(pytestconfig: pytest.Config) -> None:
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        from daybook.config import guards

        guards.switch_on()


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_before_asking_again() -> Iterator[None]:
    """As often as ever, but at once. tests/connectors/test_http.py has the real waits."""
    import stamina

    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _rows_of_a_test_end_with_it(pytestconfig: pytest.Config) -> Iterator[None]:
    """Django truncates every table after each test that commits, and writes its permissions again: most of such a test's time."""
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        yield
        return
    from django.core.management.commands import flush
    from django.test import TransactionTestCase

    from tests.stage import rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        patch.setattr(TransactionTestCase, "_fixture_teardown", rows.after_test)
        yield


@pytest.fixture
def drain_jobs(db: None) -> Callable[..., list[str]]:
    """
    Run every job that is due, until none is, and return the names of their tasks in order.

    Runs in the test's thread and transaction, so it works with `db` as with `transactional_db`. A job that fails for
    good fails the test; with `allow_failures=True` it does not.
    """
    from daybook.jobs.drain import drain

    def run(*, allow_failures: bool = False) -> list[str]:
        ran = drain()
        for one in ran:
            if one.error is not None and not one.retries and not allow_failures:
                raise AssertionError(f"The job {one.task}({one.arguments}) failed.") from one.error
        return [one.task for one in ran]

    return run
