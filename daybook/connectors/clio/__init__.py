"""Clio Manage, API v4: authorization, contacts, calendars, matters, activities, webhooks."""
