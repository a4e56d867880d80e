"""Filters of our templates; all times go through core.times."""

from __future__ import annotations

from django import template

register = template.Library()
