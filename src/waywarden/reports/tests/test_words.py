"""A body's replies in the reader's language, with their placeholders; people's words stay."""

from datetime import timedelta

import pytest
from django.utils import translation

from waywarden.bodies.models import Body, ResponseTemplate
from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words
from waywarden.kernel import clock
from waywarden.reports import fetched_services, words
from waywarden.reports.fetched_services import Credit, FetchedUpdate
from waywarden.reports.models import Report, ReportBody, Update

pytestmark = pytest.mark.django_db
CREDIT = Credit(connection_id=None, sent_by="open311", user_id=None)
TEMPLATE = "{{body}} has it as {{reference}}. {{description}}"


@pytest.fixture(autouse=True)
def french():
    for original, text in (
        (TEMPLATE, "{{description}} Référence {{ reference }}, {{body}}."),
        ("We know of {{title}}.", "Nous connaissons {{title}}."),
        ("Borsetshire", "Le Borsetshire"),
        ("Potholes", "Nids-de-poule"),
        ("Booked.", "Prévu."),
        ("Open", "À faire"),
    ):
        Translation.objects.create(original=original, language="fr", text=text)
    forget_words()
    yield
    forget_words()


@pytest.fixture
def at_body():
    body = Body.objects.create(name="Borsetshire", slug="borsetshire")
    at = clock.now() - timedelta(hours=3)
    report = Report.objects.create(
        title="Booked.", category_name="Potholes", lat=51.5, lon=-1.5, cell=0, state="confirmed",
        created=at, confirmed_at=at, state_changed_at=at, changed=at,
    )  # fmt: skip
    return ReportBody.objects.create(report=report, body=body, external_id="4711", sent_at=at)


def spoken(at_body, template, *, mail="", text="Booked.", **extras):
    ResponseTemplate.objects.create(
        body=at_body.body, title="Reply", text=template, email_text=mail,
        states=["in progress"],
    )  # fmt: skip
    row = FetchedUpdate(
        report_id=at_body.report_id, body_id=at_body.body_id, update_id="u1", text=text,
        said_at=clock.now() - timedelta(hours=1), state="in progress", extras=extras,
    )  # fmt: skip
    return fetched_services.apply_updates([row], credit=CREDIT)[-1]


def test_a_template_speaks_the_reader_s_language_with_all_that_was_filled_in(at_body):
    update = Update.objects.get(pk=spoken(at_body, TEMPLATE, mail="We know of {{title}}.").pk)
    assert words.text_in_words(update) == "Borsetshire has it as 4711. Booked."
    with translation.override("fr"):
        assert words.text_in_words(update) == "Prévu. Référence 4711, Le Borsetshire."
        # A title is a person's: it is not translated although a body says the same words.
        assert words.mail_in_words(update) == "Nous connaissons Booked.."
    with translation.override("ar"):
        assert words.text_in_words(update) == "Borsetshire has it as 4711. Booked."


def test_words_that_were_changed_since_are_shown_as_they_are(at_body):
    update = spoken(at_body, TEMPLATE)
    update.text = "Borsetshire has it."
    with translation.override("fr"):
        assert words.text_in_words(update) == "Borsetshire has it."


def test_a_body_cannot_bring_a_template_of_its_own_in_a_row(at_body):
    update = spoken(at_body, "Hello.", text="", spoken="x")
    assert "spoken" not in update.extras


def test_what_a_person_wrote_is_nobody_s_to_translate():
    with translation.override("fr"):
        assert words.text_in_words(Update(text="Booked.")) == "Booked."
        assert words.text_in_words(Update(text="Booked.", body_id=1)) == "Prévu."


def test_that_a_report_was_moved_is_said_in_the_reader_s_language():
    text, extras = words.told_as_moved("category", "Potholes", "Lamps")
    update = Update(text=text, extras=extras, body_id=1)
    assert words.text_in_words(update) == "Category changed from “Potholes” to “Lamps”."
    with translation.override("fr"):
        assert words.told_as_moved("category", "Potholes", "Lamps")[0] == text
        assert "Nids-de-poule" in words.text_in_words(update)


def test_the_operator_s_name_for_a_state_goes_before_the_catalog_s():
    with translation.override("fr"):
        assert words.state_in_words("confirmed") == "À faire"
        assert words.state_in_words("in progress") == "En cours"
