"""Django's settings, all from `config.environment`; importing them opens no connection."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from waywarden import cobrands
from waywarden.config import environment, keys, logs, mail, postgres, sign_in
from waywarden.config.admin_look import UNFOLD  # noqa: F401 - Django reads it
from waywarden.kernel.cobrand import registry

ENVIRONMENT = keys.with_keys(environment.read())
PACKAGE = Path(__file__).resolve().parent.parent
_site = urlsplit(ENVIRONMENT.base_url)
_is_https = _site.scheme == "https"


# What other rooms read.
WAYWARDEN_HOME = ENVIRONMENT.home
WAYWARDEN_FIELD_KEYS = ENVIRONMENT.field_keys
WAYWARDEN_BASE_URL = ENVIRONMENT.base_url
WAYWARDEN_PRIVATE_HOSTS = ENVIRONMENT.private_hosts
WAYWARDEN_CALLS_FROM = ENVIRONMENT.calls_from
WAYWARDEN_MAIL_ANSWERS = ENVIRONMENT.mail_answers
WAYWARDEN_HOLD_SECONDS = ENVIRONMENT.hold_seconds
WAYWARDEN_ASIDE_DAYS = ENVIRONMENT.aside_days
WAYWARDEN_ADDRESS_METRES = ENVIRONMENT.address_metres
WAYWARDEN_MAP_DIR = ENVIRONMENT.map_dir
WAYWARDEN_GEOCODER = ENVIRONMENT.geocoder
WAYWARDEN_GRID = ENVIRONMENT.grid
WAYWARDEN_TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
WAYWARDEN_ALARM_MAIL = ENVIRONMENT.alarm_mail
WAYWARDEN_METRICS_TOKEN = ENVIRONMENT.metrics_token
WAYWARDEN_METRICS_FROM = ENVIRONMENT.metrics_from

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ROOT_URLCONF = "waywarden.config.urls"
WSGI_APPLICATION = "waywarden.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "users.User"
LOGIN_URL = "/auth"
LOGIN_REDIRECT_URL = "/my"

OWN_COBRANDS = [ENVIRONMENT.cobrands]
cobrands.install(own=OWN_COBRANDS)
ALLOWED_HOSTS = [
    _site.hostname or "localhost",
    *ENVIRONMENT.allowed_hosts,
    *(host for one in registry.all() for host in (*one.hosts, *one.language_hosts)),
]
if _site.hostname in ("localhost", "127.0.0.1"):
    # *.localhost reaches this machine only: several sites of one install can be tried there.
    ALLOWED_HOSTS += ["localhost", ".localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "anymail",
    "django_htmx",
    "procrastinate.contrib.django",
    "django.contrib.humanize",  # the pages of allauth use it
    *(
        f"waywarden.{room}"
        for room in (
            "areas",
            "events",
            "users",
            "connections",
            "bodies",
            "reports",
            "sending",
            "sync",
            "notifications",
            "webhooks",
            "health",
            "ui",
            "web",
            "staff",
            "api",
            "jobs",
            "config",
        )
    ),
    # After the rooms, whose templates replace theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

# Tasks lie in `jobs.tasks`, which procrastinate finds by itself; what runs by the clock, here.
PROCRASTINATE_IMPORT_PATHS = ["waywarden.jobs.schedule"]

MIDDLEWARE = [
    "waywarden.config.request_ids.RequestIdMiddleware",
    "waywarden.config.proxies.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "waywarden.ui.middleware.CobrandMiddleware",
    "waywarden.ui.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "waywarden.config.policies.PolicyMiddleware",
]

_LOADERS = ["waywarden.ui.loading.CobrandLoader", "django.template.loaders.app_directories.Loader"]
_CACHED = [("waywarden.ui.loading.CachedLoader", _LOADERS)]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": _LOADERS if DEBUG else _CACHED,  # a site's own templates before the rooms'
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """The one database. A pool per process: a request borrows a connection, and gives it back."""
    if ENVIRONMENT.database_url:
        found: dict[str, Any] = dict(dj_database_url.parse(ENVIRONMENT.database_url))
    else:
        found = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": postgres.NAME,
            "USER": postgres.ROLE,
            "HOST": str(postgres.sockets_of(ENVIRONMENT.home)),
        }
    found["CONN_MAX_AGE"] = 0  # Django's condition for a pool
    found["CONN_HEALTH_CHECKS"] = False
    found["OPTIONS"] = {
        **found.get("OPTIONS", {}),
        "pool": {"min_size": 0, "max_size": 8, "timeout": 10, "max_idle": 300},
    }
    return found


DATABASES = {"default": _database()}

# Sessions, cookies, headers
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 28
SESSION_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _is_https
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]
SECURE_SSL_REDIRECT = False  # the proxy's work; a redirect here would break health checks
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 180 if _is_https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, *sign_in.origins(ENVIRONMENT)],
        "frame-ancestors": [NONE],
    }
}
# The admin's own pages: their scripts evaluate attributes, their widgets carry styles.
ADMIN_CONTENT_SECURITY_POLICY: dict[str, Any] = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# Seconds that a page which looks alike to all visitors is kept; what is private is never kept.
PAGES_KEPT = 10

# Uploads: ten photos of 15 MB a report at the very most; forms are small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o640

MEDIA_ROOT = ENVIRONMENT.home / "media"
MEDIA_URL = "/media/"
STATIC_ROOT = ENVIRONMENT.home / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is missing
STATIC_URL = "/static/"
# A site's logo and styles, under `cobrands/NAME/`.
STATICFILES_DIRS = [
    (f"cobrands/{cobrand.name}", cobrand.static)
    for cobrand in registry.all()
    if cobrand.static.is_dir()
]
COLLECTED_STORAGE = "waywarden.config.static_files.CollectedStorage"


def _is_collected() -> bool:
    """Whether `waywarden assets` ran since our own files changed."""
    manifest = STATIC_ROOT / "staticfiles.json"
    if DEBUG or not manifest.exists():
        return False
    made = manifest.stat().st_mtime
    ours = PACKAGE.glob("*/static/**/*")
    sites = (path for _name, folder in STATICFILES_DIRS for path in folder.rglob("*"))
    return all(path.stat().st_mtime <= made for path in (*ours, *sites))


STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": COLLECTED_STORAGE
        if _is_collected()
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Before `waywarden assets` the files are served from where they lie: slower, the same to see.
WHITENOISE_USE_FINDERS = STORAGES["staticfiles"]["BACKEND"] != COLLECTED_STORAGE
WHITENOISE_AUTOREFRESH = DEBUG

# Languages and times
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("ar", _("Arabic"))]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_SECURE = _is_https
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Signing in: by mailed link or code, password, passkey, a provider; a second factor for who wants.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
globals().update(sign_in.settings_of(ENVIRONMENT))

# Mail
_mail = mail.settings_of(ENVIRONMENT.mail_url)
EMAIL_BACKEND: str = _mail["EMAIL_BACKEND"]
EMAIL_HOST: str = _mail.get("EMAIL_HOST", "")
EMAIL_PORT: int = _mail.get("EMAIL_PORT", 0)
EMAIL_HOST_USER: str = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL: bool = _mail.get("EMAIL_USE_SSL", False)
EMAIL_USE_TLS: bool = _mail.get("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = mail.TIMEOUT
EMAIL_FILE_PATH: str | None = _mail.get("EMAIL_FILE_PATH")
ANYMAIL: dict[str, Any] = _mail.get("ANYMAIL", {})
if ENVIRONMENT.mail_webhook_secret:
    ANYMAIL["WEBHOOK_SECRET"] = ENVIRONMENT.mail_webhook_secret
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from
SERVER_EMAIL = ENVIRONMENT.mail_from

# Logs
LOGGING = logs.settings_of(debug=DEBUG, level=ENVIRONMENT.log_level)
logs.configure()
