"""Confirmations and reminders: words, channel, delivery record."""
