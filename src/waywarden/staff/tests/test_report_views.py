"""A report on the staff pages: what the body's system says of it, and an answer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from waywarden.bodies.models import Membership, ResponseTemplate
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Photo, Report, ReportBody, Update
from waywarden.sending.models import Delivery
from waywarden.web.tests.town import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(town):
    report = town.report()
    ReportBody.objects.filter(report=report).update(
        external_id="4711",
        last_status="IN_PROGRESS",
        assigned_to=town.ines,
        extras={"detailed_information": "Lamp 7, cable <b>cut</b>.", "priority": "2"},
    )
    return report


def address(report, body="borsetshire"):
    return f"/staff/reports/{report.pk}/at/{body}/"


def test_staff_see_who_has_it_and_what_their_system_adds(as_ines, report):
    shown = as_ines.get(address(report)).content.decode()
    for words in ("4711", "IN_PROGRESS", "Ines", "Lamp 7, cable &lt;b&gt;cut&lt;/b&gt;.", "2"):
        assert words in shown


def test_a_person_whom_only_the_bodys_system_knows_is_named_as_it_names_them(as_ines, report):
    ReportBody.objects.update(assigned_to=None, extras={"assigned_user_name": "Crew B"})
    assert "Crew B" in as_ines.get(address(report)).content.decode()


def test_the_public_does_not_read_who_has_it(client, report):
    shown = client.get(f"/report/{report.pk}").content.decode()
    assert "Ines" not in shown
    assert "cable" not in shown
    assert "/staff/" not in shown


def test_oskar_of_another_body_and_rosa_do_not_find_it(as_oskar, client, town, report):
    assert as_oskar.get(address(report)).status_code == 404
    assert as_oskar.post(address(report), {"text": "Ours."}).status_code == 404
    assert "/at/" not in as_oskar.get(f"/report/{report.pk}").content.decode()
    client.force_login(town.rosa)
    assert client.get(address(report)).status_code == 403
    assert not Update.objects.exists()


def test_ines_answers_in_the_bodys_name(as_ines, client, town, report):
    assert address(report) in as_ines.get(f"/report/{report.pk}").content.decode()
    given = {"text": "The lamp is lit again.", "state": "fixed - council"}
    answer = as_ines.post(address(report), given, follow=True)
    assert "It is said in the name of Borsetshire County Council." in answer.content.decode()
    assert "written by Ines" in answer.content.decode()
    client.logout()
    shown = client.get(f"/report/{report.pk}").content.decode()
    assert "The lamp is lit again." in shown
    assert "Ines" not in shown
    assert Report.objects.get().state == "fixed - council"
    assert Event.objects.get(kind="update.confirmed").actor_id == town.ines.pk


def test_what_is_wrong_is_said_beside_the_field(as_ines, report):
    answer = as_ines.post(address(report), {"text": "", "state": ""})
    assert answer.status_code == 422
    assert "Please write something" in answer.content.decode()


def test_who_only_reads_sees_no_form_and_cannot_answer(as_ines, report):
    Membership.objects.update(role="reader")
    assert "Say it" not in as_ines.get(address(report)).content.decode()
    public = as_ines.get(f"/report/{report.pk}").content.decode()
    assert "At Borsetshire County Council" in public
    assert "Answer as" not in public
    assert as_ines.post(address(report), {"text": "Ours."}).status_code == 403


def test_an_answer_begins_with_a_template_and_its_mail_text_goes_along(as_ines, town, report):
    template = ResponseTemplate.objects.create(
        body=town.county, title="Lit", states=["fixed - council"], is_automatic=False,
        text="{{category}} {{reference}} is mended.", email_text="Mended: {{reference}}",
    )  # fmt: skip
    other = ResponseTemplate.objects.create(body=town.county, title="Potholes only", text="Filled.")
    other.categories.add(town.pothole)
    theirs = ResponseTemplate.objects.create(body=town.district, title="Theirs", text="Theirs.")
    shown = as_ines.get(address(report), {"template": template.pk}).content.decode()
    words = f"{report.category_name} 4711 is mended."
    assert words in shown
    assert 'value="fixed - council" selected' in shown
    assert "Potholes only" not in shown
    assert theirs.text not in as_ines.get(address(report), {"template": theirs.pk}).content.decode()
    as_ines.post(
        address(report), {"text": words, "state": "fixed - council", "template": template.pk}
    )
    assert Update.objects.get().mail_text == "Mended: 4711"


def test_rows_that_told_nothing_new_are_told_to_the_bodys_staff_only(as_ines, town, report):
    hidden = {"report": report, "visibility": "hidden", "created": report.created}
    Update.objects.create(body=town.county, text="Same again.", **hidden)
    Update.objects.create(body=town.district, text="Theirs alone.", **hidden)
    shown = as_ines.get(address(report)).content.decode()
    assert "Same again." in shown
    assert "Theirs alone." not in shown


def test_an_answer_carries_photos(as_ines, client, report):
    photo = SimpleUploadedFile("a.jpg", picture().read(), "image/jpeg")
    given = {"text": "The lamp is lit again.", "photo": photo}
    answer = as_ines.post(address(report), given, follow=True)
    stored = Photo.objects.get()
    assert stored.update == Update.objects.get()
    assert f"/photo/{stored.key}.small.jpg" in answer.content.decode()
    assert f"/photo/{stored.key}" in client.get(f"/report/{report.pk}").content.decode()


def test_a_file_that_is_no_photo_is_said_and_a_good_one_is_kept_for_the_next_try(as_ines, report):
    files = [
        SimpleUploadedFile("a.jpg", picture().read(), "image/jpeg"),
        SimpleUploadedFile("b.jpg", b"no picture", "image/jpeg"),
    ]
    answer = as_ines.post(address(report), {"text": "Lit again.", "photo": files})
    assert answer.status_code == 422
    assert "b.jpg" in answer.content.decode()
    assert not Update.objects.exists()
    key = str(Photo.objects.get().key)
    assert key in answer.content.decode()
    as_ines.post(address(report), {"text": "Lit again.", "photo_keys": [key]})
    assert Photo.objects.get().update == Update.objects.get()


def answered(as_ines, report):
    as_ines.post(address(report), {"text": "We come on Monday.", "state": "in progress"})
    return Update.objects.get()


def test_an_answer_is_worded_anew_and_taken_back_until_it_has_gone(as_ines, as_oskar, town, report):
    made = answered(as_ines, report)
    change = f"{address(report)}answers/{made.pk}/"
    assert change in as_ines.get(address(report)).content.decode()
    assert "We come on Monday." in as_ines.get(change).content.decode()
    as_ines.post(change, {"text": "We come on Tuesday."})
    assert Update.objects.get().text == "We come on Tuesday."
    assert as_ines.post(change, {"text": "x" * 4001}).status_code == 422
    assert as_oskar.post(change, {"withdraw": "1"}).status_code == 404
    as_rosa = Client()
    as_rosa.force_login(town.rosa)
    assert as_rosa.post(change, {"withdraw": "1"}).status_code == 403
    assert Client().post(change, {"withdraw": "1"}).status_code == 302
    assert Update.objects.get().visibility == "shown"
    answer = as_ines.post(change, {"withdraw": "1"}, follow=True)
    assert "The answer is taken back." in answer.content.decode()
    assert Report.objects.get(pk=report.pk).state == "confirmed"
    assert Update.objects.get().visibility == "hidden"
    assert as_ines.get(change).status_code == 404


def test_an_answer_that_has_gone_to_a_body_stays_as_it_is(as_ines, town, report):
    made = answered(as_ines, report)
    moment = clock.now()
    Delivery.objects.filter(update=made).delete()
    Delivery.objects.create(
        report=report, update=made, body=town.county, state="sent", due_at=moment, created=moment
    )
    change = f"{address(report)}answers/{made.pk}/"
    assert change not in as_ines.get(address(report)).content.decode()
    answer = as_ines.post(change, {"withdraw": "1"})
    assert answer.status_code == 422
    assert "on its way already" in answer.content.decode()
    assert Update.objects.get().visibility == "shown"


def test_a_reader_of_the_body_changes_no_answer(as_ines, town, report):
    made = answered(as_ines, report)
    Membership.objects.filter(user=town.ines).update(role="reader")
    change = f"{address(report)}answers/{made.pk}/"
    assert as_ines.post(change, {"withdraw": "1"}).status_code == 403
    assert Update.objects.get().visibility == "shown"
