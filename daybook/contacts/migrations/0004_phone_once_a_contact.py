from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_phone_keys")]

    operations = [
        migrations.AddConstraint(
            model_name="contactphone",
            constraint=models.UniqueConstraint(fields=("contact", "normal"), name="phone_once_a_contact"),
        ),
    ]
