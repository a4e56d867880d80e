"""What an operator does from the terminal."""

import argparse

import pytest
from django.db import connection
from django.utils import timezone

from daybook.config import checkup, operator
from daybook.config.env import fernet_key


def _options(**given):
    return argparse.Namespace(
        **{
            "name": "Example Law",
            "email": "ann@example.com",
            "person": "Ann Example",
            "time_zone": "America/Denver",
            "country": "US",
            "lawyer": True,
            **given,
        }
    )


@pytest.mark.django_db
def test_a_firm_is_opened_and_its_subscription_switched(capsys):
    from daybook.firms.models import Firm, Lawyer

    assert operator.create_firm(_options()) == 0
    firm = Firm.objects.get()
    assert (firm.slug, firm.subscription) == ("example-law", "trial")
    assert Lawyer.objects.get().name == "Ann Example"
    assert operator.set_subscription("example-law", "active") == 0
    firm.refresh_from_db()
    assert firm.subscription == "active"
    assert operator.set_subscription("nobody", "active") == 1
    assert operator.create_firm(_options()) == 1
    assert "already here" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_time_zone_nobody_knows_is_refused_and_nothing_is_left(capsys):
    from daybook.firms.models import Firm, User

    assert operator.create_firm(_options(time_zone="Mars/Olympus")) == 1
    assert not Firm.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_keys_are_rotated(settings):
    from daybook.firms.models import Firm
    from daybook.sync.models import Connection

    old, new = fernet_key("old"), fernet_key("new")
    settings.ENCRYPTION_KEYS = (old,)
    firm = Firm.objects.create(name="Example", slug="example")
    made = Connection.objects.create(
        firm=firm, provider="clio", access_token="a secret", connected_at=timezone.now()
    )

    def raw() -> str:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT access_token FROM {Connection._meta.db_table}")
            return cursor.fetchone()[0]

    before = raw()
    settings.ENCRYPTION_KEYS = (new, old)
    assert operator.rotate_keys() == 0
    assert raw() != before
    settings.ENCRYPTION_KEYS = (new,)
    made.refresh_from_db()
    assert made.access_token == "a secret"
    settings.ENCRYPTION_KEYS = (fernet_key("another"),)
    assert operator.rotate_keys() == 1


@pytest.mark.django_db
def test_the_checkup_passes_and_says_what_it_saw(capsys):
    assert checkup.run() == 0
    said = capsys.readouterr().out
    assert "PostgreSQL" in said
    assert "all migrations applied" in said
    assert "note   worker" in said
