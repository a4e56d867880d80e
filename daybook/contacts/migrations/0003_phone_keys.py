"""Every phone number gets a key, one number once a contact, and one of several the default."""

from django.db import migrations

from daybook.core.people import fold

ONE_DEFAULT = """
    UPDATE {table} AS row SET is_default = (place = 1)
      FROM (SELECT id, row_number() OVER (PARTITION BY contact_id ORDER BY is_default DESC, id) AS place FROM {table})
        AS placed
     WHERE placed.id = row.id AND row.is_default <> (place = 1)
"""
EACH_ONCE = """
    DELETE FROM contacts_contactphone WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY contact_id, normal ORDER BY is_default DESC, id) AS place
              FROM contacts_contactphone
        ) AS placed WHERE place > 1
    )
"""


def give_keys(apps, schema_editor):
    phones = apps.get_model("contacts", "ContactPhone").objects.filter(normal="")
    for row in phones.only("number").iterator():
        phones.model.objects.filter(pk=row.pk).update(normal=f"raw:{fold(row.number) or row.number}"[:255])


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_cards_and_history")]

    operations = [
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.RunSQL(EACH_ONCE, migrations.RunSQL.noop),
        migrations.RunSQL(ONE_DEFAULT.format(table="contacts_contactphone"), migrations.RunSQL.noop),
        migrations.RunSQL(ONE_DEFAULT.format(table="contacts_contactemail"), migrations.RunSQL.noop),
    ]
