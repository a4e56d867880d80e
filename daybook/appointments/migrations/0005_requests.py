"""
What is only requested takes the lawyer's time as what is confirmed does: in the constraint, and in the seats.

In one transaction, so that there is no moment without the constraint.
"""

import django.contrib.postgres.constraints
from django.conf import settings
from django.db import migrations, models


KEEP = """
CREATE OR REPLACE FUNCTION appointments_keep_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    takes_time constant boolean := NEW.state IN ('held', 'requested', 'confirmed');
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.lawyer_id = OLD.lawyer_id AND NEW.others = OLD.others THEN
            UPDATE appointments_seat SET during = NEW.during, live = takes_time
             WHERE appointment_id = NEW.id;
            RETURN NULL;
        END IF;
        DELETE FROM appointments_seat WHERE appointment_id = NEW.id;
    END IF;
    INSERT INTO appointments_seat (appointment_id, lawyer_id, lead, during, live)
    SELECT NEW.id, one.id, one.id = NEW.lawyer_id, NEW.during, takes_time
      FROM (SELECT DISTINCT unnest(NEW.lawyer_id || NEW.others) AS id) one
     ORDER BY one.id;
    RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_squashed_0004_seats"),
        ("contacts", "0001_squashed_0005_lighter_import"),
        ("firms", "0003_requests_when_unread"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="appointment",
            name="lawyer_is_never_double_booked",
        ),
        migrations.RemoveIndex(
            model_name="appointment",
            name="live_by_lawyer_end",
        ),
        migrations.AddField(
            model_name="appointment",
            name="answer_by",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="answer_line",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="appointment",
            name="request_detail",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="appointment",
            name="requested_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="requested_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("unread", "A calendar could not be read"),
                    ("type", "Its type is by request"),
                    ("conflict", "A possible conflict of interest"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="appointmenttype",
            name="by_request",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="state",
            field=models.CharField(
                choices=[
                    ("held", "Held"),
                    ("requested", "Requested"),
                    ("confirmed", "Confirmed"),
                    ("cancelled", "Cancelled"),
                    ("expired", "Hold ran out"),
                    ("declined", "Declined"),
                    ("lapsed", "Not answered in time"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                models.F("lawyer"),
                models.Func(models.F("during"), function="upper"),
                condition=models.Q(("state__in", ["held", "requested", "confirmed"])),
                name="live_by_lawyer_end",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("state", "requested")), fields=["answer_by"], name="requests_to_lapse"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("state__in", ["held", "requested", "confirmed"])),
                expressions=[
                    (
                        models.Func(
                            models.F("lawyer"), models.F("lawyer"), models.Value("[]"), function="int8range"
                        ),
                        "&&",
                    ),
                    ("during", "&&"),
                ],
                name="lawyer_is_never_double_booked",
            ),
        ),
        # Going back leaves the function: without a state of that name it does what the one of 0002 does.
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
