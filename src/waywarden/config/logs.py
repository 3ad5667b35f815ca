"""Logging: structlog to standard error, JSON for machines, no personal data and no secrets."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from waywarden.kernel.secrets import MASK, is_secret_name

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_QUERY = re.compile(r"\?\S*")
_PERSONAL = frozenset(
    {"email", "name", "first_name", "last_name", "phone", "ip", "request", "description"}
)


def masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: masks secrets, personal fields, mail addresses and query strings."""
    for key, value in event.items():
        if key in _PERSONAL or is_secret_name(key):
            event[key] = MASK
        elif isinstance(value, str):
            event[key] = clean(value)
    return event


def clean(text: str) -> str:
    """The text without mail addresses, and without what stands behind a `?` in an address."""
    return _ADDRESS.sub(MASK, _QUERY.sub("?" + MASK, text) if "://" in text else text)


def settings_of(*, debug: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, lines of JSON unless `debug`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "waywarden.config.logs.formatter", "debug": debug}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "procrastinate.blueprints": {"level": "WARNING"},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }


def formatter(*, debug: bool) -> structlog.stdlib.ProcessorFormatter:
    """The formatter of the one handler, for our records and for those of libraries."""
    last: Any = structlog.dev.ConsoleRenderer() if debug else structlog.processors.JSONRenderer()
    finish: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not debug:
        finish.append(structlog.processors.format_exc_info)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(), processors=[*finish, masked, last]
    )


def configure() -> None:
    """Makes structlog's own loggers end in the standard library's."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
