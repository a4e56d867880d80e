"""A million people with names, addresses and numbers as they occur, put in with COPY."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from django.db import connection

from daybook.core.people import email_keys, name_keys, phone_keys
from daybook.firms.models import Firm

FIRST = [
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "William",
    "Barbara",
    "Richard",
    "Susan",
    "Joseph",
    "Jessica",
    "Thomas",
    "Sarah",
    "Carlos",
    "Karen",
    "Christopher",
    "Lisa",
    "Daniel",
    "Nancy",
    "José",
    "Betty",
    "Matthew",
    "Margaret",
    "Anthony",
    "Sandra",
    "Mark",
    "Ashley",
    "Donald",
    "Kimberly",
    "Steven",
    "Emily",
    "Paul",
    "Donna",
    "Andrew",
    "Michelle",
    "Joshua",
    "Carol",
    "Kenneth",
    "Amanda",
    "Kevin",
    "Dorothy",
    "Brian",
    "Melissa",
    "George",
    "Deborah",
    "Edward",
    "Stephanie",
    "Ronald",
    "Rebecca",
    "Timothy",
    "Sharon",
    "Jason",
    "Laura",
    "Jeffrey",
    "Cynthia",
    "Ryan",
    "Kathleen",
    "Jacob",
    "Amy",
    "Gary",
    "Angela",
    "Nicholas",
    "Shirley",
    "Eric",
    "Anna",
    "Jonathan",
    "Brenda",
    "Stephen",
    "Pamela",
    "Larry",
    "Emma",
    "Justin",
    "Nicole",
    "Scott",
    "Helen",
    "Brandon",
    "Samantha",
    "Benjamin",
    "Katherine",
    "Samuel",
    "Christine",
    "Gregory",
    "Zoë",
    "Frank",
    "Rachel",
    "Alexander",
    "Carolyn",
    "Raymond",
    "Janet",
    "Patrick",
    "Catherine",
    "Jack",
    "María",
    "Wei",
    "Siobhán",
    "Ngozi",
    "Priya",
    "Hiroshi",
    "Fatima",
    "Omar",
    "Olena",
    "Renée",
    "Björn",
    "Xiomara",
    "Thu",
]
LAST = [
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "García",
    "Miller",
    "Davis",
    "Rodríguez",
    "Martínez",
    "Hernández",
    "López",
    "González",
    "Wilson",
    "Anderson",
    "Thomas",
    "Taylor",
    "Moore",
    "Jackson",
    "Martin",
    "Lee",
    "Pérez",
    "Thompson",
    "White",
    "Harris",
    "Sánchez",
    "Clark",
    "Ramírez",
    "Lewis",
    "Robinson",
    "Walker",
    "Young",
    "Allen",
    "King",
    "Wright",
    "Scott",
    "Torres",
    "Nguyen",
    "Hill",
    "Flores",
    "Green",
    "Adams",
    "Nelson",
    "Baker",
    "Hall",
    "Rivera",
    "Campbell",
    "Mitchell",
    "Carter",
    "Roberts",
    "Gómez",
    "Phillips",
    "Evans",
    "Turner",
    "Díaz",
    "Parker",
    "Cruz",
    "Edwards",
    "Collins",
    "Reyes",
    "Stewart",
    "Morris",
    "Morales",
    "Murphy",
    "Cook",
    "Rogers",
    "Gutiérrez",
    "Ortiz",
    "Morgan",
    "Cooper",
    "Peterson",
    "Bailey",
    "Reed",
    "Kelly",
    "Howard",
    "Ramos",
    "Kim",
    "Cox",
    "Ward",
    "Richardson",
    "Watson",
    "Brooks",
    "Chávez",
    "Wood",
    "James",
    "Bennett",
    "Gray",
    "Mendoza",
    "Ruiz",
    "Hughes",
    "Price",
    "Álvarez",
    "Castillo",
    "Sanders",
    "Patel",
    "Myers",
    "Long",
    "Ross",
    "Foster",
    "Jiménez",
    "O’Brien",
    "O’Connor",
    "MacDonald",
    "Müller",
    "Kowalski",
    "Ivanova",
    "Okonkwo",
    "Tanaka",
    "Haddad",
    "Schmidt",
    "Rossi",
    "Dubois",
    "Andersen",
]
DOUBLE = (
    "de la Cruz",
    "van den Berg",
    "von Trapp",
    "Garcia-Lopez",
    "St. John",
    "Al Mansour",
    "De Luca",
    "Ten Eyck",
)
MAIL = ("example.com", "mail.example.com", "post.example.org", "web.example.net")
BUSINESS = ("Holdings LLC", "Partners LP", "Construction Inc.", "Dental Group", "Logistics Co.", "Foundation")


def _weights(count: int) -> list[float]:
    """The first names of a list are many, the last are few."""
    return list(accumulate(1 / (rank + 4) for rank in range(count)))


def _people(count: int, seed: int) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Kind, first, last, company, email, phone."""
    chance = random.Random(seed)
    surnames = [*LAST, *DOUBLE]
    firsts, lasts = _weights(len(FIRST)), _weights(len(surnames))
    for number in range(count):
        last = chance.choices(surnames, cum_weights=lasts)[0]
        phone = f"+1{chance.randrange(201, 990)}{chance.randrange(2000000, 9999999)}"
        if number % 20 == 19:
            name = f"{last} {chance.choice(BUSINESS)}"
            yield "company", "", "", name, f"office{number}@{chance.choice(MAIL)}", phone
            continue
        first = chance.choices(FIRST, cum_weights=firsts)[0]
        address = f"{first}.{last}{number}@{chance.choice(MAIL)}".lower().replace(" ", "").replace("’", "")
        yield "person", first, last, "", address, phone


def fill(firms: list[Firm], each: int, now: datetime) -> None:
    """
    Give the first firm `each` contacts, with the search keys Daybook makes for them, and every other firm a copy.

    The indexes of the search keys are made anew afterwards, as is quicker for so many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET statement_timeout = 0"
        )
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'contacts_searchkey' AND indexname !~ 'pkey'"
        )
        indexes = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'contacts_searchkey' AND indexname !~ 'pkey'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
        _copy(cursor, firms[0], each, now)
        for number, firm in enumerate(firms[1:], 1):
            _again(cursor, firms[0].pk, firm.pk, number * each)
        for table in ("contact", "contactemail", "contactphone", "searchkey"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('contacts_{table}', 'id'), max(id)) FROM contacts_{table}"
            )
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET synchronous_commit; RESET maintenance_work_mem; RESET statement_timeout")


def _copy(cursor, firm: Firm, each: int, now: datetime) -> None:  # type: ignore[no-untyped-def]
    people = list(_people(each, 11))
    with cursor.copy(
        "COPY contacts_contact (id, firm_id, kind, first_name, middle_name, last_name, prefix, title, company_name,"
        " is_client, created_at, updated_at) FROM STDIN"
    ) as copy:
        for pk, (kind, first, last, company, _, _) in enumerate(people, 1):
            copy.write_row((pk, firm.pk, kind, first, "", last, "", "", company, pk % 3 > 0, now, now))
    for table, column, at in (("contactemail", "address", 4), ("contactphone", "number", 5)):
        with cursor.copy(
            f"COPY contacts_{table} (contact_id, firm_id, label, {column}, normal, is_default) FROM STDIN"
        ) as copy:
            for pk, person in enumerate(people, 1):
                copy.write_row((pk, firm.pk, "Work", person[at], person[at], True))
    with cursor.copy("COPY contacts_searchkey (contact_id, firm_id, key) FROM STDIN") as copy:
        for pk, (_, first, last, company, email, phone) in enumerate(people, 1):
            keys = {*name_keys(f"{first} {last}".strip() or company), *email_keys(email), *phone_keys(phone)}
            for key in sorted(keys):
                copy.write_row((pk, firm.pk, key[:120]))


def _again(cursor, source: int, target: int, shift: int) -> None:  # type: ignore[no-untyped-def]
    """A copy of a firm's people for another firm, their ids that much higher."""
    people = "kind, first_name, middle_name, last_name, prefix, title, company_name, is_client, created_at, updated_at"
    cursor.execute(
        f"INSERT INTO contacts_contact (id, firm_id, {people})"
        f" SELECT id + %s, %s, {people} FROM contacts_contact WHERE firm_id = %s",
        [shift, target, source],
    )
    columns = {
        "contactemail": "label, address, normal, is_default",
        "contactphone": "label, number, normal, is_default",
        "searchkey": "key",
    }
    for table, rest in columns.items():
        cursor.execute(
            f"INSERT INTO contacts_{table} (contact_id, firm_id, {rest})"
            f" SELECT contact_id + %s, %s, {rest} FROM contacts_{table} WHERE firm_id = %s",
            [shift, target, source],
        )
