"""
The suite every calendar provider is held to.

A provider plugs in with `test_calendar_contract_<provider>.py`: a fixture `rig` (see `calendar_rig.Rig`) and a class
`TestSomething(CalendarContract)`. Where the contract leaves room, the suite says:

- an occurrence that reaches over an edge of the window is given whole, since an appointment cut short would look moved;
  one that only touches the window is not in it, and one of no length takes no time;
- a cancelled entry has no items, like one that is gone;
- an entry's id is that of the whole series, and all its occurrences, changed ones included, are told under it;
- whole days are those dates as clocks show them in the `home` given, whatever the account's own zone is;
- with a token, where nothing has changed the reading is empty and not whole; without one it is always whole;
- `find` in a calendar that does not exist finds nothing or raises `Missing`; `read` and `create` raise.

That nobody is reminded or invited, and paging, is up to each provider's own tests.
"""

from __future__ import annotations

from tests.connectors.calendar_reading import ReadsCalendars
from tests.connectors.calendar_rig import Rig
from tests.connectors.calendar_writing import WritesAppointments

__all__ = ["CalendarContract", "Rig"]


class CalendarContract(ReadsCalendars, WritesAppointments):
    """Everything a provider has to pass. Nothing in it knows which one it is."""
