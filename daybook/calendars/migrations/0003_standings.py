import django.contrib.postgres.fields
from django.db import migrations, models

import daybook.calendars.models

CARRY_OVER = """
    UPDATE calendars_busyperiod SET standing = 'tentative' WHERE tentative;
    UPDATE calendars_calendaruse SET standings = array_remove(standings, 'tentative') WHERE NOT tentative_blocks;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0002_tentative_entries'),
    ]

    operations = [
        migrations.AddField(
            model_name='busyperiod',
            name='standing',
            field=models.CharField(db_default='busy', default='busy', max_length=15),
        ),
        migrations.AddField(
            model_name='calendaruse',
            name='standings',
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=15),
                default=daybook.calendars.models.taken_by_default,
                size=None,
            ),
        ),
        migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop),
        migrations.RemoveField(model_name='busyperiod', name='tentative'),
        migrations.RemoveField(model_name='calendaruse', name='tentative_blocks'),
    ]
