"""What one keystroke in the pick list costs the database."""

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from daybook.firms import queries
from daybook.firms.models import Member
from tests.cast import NOW, add_member, hart_and_vale

pytestmark = pytest.mark.django_db


def test_a_keystroke_asks_four_questions(monkeypatch):
    cast = hart_and_vale(NOW)
    visitor = Client()
    visitor.force_login(cast.alice_user, "django.contrib.auth.backends.ModelBackend")
    path = reverse("suggest_clients")
    assert visitor.get(path, {"q": "d"}).status_code == 200
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor, query, *arguments, **options):
        sent.append(str(query))
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    assert visitor.get(path, {"q": "da"}).status_code == 200
    assert len(sent) == 4, sent  # session, user, place in the firm, contacts


def test_an_actor_is_what_the_rows_say_and_nobody_without_an_active_place():
    cast = hart_and_vale(NOW)
    alice = queries.actor_of(cast.alice_user)
    member = Member.objects.get(user=cast.alice_user)
    assert (alice.user, alice.member, alice.firm, alice.own) == (
        cast.alice_user,
        member,
        cast.firm,
        cast.alice,
    )
    assert alice.acting_for is None
    assert alice.own.practice_areas == cast.alice.practice_areas
    assert alice.firm.created_at == cast.firm.created_at
    bob = add_member(cast, "Bob Ray", "bob@hartvale.example", Member.Role.STAFF)
    assert bob.own is None
    assert queries.actor_of(bob.user, cast.alice.pk).acting_for == cast.alice
    cast.alice.active = False
    cast.alice.save()
    assert queries.actor_of(cast.alice_user).own is None
    assert queries.actor_of(bob.user, cast.alice.pk).acting_for is None
    Member.objects.filter(user=bob.user).update(active=False)
    assert queries.actor_of(bob.user) is None
    cast.alice_user.is_active = False
    cast.alice_user.save()
    assert queries.actor_of(cast.alice_user) is None
    assert queries.actor_of(AnonymousUser()) is None


def test_a_lawyer_does_not_sit_down_at_the_desk_of_another():
    cast = hart_and_vale(NOW)
    erin = add_member(cast, "Erin Moss", "erin@hartvale.example", Member.Role.LAWYER)
    assert queries.actor_of(erin.user, cast.alice.pk).acting_for is None
