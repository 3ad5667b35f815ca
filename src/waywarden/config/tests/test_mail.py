"""How mail leaves, by address."""

import pytest

from waywarden.config.mail import server_of, settings_of
from waywarden.kernel.errors import Misconfigured


@pytest.mark.parametrize(
    ("url", "host", "port", "ssl", "tls"),
    [
        ("smtp://localhost:1025", "localhost", 1025, False, False),
        ("smtp://mail.example", "mail.example", 25, False, False),
        ("smtps://ways:p%40ss@mail.example", "mail.example", 465, True, False),
        ("submission://ways:p%40ss@mail.example", "mail.example", 587, False, True),
    ],
)
def test_a_mail_server_is_read(url, host, port, ssl, tls):
    found = settings_of(url)
    assert found["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port) == server_of(url)
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (ssl, tls)
    assert found["EMAIL_HOST_PASSWORD"] == ("p@ss" if "@" in url else "")


def test_a_folder_and_a_provider_are_read():
    assert settings_of("file:/srv/mails")["EMAIL_FILE_PATH"] == "/srv/mails"
    provider = settings_of("mailgun://KEY@ways.example")
    assert provider["EMAIL_BACKEND"] == "anymail.backends.mailgun.EmailBackend"
    assert provider["ANYMAIL"]["MAILGUN_API_KEY"] == "KEY"
    assert provider["ANYMAIL"]["MAILGUN_SENDER_DOMAIN"] == "ways.example"
    assert server_of("mailgun://KEY@ways.example") is None


@pytest.mark.parametrize(
    "url", ["pigeon://loft", "localhost:25", "", "file:", "mailgun://", "smtp://host:port"]
)
def test_anything_else_is_refused_without_telling_the_secret(url):
    with pytest.raises(Misconfigured, match="WAYWARDEN_MAIL_URL") as caught:
        settings_of(url)
    assert "loft" not in str(caught.value)
