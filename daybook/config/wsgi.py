"""The application as the web server loads it."""

import os

from daybook.config import children

if os.environ.get("DAYBOOK_CHILD"):
    # A worker of the web server: without this it would outlive a master that was killed with -9.
    children.die_with_parent()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybook.config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from daybook.config import guards  # noqa: E402

guards.switch_on()
