"""The mail catcher, from SMTP to page."""

import json
import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from waywarden.config.mail_catcher import catching
from waywarden.config.mailbox import Mailbox
from waywarden.config.mailbox_pages import linked
from waywarden.kernel.errors import Misconfigured


@pytest.fixture
def box(tmp_path):
    """A running catcher: its folder, its SMTP port and its page's address."""
    with catching(tmp_path / "mail", host="127.0.0.1", smtp_port=0, http_port=0) as (smtp, http):
        yield tmp_path / "mail", smtp, f"http://127.0.0.1:{http}"


def letter(subject: str = "Confirm your report") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Waywarden <reports@ways.example>"
    message["To"] = "rosa@example.org"
    message.set_content(
        "Press this link: http://localhost:8000/confirm/abc?x=1&y=2.\nThank you – Wégs."
    )
    message.add_alternative(
        '<p><a href="http://localhost:8000/confirm/abc">Confirm</a></p>', "html"
    )
    return message


def send(port: int, *messages: EmailMessage, to: tuple[str, ...] = ("rosa@example.org",)) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for message in messages:
            smtp.send_message(message, to_addrs=to)


def get(address: str):
    with urllib.request.urlopen(address) as answer:
        return answer.headers, answer.read().decode()


def test_mails_are_listed_newest_first_as_json(box):
    folder, port, site = box
    send(port, letter("First"), letter("Second"))
    found = json.loads(get(f"{site}/messages.json")[1])
    assert [mail["subject"] for mail in found] == ["Second", "First"]
    assert found[0]["to"] == ["rosa@example.org"]
    assert found[0]["links"] == ["http://localhost:8000/confirm/abc?x=1&y=2"]
    assert "Wégs" in found[0]["text"]
    assert "Confirm</a>" in found[0]["html"]
    assert len(list(folder.glob("*.eml"))) == 2


def test_a_blind_copy_is_seen_to_arrive(box):
    _folder, port, site = box
    send(port, letter(), to=("rosa@example.org", "hidden@example.org"))
    assert json.loads(get(f"{site}/messages.json")[1])[0]["to"] == [
        "rosa@example.org",
        "hidden@example.org",
    ]


def test_the_pages_list_a_mail_and_show_it(box):
    _folder, port, site = box
    send(port, letter("<b>Bold</b>"))
    mail_id = json.loads(get(f"{site}/messages.json")[1])[0]["id"]
    listed = get(site)[1]
    assert "&lt;b&gt;Bold&lt;/b&gt;" in listed
    assert f'href="/mail/{mail_id}"' in listed
    shown = get(f"{site}/mail/{mail_id}")[1]
    assert '<a href="http://localhost:8000/confirm/abc?x=1&amp;y=2">' in shown
    assert 'sandbox="allow-popups' in shown
    assert "Subject: <b>Bold</b>" in get(f"{site}/mail/{mail_id}/source")[1]


def test_the_html_of_a_mail_runs_and_fetches_nothing(box):
    _folder, port, site = box
    send(port, letter())
    mail_id = json.loads(get(f"{site}/messages.json")[1])[0]["id"]
    headers, body = get(f"{site}/mail/{mail_id}/html")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "Confirm</a>" in body


@pytest.mark.parametrize("path", ["/mail/..%2f..%2fetc", "/mail/x", "/mail/1/html", "/else"])
def test_what_is_not_there_is_not_found(box, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(box[2] + path)
    assert caught.value.code == 404
    caught.value.close()


def test_an_empty_mailbox_says_so(box):
    assert "No mail has come yet." in get(box[2])[1]


def test_a_taken_port_is_told(box, tmp_path):
    _folder, smtp, site = box
    with (
        pytest.raises(Misconfigured, match="Cannot listen"),
        catching(tmp_path, host="127.0.0.1", smtp_port=smtp, http_port=0),
    ):
        pass
    with (
        pytest.raises(Misconfigured, match="Cannot listen"),
        catching(tmp_path, host="127.0.0.1", smtp_port=0, http_port=int(site.rpartition(":")[2])),
    ):
        pass


def test_a_mail_that_is_no_mail_is_kept_and_shown(tmp_path):
    mailbox = Mailbox(tmp_path)
    mail_id = mailbox.add(b"\xff\xfe nonsense", sender="a@b\r\nSubject: forged", to=("c@d",))
    mail = mailbox.get(mail_id)
    assert mail.subject == ""
    assert mail.to == ("c@d",)


def test_text_around_links_is_escaped():
    assert linked("<i> http://x.example/?a=1&b=2, ok") == (
        '&lt;i&gt; <a href="http://x.example/?a=1&amp;b=2">http://x.example/?a=1&amp;b=2</a>, ok'
    )
