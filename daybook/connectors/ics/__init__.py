"""Calendar feeds: an address that gives a calendar file, to be read only."""

NAME = "The calendar feed"
