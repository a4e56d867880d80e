import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('contacts', '0001_initial'), ('contacts', '0002_cards_and_history'), ('contacts', '0003_phone_keys'), ('contacts', '0004_phone_once_a_contact'), ('contacts', '0005_lighter_import')]

    initial = True

    dependencies = [
        ('firms', '0001_squashed_0002_throttle'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('kind', models.CharField(choices=[('person', 'Person'), ('company', 'Company')], default='person', max_length=10)),
                ('first_name', models.CharField(blank=True, max_length=255)),
                ('middle_name', models.CharField(blank=True, max_length=255)),
                ('last_name', models.CharField(blank=True, max_length=255)),
                ('prefix', models.CharField(blank=True, max_length=255)),
                ('title', models.CharField(blank=True, max_length=255)),
                ('company_name', models.CharField(blank=True, max_length=255)),
                ('is_client', models.BooleanField(default=False)),
                ('source', models.CharField(blank=True, choices=[('clio', 'Clio'), ('desk', 'Daybook'), ('booking', 'A booking'), ('merge', 'A merge'), ('undo', 'Undo')], db_default='', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'indexes': [models.Index(fields=['firm', 'last_name', 'first_name'], name='contact_by_name')],
            },
        ),
        migrations.CreateModel(
            name='ContactEmail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('label', models.CharField(default='Work', max_length=255)),
                ('normal', models.CharField(max_length=255)),
                ('is_default', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(db_default=0)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='emails', to='contacts.contact')),
                ('address', models.CharField(max_length=255)),
            ],
            options={
                'ordering': ['-is_default', 'position', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['firm', 'normal'], name='email_lookup')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'normal'), name='email_once_a_contact')],
            },
        ),
        migrations.CreateModel(
            name='ContactPhone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('label', models.CharField(default='Work', max_length=255)),
                ('normal', models.CharField(max_length=255)),
                ('is_default', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(db_default=0)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='phones', to='contacts.contact')),
                ('number', models.CharField(max_length=255)),
            ],
            options={
                'ordering': ['-is_default', 'position', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['firm', 'normal'], name='phone_lookup')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'normal'), name='phone_once_a_contact')],
            },
        ),
        migrations.CreateModel(
            name='ContactAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('label', models.CharField(default='Work', max_length=255)),
                ('normal', models.CharField(max_length=255)),
                ('is_default', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(db_default=0)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='contacts.contact')),
                ('street', models.CharField(blank=True, max_length=255)),
                ('city', models.CharField(blank=True, max_length=255)),
                ('province', models.CharField(blank=True, max_length=255)),
                ('postal_code', models.CharField(blank=True, max_length=255)),
                ('country', models.CharField(blank=True, max_length=255)),
            ],
            options={
                'ordering': ['-is_default', 'position', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['firm'], name='address_of_firm')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'normal'), name='address_once_a_contact')],
            },
        ),
        migrations.CreateModel(
            name='ContactChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='contacts.contact')),
                ('field', models.CharField(max_length=300)),
                ('was', models.JSONField(null=True)),
                ('now_value', models.JSONField(null=True)),
                ('source', models.CharField(choices=[('clio', 'Clio'), ('desk', 'Daybook'), ('booking', 'A booking'), ('merge', 'A merge'), ('undo', 'Undo')], max_length=10)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('firm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='contacts.contact')),
                ('kept_before', models.JSONField()),
                ('kept_after', models.JSONField()),
                ('dropped', models.BigIntegerField()),
                ('dropped_card', models.JSONField()),
                ('dropped_is_client', models.BooleanField()),
                ('moved', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='SearchKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('firm', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='firms.firm')),
                ('key', models.CharField(max_length=120)),
            ],
            options={
                'indexes': [models.Index(models.F('firm'), django.contrib.postgres.indexes.OpClass('key', name='varchar_pattern_ops'), name='searchkey_prefix')],
            },
        ),
    ]
