import daybook.sync.secrets
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('sync', '0013_clashes')]

    dependencies = [
        ('appointments', '0001_squashed_0003_teams'),
        ('calendars', '0001_squashed_0004_tokens_of_readings'),
        ('firms', '0001_squashed_0002_throttle'),
        ('sync', '0001_squashed_0012_long_ids'),
    ]

    operations = [
        migrations.CreateModel(
            name='Told',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('calendar', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calendars.calendar')),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sync.connection')),
                ('token', models.CharField(max_length=64, unique=True)),
                ('secret', daybook.sync.secrets.EncryptedText()),
                ('theirs', models.CharField(blank=True, max_length=300)),
                ('resource', models.CharField(blank=True, max_length=1000)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('heard_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Clash',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('appointment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appointments.appointment')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calendars.calendar')),
                ('external_id', models.CharField(max_length=1024)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('all_day', models.BooleanField(default=False)),
                ('starts_at', models.DateTimeField()),
                ('noticed_at', models.DateTimeField()),
                ('answer', models.CharField(blank=True, choices=[('fine', 'It is fine'), ('gone', 'They overlap no longer')], max_length=5)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('answered_at', None)), fields=['lawyer'], name='open_clashes')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at', None)), fields=('appointment', 'lawyer', 'calendar', 'external_id', 'start'), name='one_open_clash')],
            },
        ),
    ]
