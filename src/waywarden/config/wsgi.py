"""The web application, as a WSGI server loads it."""

import os

from django.core.wsgi import get_wsgi_application

from waywarden.config import database, environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waywarden.config.settings")
database.ensure(environment.read())
application = get_wsgi_application()
