import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('messaging', '0001_initial'), ('messaging', '0002_leases_and_team_mail'), ('messaging', '0003_account_alerts'), ('messaging', '0004_overlap_alerts')]

    initial = True

    dependencies = [
        ('appointments', '0001_squashed_0003_teams'),
        ('firms', '0001_squashed_0002_throttle'),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('appointment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appointments.appointment')),
                ('about', models.BigIntegerField(null=True)),
                ('kind', models.CharField(choices=[('confirmation', 'Confirmation'), ('change', 'Change'), ('cancellation', 'Cancellation'), ('reminder', 'Reminder'), ('firm_notice', 'Notice to the lawyer'), ('invitation', 'Invitation to the firm'), ('calendar_alert', 'A calendar cannot be read'), ('account_alert', 'A calendar account is broken'), ('overlap_alert', 'An appointment overlaps with an entry'), ('connection_alert', 'A connection is broken')], max_length=20)),
                ('occasion', models.CharField(max_length=40)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('starts_at', models.DateTimeField(null=True)),
                ('to', models.CharField(max_length=254)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('dropped', 'Not sent: its reason is gone'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('interruptions', models.PositiveSmallIntegerField(default=0)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='messages_due')],
                'constraints': [models.UniqueConstraint(fields=('appointment', 'kind', 'occasion', 'to'), name='message_once_an_occasion'), models.UniqueConstraint(condition=models.Q(('appointment', None)), fields=('firm', 'kind', 'occasion', 'to'), name='team_message_once_an_occasion'), models.CheckConstraint(condition=models.Q(models.Q(('about__isnull', False), ('appointment', None)), models.Q(('about', None), ('appointment__isnull', False), ('starts_at__isnull', False)), _connector='OR'), name='message_is_about_one_thing')],
            },
        ),
    ]
