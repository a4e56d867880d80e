"""An array written by hand reaches PostgreSQL as the texts it was made of."""

import pytest
from django.db import connection

from daybook.contacts.lookup import array

pytestmark = pytest.mark.django_db

AWKWARD = [
    "",
    " ",
    "NULL",
    "a,b",
    "{a}",
    'quo"te',
    "back\\slash",
    '\\"',
    "tab\tand\nline",
    "Núñez 北京 🙂",
    "'",
]


@pytest.mark.parametrize(
    "texts", [[], ["dana@example.com"], AWKWARD, [one for one in AWKWARD for _ in (1, 2)]]
)
def test_an_array_arrives_as_the_texts_it_was_made_of(texts: list[str]):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array(texts)])
        assert cursor.fetchone()[0] == texts
