"""The automatic template for the open state speaks once, when a body has the report."""

from datetime import timedelta

import pytest

from waywarden.bodies.models import Body, Category, ResponseTemplate
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports import services
from waywarden.reports.fetched_services import Credit, FetchedUpdate, apply_updates
from waywarden.reports.models import Report, ReportBody, Update

pytestmark = pytest.mark.django_db


@pytest.fixture
def council():
    return Body.objects.create(name="Council", slug="council")


@pytest.fixture
def potholes(council):
    return Category.objects.create(body=council, name="Potholes", slug="potholes")


@pytest.fixture
def sent(council, potholes):
    def make(**values):
        moment = clock.now()
        report = Report.objects.create(
            **{
                "title": "Deep pothole",
                "category_name": "Potholes",
                "lat": 52.2,
                "lon": -1.5,
                "cell": 1,
                "state": "confirmed",
                "created": moment,
                "changed": moment,
                "confirmed_at": moment,
                **values,
            }
        )
        ReportBody.objects.create(report=report, body=council, category=potholes)
        services.record_sent(
            report_id=report.pk,
            body_id=council.pk,
            sent_by="open311",
            sent_at=moment,
            external_id=f"C{report.pk}",
        )
        return report

    return make


@pytest.fixture
def template(council):
    return ResponseTemplate.objects.create(
        body=council,
        title="Thanks",
        text="Thank you; our number is {{reference}}. {{description}}",
        states=["confirmed"],
    )


def test_it_becomes_the_first_update_in_the_bodys_name(sent, council, template):
    report = sent()

    update = Update.objects.get(report=report)
    assert update.text == f"Thank you; our number is C{report.pk}."
    assert (update.body, update.visibility, update.state) == (council, "shown", "")
    assert Event.objects.filter(kind="update.acknowledged", subject_id=update.pk).exists()


def test_it_speaks_once_however_often_the_report_is_sent(sent, council, template):
    report = sent()

    services.record_sent(
        report_id=report.pk, body_id=council.pk, sent_by="email", sent_at=clock.now()
    )

    assert Update.objects.filter(report=report).count() == 1


@pytest.mark.parametrize(
    "values",
    [{"is_automatic": False}, {"states": ["closed"]}, {"states": [], "external_codes": ["1"]}],
)
def test_only_an_automatic_template_for_the_open_state_speaks(sent, template, values):
    ResponseTemplate.objects.update(**values)

    assert not Update.objects.filter(report=sent()).exists()


def test_a_template_of_another_category_is_silent(sent, council, template):
    template.categories.add(Category.objects.create(body=council, name="Trees", slug="trees"))

    assert not Update.objects.filter(report=sent()).exists()


def test_a_report_that_is_closed_already_is_not_greeted(sent, template):
    assert not Update.objects.filter(report=sent(state="closed")).exists()


def test_it_is_mailed_in_words_of_its_own(sent, council, template):
    template.email_text = "Hello! {{title}} is {{reference}} at {{body}}."
    template.save()
    report = sent()
    said = Update.objects.get()
    assert said.words_for_mail == f"Hello! Deep pothole is C{report.pk} at Council."


def test_the_bodys_first_row_is_its_first_all_the_same(sent, council, template):
    report = sent()
    ReportBody.objects.update(sent_at=None)
    row = FetchedUpdate(
        report_id=report.pk,
        body_id=council.pk,
        update_id="u1",
        said_at=clock.now() - timedelta(days=1),
        state="in progress",
        text=Update.objects.get().text,
    )
    [update] = apply_updates([row], credit=Credit(connection_id=None, sent_by="", user_id=None))
    assert update.state == "in progress"
