"""Django's settings while the tests run: a home, a server and mails of their own."""

import os
from pathlib import Path

TEST_HOME = Path(__file__).resolve().parents[3] / "var" / "test"

for _name in [name for name in os.environ if name.startswith("WAYWARDEN_")]:
    del os.environ[_name]
os.environ["WAYWARDEN_HOME"] = str(TEST_HOME)
os.environ["WAYWARDEN_MAIL_URL"] = "memory:"
os.environ["WAYWARDEN_BASE_URL"] = "http://testserver"
os.environ["WAYWARDEN_PRIVATE_HOSTS"] = "127.0.0.1,localhost,[::1]"
os.environ["WAYWARDEN_LOG_LEVEL"] = "WARNING"

from waywarden.config.settings import *  # noqa: E402, F403 - the environment comes first
from waywarden.config.settings import ALLOWED_HOSTS, DATABASES  # noqa: E402

ALLOWED_HOSTS += ["localhost", ".localhost", "127.0.0.1", "[::1]"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # looks a file up when it is asked for, rather than all at start

# Every test process has a database of its own, and no pool whose threads outlive a test.
del DATABASES["default"]["OPTIONS"]["pool"]
DATABASES["default"]["TEST"] = {"NAME": f"test_waywarden_{os.getpid()}"}

PAGES_KEPT = 0  # a test sees what it just wrote; `web.kept_pages` has tests of its own
