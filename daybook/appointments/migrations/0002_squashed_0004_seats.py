"""
A seat for everybody in an appointment, kept by the database in the statement that writes the appointment.

A trigger rather than code of ours: rows written in bulk, by hand or by a way yet to come have their seats all the same,
and with them the constraint that nobody is in two appointments at once. No statement more is sent for it.
"""

import django.db.models.deletion
from django.db import migrations, models

KEEP = """
CREATE FUNCTION appointments_keep_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.lawyer_id = OLD.lawyer_id AND NEW.others = OLD.others THEN
            UPDATE appointments_seat
               SET during = NEW.during, live = (NEW.state IN ('held', 'confirmed'))
             WHERE appointment_id = NEW.id;
            RETURN NULL;
        END IF;
        DELETE FROM appointments_seat WHERE appointment_id = NEW.id;
    END IF;
    INSERT INTO appointments_seat (appointment_id, lawyer_id, lead, during, live)
    SELECT NEW.id, one.id, one.id = NEW.lawyer_id, NEW.during, NEW.state IN ('held', 'confirmed')
      FROM (SELECT DISTINCT unnest(NEW.lawyer_id || NEW.others) AS id) one
     ORDER BY one.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER seats_of_a_new_appointment AFTER INSERT ON appointments_appointment
   FOR EACH ROW EXECUTE FUNCTION appointments_keep_seats();

CREATE TRIGGER seats_of_a_changed_appointment
 AFTER UPDATE OF lawyer_id, others, during, state ON appointments_appointment
   FOR EACH ROW
  WHEN ((OLD.lawyer_id, OLD.others, OLD.during, OLD.state)
        IS DISTINCT FROM (NEW.lawyer_id, NEW.others, NEW.during, NEW.state))
EXECUTE FUNCTION appointments_keep_seats();

INSERT INTO appointments_seat (appointment_id, lawyer_id, lead, during, live)
SELECT id, lawyer_id, true, during, state IN ('held', 'confirmed') FROM appointments_appointment;
"""

FORGET = """
DROP TRIGGER seats_of_a_changed_appointment ON appointments_appointment;
DROP TRIGGER seats_of_a_new_appointment ON appointments_appointment;
DROP FUNCTION appointments_keep_seats();
DELETE FROM appointments_seat;
"""


class Migration(migrations.Migration):

    replaces = [('appointments', '0004_seats')]

    dependencies = [
        ('appointments', '0001_squashed_0003_teams'),
        ('calendars', '0001_squashed_0004_tokens_of_readings'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmenttype',
            name='linked_calendar',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='calendars.calendar'),
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
