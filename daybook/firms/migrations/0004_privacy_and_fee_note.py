"""A firm's own privacy notice, and how its fees are paid."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0003_requests_when_unread"),
    ]

    operations = [
        migrations.AddField(
            model_name="firm",
            name="fee_note",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="firm",
            name="privacy_url",
            field=models.URLField(blank=True, db_default="", max_length=300),
        ),
    ]
