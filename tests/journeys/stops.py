"""Every page that the public sees, in the states worth looking at, and how to come to each."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from playwright.sync_api import Page

from tests.journeys import came_in, signing_in
from tests.journeys.steps import KIND, PHOTO, arrive, choose, go_to
from tests.journeys.world import FREE, World
from waywarden.bodies.models import ResponseTemplate
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY
from waywarden.health.alarm_services import watch
from waywarden.health.models import SelfTest
from waywarden.kernel import clock
from waywarden.notifications.models import Alert, Questionnaire
from waywarden.sending.models import ShadowRequest
from waywarden.users.models import MailedLink, User
from waywarden.users.services import issue_link, redeem_link
from waywarden.webhooks import services as webhooks
from waywarden.webhooks.models import Call, Endpoint

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"
HERE = f"lat={FREE['latitude']}&lon={FREE['longitude']}"
CONFIRM = MailedLink.Purpose.CONFIRM_REPORT

Act = Callable[[Page], object]


def _nobody(_world: World) -> User | None:
    return None


@dataclass(frozen=True)
class Stop:
    """A page: its address in the world, its heading, what is done there before one looks."""

    name: str
    address: Callable[[World], str]
    heading: str
    then: Act | None = None
    who: Callable[[World], User | None] = _nobody


def _at(address: str) -> Callable[[World], str]:
    return lambda _world: address


def _press(name: str) -> Act:
    return lambda page: arrive(page, name)


def _open_filters(page: Page) -> None:
    page.get_by_text("Filter and sort").click()


def _open_figures(page: Page) -> None:
    page.get_by_text("Figures", exact=True).click()
    page.get_by_text("The same as a table").click()


def _put_down_a_pin(page: Page) -> None:
    page.locator(".has-map").wait_for()
    page.locator(".map-canvas canvas").click()  # in its middle, where nothing is
    page.locator(".map-report").wait_for()


def _send_nothing(page: Page) -> None:
    """Past the page's own checks, to what the server says."""
    page.evaluate("document.querySelector('form[data-steps]').submit()")
    page.locator("#errors").wait_for()
    page.wait_for_load_state("load")


def _step(heading: str, kind: str = "Pothole") -> Act:
    def walk(page: Page) -> None:
        page.locator(".has-map").wait_for()
        choose(page, kind)
        go_to(page, heading)

    return walk


def _report(state: str) -> Callable[[World], str]:
    return lambda world: f"/report/{world.by_state[state].pk}"


def _flag(world: World) -> str:
    return f"/report/{world.by_state['confirmed'].pk}/flag"


def _correct(world: World) -> str:
    return f"/report/{world.by_state['confirmed'].pk}/correct"


def _open_photo(page: Page) -> None:
    page.locator("article .photos a").click()
    page.locator("dialog[open]").wait_for()


def _private(world: World) -> str:
    return f"/report/{world.private.pk}"


def _hidden(world: World) -> str:
    return f"/report/{world.hidden.pk}"


def _link(world: World) -> str:
    number = world.by_state["confirmed"].pk
    return f"/P/{issue_link(purpose=CONFIRM, email='nia@example.org', subject_id=number)}"


def _used_link(world: World) -> str:
    address = _link(world)
    redeem_link(token=address.removeprefix("/P/"), purpose=CONFIRM)
    return address


def _follow_county(world: World) -> str:
    return f"/alert/one?what=body:{world.county.pk}"


def _leave(world: World) -> str:
    alert = Alert.objects.filter(user=world.rosa).first()
    assert alert is not None
    return f"/A/leave/{alert.key}"


def _questionnaire(world: World) -> str:
    moment = clock.now()
    row = Questionnaire.objects.create(
        report=world.by_state["confirmed"], user=world.rosa, state="sent", due_at=moment,
        sent_at=moment,
    )  # fmt: skip
    return f"/Q/{row.key}"


def _rosa(world: World) -> User:
    return world.rosa


def _ines(world: World) -> User:
    return world.ines


def _connection(world: World) -> str:
    return f"/staff/integration/connections/{world.desk.connection.pk}/"


def _refused(world: World) -> str:
    return f"/staff/integration/deliveries/{world.desk.refused.pk}/"


def _try_a_template(page: Page) -> None:
    _press("Show what people would read")(page)
    _open_everything(page)


def _template(_world: World) -> str:
    return f"/staff/templates/{ResponseTemplate.objects.get(title='Mended').pk}/"


def _open_everything(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


def _alarms(world: World) -> str:
    watch()
    return "/staff/integration/alarms/"


def _aside(world: World) -> str:
    return f"/staff/integration/aside/{world.desk.row.pk}/"


def _shadow(world: World) -> str:
    """The county tries a new server; Ines may let it go live."""
    new, _is_new = Connection.objects.get_or_create(name="New server", kind="open311")
    type(world.county).objects.filter(pk=world.county.pk).update(shadow_connection=new)
    world.ines.memberships.update(role="administrator")
    found = ([], ["depth: Please answer this."])
    for report, findings in zip(list(world.by_state.values())[:2], found, strict=True):
        ShadowRequest.objects.update_or_create(
            connection=new, report=report,
            defaults={
                "body": world.county, "at": clock.now(), "method": "POST",
                "url": "https://new.example/requests.xml", "request": "service_code=POT",
                "findings": findings,
            },
        )  # fmt: skip
    return f"/staff/integration/shadow/{world.county.pk}/"


def _self_test(world: World) -> str:
    """A test of an endpoint, as the kit reports it."""
    check = {
        "title": "Each service code is there once.", "severity": "breaks integration",
        "clause": "2.2", "outcome": "failed", "asked": "GET services.xml",
        "came": "POT is listed twice.", "change": "Give each service a code of its own.",
    }  # fmt: skip
    found = {"levels": {"1": False, "2": False, "3": False}, "checks": [check]}
    test, _is_new = SelfTest.objects.get_or_create(
        connection=world.desk.connection,
        defaults={"asked_at": clock.now(), "finished_at": clock.now(), "found": found},
    )
    return f"/staff/integration/tests/{test.pk}/"


def _webhook(world: World) -> str:
    """A webhook of the county's, with a message that was given up and one on its way."""
    world.ines.memberships.update(role="administrator")
    endpoint = Endpoint.objects.filter(body=world.county).first()
    if endpoint is None:
        endpoint, _secret = webhooks.new_endpoint(
            body_id=world.county.pk, url="https://hooks.example/streets-of-borsetshire",
            kinds=["report.published"], description="The works map", by=NOBODY,
        )  # fmt: skip
        ids = [webhooks.Happened(one.pk, {}) for one in list(world.by_state.values())[:2]]
        webhooks.fan_out("report.confirmed", ids, batch=uuid4(), at=clock.now())
        first = endpoint.calls.order_by("id").first()
        Call.objects.filter(pk=first.pk).update(state="failed", status=500, attempts=10)
    return f"/staff/webhooks/{endpoint.pk}/"


def _webhook_call(world: World) -> str:
    _webhook(world)
    return f"/staff/webhooks/calls/{Call.objects.order_by('id').first().pk}/"


def _duplicate(world: World) -> str:
    return f"/staff/reports/{world.by_state['confirmed'].pk}/duplicate/"


STAFF = (
    Stop("staff, the board", _at("/staff/integration/"), "Connections", who=_ines),
    Stop("staff, a connection", _connection, "Borsetshire works", who=_ines),
    Stop("staff, deliveries", _at("/staff/integration/deliveries/"), "Deliveries", who=_ines),
    Stop("staff, templates", _at("/staff/templates/"), "Response templates", who=_ines),
    Stop(
        "staff, a template", _template, "Mended", who=_ines,
        then=_try_a_template,
    ),
    Stop(
        "staff, a delivery", _refused, "is", who=_ines, then=_open_everything,
    ),
    Stop("staff, e-mail", came_in.email, "E-mail", who=_ines, then=_open_everything),
    Stop("staff, mail", _at("/staff/integration/mail/"), "Mail from bodies", who=_ines),
    Stop("staff, a mail", came_in.one_mail, "Your lamp", who=_ines),
    Stop("staff, points without a body", came_in.unserved, "Points without", who=came_in.olga),
    Stop("staff, set aside", _at("/staff/integration/aside/"), "Set aside", who=_ines),
    Stop("staff, a row", _aside, "We know no such", who=_ines, then=_open_everything),
    Stop("staff, in shadow", _shadow, "Borsetshire", who=_ines, then=_open_everything),
    Stop("staff, all in shadow", _at("/staff/integration/shadow/"), "In shadow", who=_ines),
    Stop("staff, a report", came_in.at_the_body, "Lamp", who=_ines),
    Stop("staff, imports", came_in.imports, "Imports", who=_ines),
    Stop("staff, an import", came_in.one_import, "Borsetshire", who=_ines),
    Stop("staff, rules", came_in.rules, "What stays out", who=_ines),
    Stop("staff, service lists", came_in.lists, "Service lists", who=_ines),
    Stop("staff, a list", came_in.proposal, "that waits", who=_ines, then=_open_everything),
    Stop("staff, alarms", _alarms, "Alarms", who=_ines),
    Stop("staff, a webhook", _webhook, "The works map", who=_ines, then=_open_everything),
    Stop("staff, webhooks", _at("/staff/webhooks/"), "Webhooks", who=_ines),
    Stop("staff, a message", _webhook_call, "report.published", who=_ines),
    Stop(
        "staff, a new webhook", _at("/staff/webhooks/new/"), "A new webhook", who=_ines,
        then=_press("Add it"),
    ),
    Stop("staff, a duplicate", _duplicate, "Same as another", who=_ines, then=_press("Tie")),
    Stop("staff, a test", _self_test, "Test of the endpoint", who=_ines),
)  # fmt: skip

STOPS = (
    *STAFF,
    Stop("front", _at("/"), "Something broken in the street?"),
    Stop("front, place not found", _at("/around?pc=Nowhere"), "Something broken in the street?"),
    Stop("places to pick from", _at("/around?pc=katu"), "Which one do you mean?"),
    Stop("around, with filters", _at("/around"), "Reports near", then=_open_filters),
    Stop("around, with a pin", _at(f"/around?{HERE}"), "Reports near", then=_put_down_a_pin),
    Stop("report form", _at(f"/report/new?{PLACE}"), "Report a problem"),
    Stop(
        "report form, with errors",
        _at(f"/report/new?{PLACE}&category=Pothole"),
        "Report a problem",
        then=_send_nothing,
    ),
    *(
        Stop(f"report form, {name}", _at(f"/report/new?{PLACE}"), "Report a problem", then=then)
        for name, then in (
            ("kinds", _step(KIND)),
            ("a stop", _step(KIND, "Smell of gas")),
            ("questions", _step("About")),
            ("photos", _step(PHOTO, "Fallen tree")),
        )
    ),
    Stop("begin with a photo", _at("/report/photo"), "Begin with a photo"),
    Stop("off-line", _at("/offline"), "There is no network"),
    Stop(
        "report form, where nobody answers",
        _at("/report/new?latitude=10&longitude=10"),
        "Report a problem",
    ),
    Stop("report, open", _report("confirmed"), "is dark"),
    Stop("report, fixed", _report("fixed - council"), "ist locker"),
    Stop("report, closed, one's own", _report("unable to fix"), "is dark", who=_rosa),
    Stop("report, with errors", _report("planned"), "is dark", then=_press("Send the update")),
    Stop("report, abusive", _flag, "What is wrong here?", then=_press("Tell the operators")),
    Stop("report, correcting", _correct, "Correct your report", who=_rosa),
    Stop("report, photo large", _report("confirmed"), "is dark", then=_open_photo),
    Stop("report, private, one's own", _private, "Van without plates", who=_rosa),
    Stop("bodies", _at("/reports"), "All reports"),
    Stop("body", _at("/reports/borsetshire"), "Borsetshire County Council", then=_open_filters),
    Stop("body, its figures", _at("/reports/borsetshire"), "Borsetshire", then=_open_figures),
    Stop(
        "ward",
        _at("/reports/borsetshire/ambridge-on-the-long-shore-by-felpersham"),
        "Ambridge",
        then=_open_filters,
    ),
    Stop("map of nothing", _at("/around?text=zzz"), "Reports near"),
    Stop("sign in", _at("/auth"), "Sign in"),
    Stop("sign in, with errors", _at("/auth"), "Sign in", then=_press("Mail me a link")),
    Stop("check your mail", _at("/report/check-mail"), "Now check your mail"),
    Stop("confirm", _link, "One press, and your report is public"),
    Stop("confirm, used", _used_link, "This link was used before"),
    Stop("confirm, dead", _at("/P/nothing"), "This link does not work any more"),
    Stop("one's own", _at("/my"), "Your reports", who=_rosa),
    Stop("follow a place", _at("/alert"), "Follow a place"),
    Stop("follow, place not found", _at("/alert?pc=Nowhere"), "Follow a place"),
    Stop("follow, places to pick from", _at("/alert?pc=katu"), "Which one do you mean?"),
    Stop("follow, what", _at(f"/alert/list?{HERE}"), "What would you like to follow?"),
    Stop(
        "follow, with errors",
        _at(f"/alert/list?{HERE}"),
        "What would you like to follow?",
        then=_press("Send me news"),
    ),
    Stop("follow, one thing", _follow_county, "Follow"),
    Stop("follow, one thing, with errors", _follow_county, "Follow", then=_press("Send me news")),
    Stop("leave an alert", _leave, "No more mails of this?"),
    Stop("what one follows", _at("/my/alerts"), "All that you follow", who=_rosa),
    *(
        Stop(name, address, heading, then=then, who=who or _nobody)
        for name, address, heading, then, who in signing_in.ROWS
    ),
    Stop("one's updates", _at("/my/updates"), "Your updates", who=_ines),
    Stop("one's account", _at("/my/account"), "Your account", who=_rosa),
    Stop("delete the account", _at("/my/delete"), "Delete my account", who=_rosa),
    Stop(
        "delete the account, not sure",
        _at("/my/delete"),
        "Delete my account",
        then=_press("Delete my account"),
        who=_rosa,
    ),
    Stop("asked after four weeks", _questionnaire, "Is it fixed?"),
    Stop(
        "asked after four weeks, with errors",
        _questionnaire,
        "Is it fixed?",
        then=_press("Send my answer"),
    ),
    Stop("help", _at("/help"), "Help"),
    Stop("contact", _at("/contact"), "Write to us"),
    Stop("contact, with errors", _at("/contact"), "Write to us", then=_press("Send")),
    Stop("accessibility", _at("/accessibility"), "Accessibility"),
    Stop("about", _at("/about"), "About this site"),
    Stop("privacy", _at("/privacy"), "Privacy"),
    Stop("404", _at("/nothing/here"), "There is nothing here"),
    Stop("403", _private, "This is not for everybody"),
    Stop("410", _hidden, "This report was taken down"),
)
