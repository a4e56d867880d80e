"""The application as the web server loads it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybook.config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from daybook.config import guards  # noqa: E402  # its imports need Django's apps

guards.switch_on()
