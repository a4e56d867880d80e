"""
Whatever changes when somebody can be seen, or what is said of them, marks their listing.

Triggers rather than code of ours: every way of writing marks, also the ones yet to come, and no room has to know that
there is a directory. Marks are only added here, so that nobody waits for anybody; a job takes them away.
"""

from django.db import migrations

MARK = """
CREATE FUNCTION directory_mark(changed bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO directory_stale (lawyer_id)
    SELECT lawyer_id FROM directory_profile WHERE listed AND lawyer_id = ANY(changed)
     UNION
    SELECT listing.lawyer_id
      FROM appointments_teammember member
      JOIN directory_listing listing ON listing.offer_id = member.appointment_type_id
     WHERE member.lawyer_id = ANY(changed)
$$;
"""

#: Statements that change rows of these tables, and how to get from the rows to lawyers. `gone` and `made` hold the rows.
WHOSE = {
    "appointments_seat": "SELECT lawyer_id FROM rows",
    "calendars_busyperiod": "SELECT lawyer_id FROM calendars_calendaruse WHERE calendar_id IN (SELECT calendar_id FROM rows)",
    "calendars_calendaruse": "SELECT lawyer_id FROM rows",
    "calendars_workinghours": "SELECT lawyer_id FROM rows",
    "calendars_hoursexception": "SELECT lawyer_id FROM rows",
    "calendars_holidaycalendar": "SELECT lawyer_id FROM rows",
    "appointments_teammember": "SELECT lawyer_id FROM rows UNION SELECT lawyer_id FROM directory_listing"
    " WHERE offer_id IN (SELECT appointment_type_id FROM rows)",
    "appointments_appointmenttype": "SELECT lawyer_id FROM rows UNION SELECT lawyer_id FROM directory_listing"
    " WHERE offer_id IN (SELECT id FROM rows)",
    "firms_lawyer": "SELECT id FROM rows",
    "firms_firm": "SELECT id FROM firms_lawyer WHERE firm_id IN (SELECT id FROM rows)",
}

#: What happened to the rows: the table of them that a trigger sees.
SEEN = {"INSERT": "NEW TABLE AS rows", "UPDATE": "NEW TABLE AS rows", "DELETE": "OLD TABLE AS rows"}

#: Calendars are written at every reading; only their trouble is news.
TROUBLE = """
CREATE FUNCTION directory_mark_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM directory_mark(ARRAY(SELECT lawyer_id FROM calendars_calendaruse WHERE calendar_id = NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER directory_marks_trouble AFTER UPDATE OF trouble ON calendars_calendar
   FOR EACH ROW WHEN (OLD.trouble IS DISTINCT FROM NEW.trouble)
EXECUTE FUNCTION directory_mark_calendar();
"""


def _forward(table: str, whose: str) -> str:
    function = f"directory_mark_{table}"
    made = [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" PERFORM directory_mark(ARRAY({whose})); RETURN NULL; END $$;"
    ]
    made += [
        f"CREATE TRIGGER directory_marks_{event.lower()} AFTER {event} ON {table}"
        f" REFERENCING {seen} FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
        for event, seen in SEEN.items()
    ]
    return "\n".join(made)


def _backward(table: str) -> str:
    dropped = [f"DROP TRIGGER directory_marks_{event.lower()} ON {table};" for event in SEEN]
    return "\n".join([*dropped, f"DROP FUNCTION directory_mark_{table}();"])


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_initial"),
        ("calendars", "0001_squashed_0004_tokens_of_readings"),
    ]

    operations = [
        migrations.RunSQL(MARK, "DROP FUNCTION directory_mark(bigint[]);"),
        *(migrations.RunSQL(_forward(table, whose), _backward(table)) for table, whose in WHOSE.items()),
        migrations.RunSQL(
            TROUBLE,
            "DROP TRIGGER directory_marks_trouble ON calendars_calendar; DROP FUNCTION directory_mark_calendar();",
        ),
    ]
