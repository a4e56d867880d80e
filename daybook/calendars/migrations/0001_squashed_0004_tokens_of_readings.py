import daybook.calendars.models
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('calendars', '0001_initial'), ('calendars', '0002_tentative_entries'), ('calendars', '0003_standings'), ('calendars', '0004_tokens_of_readings')]

    initial = True

    dependencies = [
        ('appointments', '0001_squashed_0003_teams'),
        ('firms', '0001_squashed_0002_throttle'),
        ('sync', '0001_squashed_0012_long_ids'),
    ]

    operations = [
        migrations.CreateModel(
            name='Calendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sync.connection')),
                ('external_id', models.CharField(max_length=1024)),
                ('name', models.CharField(max_length=255)),
                ('kind', models.CharField(blank=True, max_length=40)),
                ('owner_name', models.CharField(blank=True, max_length=255)),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('permission', models.CharField(choices=[('owner', 'Owner'), ('editor', 'Editor'), ('viewer', 'Viewer'), ('limited_viewer', 'Limited viewer'), ('none', 'No access')], default='none', max_length=20)),
                ('present', models.BooleanField(default=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('read_from', models.DateTimeField(blank=True, null=True)),
                ('read_until', models.DateTimeField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('trouble_since', models.DateTimeField(blank=True, null=True)),
                ('trouble_final', models.BooleanField(default=False)),
                ('token', models.TextField(blank=True, db_default='', default='')),
                ('token_zone', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('whole_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('connection', 'external_id'), name='calendar_once_a_connection')],
            },
        ),
        migrations.CreateModel(
            name='CalendarUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='calendars.calendar')),
                ('blocks', models.BooleanField(default=True)),
                ('is_primary', models.BooleanField(default=False)),
                ('all_day_blocks', models.BooleanField(default=True)),
                ('standings', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=15), default=daybook.calendars.models.taken_by_default, size=None)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('lawyer', 'calendar'), name='calendar_once_a_lawyer'), models.UniqueConstraint(condition=models.Q(('is_primary', True)), fields=('lawyer',), name='one_primary_calendar')],
            },
        ),
        migrations.CreateModel(
            name='BusyPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('calendar', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calendars.calendar')),
                ('external_id', models.CharField(max_length=1024)),
                ('during', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('all_day', models.BooleanField(default=False)),
                ('standing', models.CharField(db_default='busy', default='busy', max_length=15)),
                ('appointment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='appointments.appointment')),
            ],
            options={
                'indexes': [models.Index(fields=['calendar', 'external_id'], name='busy_by_entry'), models.Index(models.F('calendar'), models.Func(models.F('during'), function='upper'), name='busy_by_end')],
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('appointment_type', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appointments.appointmenttype')),
                ('weekday', models.PositiveSmallIntegerField()),
                ('opens', models.PositiveSmallIntegerField()),
                ('closes', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ['weekday', 'opens'],
                'constraints': [models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='weekday_exists'), models.CheckConstraint(condition=models.Q(('closes__lte', 1440), ('opens__lt', models.F('closes'))), name='hours_make_sense')],
            },
        ),
        migrations.CreateModel(
            name='HoursException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('on', models.DateField()),
                ('opens', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('closes', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'ordering': ['on', 'opens'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closes', None), ('opens', None)), models.Q(('closes__lte', 1440), ('opens__lt', models.F('closes'))), _connector='OR'), name='exception_makes_sense')],
            },
        ),
        migrations.CreateModel(
            name='HolidayCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('country', models.CharField(max_length=2)),
                ('subdivision', models.CharField(blank=True, max_length=10)),
            ],
        ),
    ]
