"""Contacts here and in Clio kept alike: one path for pages, webhooks, local edits and people's answers."""
