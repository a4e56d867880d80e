import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('appointments', '0001_initial'), ('appointments', '0002_initial'), ('appointments', '0003_teams')]

    initial = True

    dependencies = [
        ('contacts', '0001_squashed_0005_lighter_import'),
        ('firms', '0001_squashed_0002_throttle'),
    ]

    operations = [
        migrations.CreateModel(
            name='AppointmentType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appointment_types', to='firms.lawyer')),
                ('kind', models.CharField(choices=[('one', 'One lawyer'), ('round_robin', 'Any of several lawyers, in turn (round robin)'), ('collective', 'Several lawyers, all of them together')], default='one', max_length=12)),
                ('needs_second', models.BooleanField(default=False)),
                ('fair_days', models.PositiveSmallIntegerField(default=30)),
                ('name', models.CharField(max_length=100)),
                ('slug', models.SlugField(max_length=60)),
                ('description', models.TextField(blank=True, max_length=1000)),
                ('minutes', models.PositiveSmallIntegerField(default=30)),
                ('fee_cents', models.PositiveIntegerField(default=0)),
                ('places', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('in_person', 'In person'), ('phone', 'Phone'), ('video', 'Video')], max_length=10), default=list, size=None)),
                ('before_minutes', models.PositiveSmallIntegerField(default=0)),
                ('after_minutes', models.PositiveSmallIntegerField(default=0)),
                ('notice_minutes', models.PositiveIntegerField(default=240)),
                ('horizon_days', models.PositiveSmallIntegerField(default=60)),
                ('step_minutes', models.PositiveSmallIntegerField(default=30)),
                ('cap_per_day', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('cap_per_week', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('questions', models.JSONField(blank=True, default=list)),
                ('who_may_book', models.CharField(choices=[('anyone', 'Anyone with the link'), ('clients', 'Existing clients only'), ('firm', 'Only the firm')], default='anyone', max_length=10)),
                ('change_cutoff_minutes', models.PositiveIntegerField(default=1440)),
                ('reminder_minutes', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), blank=True, default=list, size=None)),
                ('activity_category', models.CharField(blank=True, max_length=40)),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('lawyer', 'slug'), name='type_slug_once_a_lawyer'), models.CheckConstraint(condition=models.Q(('minutes__gte', 5), ('minutes__lte', 720)), name='type_length'), models.CheckConstraint(condition=models.Q(('step_minutes__gte', 5), ('step_minutes__lte', 720)), name='type_step')],
            },
        ),
        migrations.CreateModel(
            name='TeamMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('appointment_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='team', to='appointments.appointmenttype')),
                ('lawyer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.lawyer')),
                ('role', models.CharField(choices=[('lead', 'Lawyer'), ('second', 'Second person')], max_length=6)),
                ('weight', models.PositiveSmallIntegerField(default=1)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('appointment_type', 'lawyer'), name='member_once_a_type'), models.CheckConstraint(condition=models.Q(('weight__gte', 1), ('weight__lte', 20)), name='weight_makes_sense')],
            },
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('lawyer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='firms.lawyer')),
                ('others', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('appointment_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='appointments.appointmenttype')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.contact')),
                ('uid', models.UUIDField(unique=True)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('held', 'Held'), ('confirmed', 'Confirmed'), ('cancelled', 'Cancelled'), ('expired', 'Hold ran out')], max_length=10)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Not recorded'), ('attended', 'Attended'), ('no_show', 'No-show'), ('late_cancel', 'Late cancellation')], default='', max_length=12)),
                ('during', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('before_minutes', models.PositiveSmallIntegerField(default=0)),
                ('after_minutes', models.PositiveSmallIntegerField(default=0)),
                ('held_until', models.DateTimeField(blank=True, null=True)),
                ('hold_key', models.CharField(blank=True, max_length=40)),
                ('place', models.CharField(blank=True, choices=[('in_person', 'In person'), ('phone', 'Phone'), ('video', 'Video')], max_length=10)),
                ('place_detail', models.CharField(blank=True, max_length=300)),
                ('client_name', models.CharField(blank=True, max_length=255)),
                ('client_email', models.CharField(blank=True, max_length=254)),
                ('client_phone', models.CharField(blank=True, max_length=40)),
                ('client_time_zone', models.CharField(blank=True, max_length=64)),
                ('answers', models.JSONField(blank=True, default=list)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('fee_cents', models.PositiveIntegerField(default=0)),
                ('booked_by', models.CharField(choices=[('client', 'Client'), ('firm', 'Firm')], default='client', max_length=10)),
                ('booked_by_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cancelled_by', models.CharField(blank=True, choices=[('client', 'Client'), ('firm', 'Firm')], max_length=10)),
                ('cancel_reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'indexes': [models.Index(models.F('lawyer'), models.Func(models.F('during'), function='upper'), condition=models.Q(('state__in', ['held', 'confirmed'])), name='live_by_lawyer_end'), models.Index(models.F('firm'), models.Func(models.F('during'), function='lower'), name='appointment_by_firm_start'), models.Index(condition=models.Q(('state', 'held')), fields=['held_until'], name='holds_to_expire')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state__in', ['held', 'confirmed'])), expressions=[(models.Func(models.F('lawyer'), models.F('lawyer'), models.Value('[]'), function='int8range'), '&&'), ('during', '&&')], name='lawyer_is_never_double_booked'), models.CheckConstraint(condition=models.Q(('during__isempty', False)), name='appointment_takes_time')],
            },
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('appointment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='seats', to='appointments.appointment')),
                ('lawyer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='firms.lawyer')),
                ('lead', models.BooleanField()),
                ('during', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('live', models.BooleanField()),
            ],
            options={
                'indexes': [models.Index(models.F('lawyer'), models.Func(models.F('during'), function='upper'), condition=models.Q(('lead', False)), name='seats_beside_the_lead')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('live', True)), expressions=[(models.Func(models.F('lawyer'), models.F('lawyer'), models.Value('[]'), function='int8range'), '&&'), ('during', '&&')], name='nobody_is_double_booked'), models.UniqueConstraint(fields=('appointment', 'lawyer'), name='one_seat_each')],
            },
        ),
    ]
