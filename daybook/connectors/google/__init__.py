"""Google Calendar: an account's calendars, read and written by its own API."""

NAME = "Google"
