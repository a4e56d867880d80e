"""Where an entry is being made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0002_next_try_of_a_reading")]

    operations = [
        migrations.AddField(
            model_name="push",
            name="entry_calendar",
            field=models.CharField(blank=True, max_length=200, default=""),
            preserve_default=False,
        ),
    ]
