"""Every word of the board goes through gettext: only what people and bodies wrote stands beside."""

import pytest
from lxml import html

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.reports.models import Report
from waywarden.sending.models import ShadowRequest
from waywarden.sync.models import SetAside
from waywarden.users.models import User
from waywarden.web.tests.test_no_text_is_left_out import SPOKEN, left_out, pseudo

__all__ = ["pseudo"]
pytestmark = pytest.mark.django_db
#: What stands on a page as somebody else wrote it.
QUOTED = "//script | //style | //svg | //textarea | //code | //pre | //*[@class='said']"


@pytest.fixture
def as_olga(client):
    """A browser in which Olga, who operates the site, is signed in."""
    client.force_login(User.objects.create_superuser("olga@example.org", "pw", name="Olga"))
    return client


@pytest.fixture
def in_shadow(desk, town):
    """A connection that was rehearsed once."""
    new = Connection.objects.create(name="New server", kind="open311")
    Body.objects.filter(pk=town.county.pk).update(shadow_connection=new)
    ShadowRequest.objects.create(
        connection=new, body=town.county, report=desk.refused.report, at=clock.now(), findings=[]
    )


def data() -> list[str]:
    """All that people and machines wrote, the longest first."""
    found = [
        *Report.objects.values_list("title", flat=True),
        *Report.objects.values_list("category_name", flat=True),
        *Body.objects.values_list("name", flat=True),
        *Connection.objects.values_list("name", flat=True),
        *SetAside.objects.values_list("words", flat=True),
        "An update's date lies in the future.",  # a habit of a server, in the reader's own words
        "POST",
    ]
    return sorted(filter(None, found), key=len, reverse=True)


@pytest.mark.parametrize(
    "path",
    [
        "", "?need=1", "connections/{connection}/", "connections/{connection}/polls/", "email/",
        "mail/", "deliveries/", "deliveries/?state=waiting", "deliveries/?state=over",
        "deliveries/{refused}/", "deliveries/{held}/", "deliveries/{unknown}/", "aside/",
        "shadow/", "shadow/{body}/", "alarms/",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("in_shadow", "pseudo")
def test_no_words_of_the_board_are_left_out(as_olga, desk, town, path):
    numbers = {state: row.pk for state, row in desk.by_state.items()}
    numbers |= {"connection": desk.connection.pk, "body": town.county.pk}
    answer = as_olga.get("/staff/integration/" + path.format(**numbers))
    assert answer.status_code == 200
    root = html.fromstring(answer.content.decode())
    for dropped in root.xpath(QUOTED):
        dropped.drop_tree()
    texts = ["".join(block.itertext()) for block in root.xpath("//main | //title")]
    texts += [item.get(name) for name in SPOKEN for item in root.xpath(f"//*[@{name}]")]
    for words in data():
        texts = [text.replace(words, " ") for text in texts]
    assert [words.strip() for text in texts for words in left_out(text)] == []
