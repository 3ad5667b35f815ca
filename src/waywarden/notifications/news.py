"""What a mailing says: its items as a letter, looked at once more before it goes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.areas.models import Area
from waywarden.bodies.models import Body
from waywarden.bodies.words import said
from waywarden.kernel.cobrand import Cobrand, registry
from waywarden.notifications.alert_services import Target
from waywarden.notifications.letters import Letter, address_of, language_of, site_address
from waywarden.notifications.models import Alert, Item, Mailing
from waywarden.notifications.return_paths import address_for
from waywarden.reports import states
from waywarden.reports.models import Report, Update
from waywarden.reports.words import state_in_words

Kind = Alert.Kind
#: Pieces of news that one mail tells; the rest is counted.
MOST_TOLD = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of news as the templates see it; `state_name` is said only when it is new."""

    report: Report
    update: Update | None
    state_name: str
    photos: int
    link: str


def letter_of(mailing: Mailing) -> Letter | None:
    """The letter of a mailing; None when nothing of it may be told (any more)."""
    alert = mailing.alert
    person = alert.user
    if alert.stopped_at or not (person.is_active and person.wants_news):
        return None
    with translation.override(language_of(person.language or alert.language)):
        return _letter(mailing, alert)


def _letter(mailing: Mailing, alert: Alert) -> Letter | None:
    """The same once it is known that the person wants one; in their language."""
    person = alert.user
    cobrand = registry.named(alert.cobrand)
    items = _tellable(mailing, cobrand)
    if not items:
        return None
    pieces = _pieces(items[:MOST_TOLD], cobrand)
    leave = address_of(f"/A/leave/{alert.key}", cobrand_name=alert.cobrand)
    values = {
        "pieces": pieces,
        "count": len(items),
        "more": len(items) - len(pieces),
        "alert": alert,
        "place": place_of(alert),
        "leave": leave,
        "manage": address_of("/my/alerts", cobrand_name=alert.cobrand),
        "is_reporter": bool(alert.report and alert.report.user_id == person.pk),
    }
    template, more = "digest", {}
    if alert.kind == Kind.REPORT:
        # Lets people sort by report.
        host = site_address(cobrand).partition("://")[2].partition(":")[0]
        more = {"List-Id": f"<report-{alert.report_id}.{host}>"}
        if len(items) == 1:
            template, values = "update", values | _of_one(pieces[0])
    return Letter(
        to=person.email,
        template=template,
        cobrand_name=alert.cobrand,
        language=get_language() or "",
        values=values,
        message_id=f"alert.{alert.pk}.{mailing.pk}",
        thread=f"report.{alert.report_id}" if alert.kind == Kind.REPORT else "",
        returns_to=address_for(alert.pk, domain=settings.WAYWARDEN_MAIL_ANSWERS),
        metadata={"alert": str(alert.key)},
        headers={
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
            **more,
        },
    )


def place_of(alert: Alert) -> str:
    """What an alert is about, by name."""
    if alert.kind == Kind.REPORT and alert.report:
        return alert.report.title
    if alert.kind == Kind.RADIUS:
        return _circle(alert.lat, alert.lon, alert.radius_m)
    names = [said(alert.body.name)] if alert.body else []
    names += [said(alert.area.name)] if alert.area else []
    if alert.area_ids:
        known = Area.objects.filter(pk__in=alert.area_ids).order_by("name")
        wards = [said(name) for name in known.values_list("name", flat=True)]
        names.append(get_text_list(wards, _("and")))
    return ", ".join(names)


def words_for(target: Target) -> str:
    """The same of what is not followed yet."""
    return place_of(
        Alert(
            kind=target.kind,
            report=Report.objects.filter(pk=target.report_id or 0).first(),
            body=Body.objects.filter(pk=target.body_id or 0).first(),
            area=Area.objects.filter(pk=target.area_id or 0).first(),
            area_ids=list(target.area_ids),
            lat=target.lat,
            lon=target.lon,
            radius_m=target.radius_m,
        )
    )


def _circle(lat: float | None, lon: float | None, metres: int | None) -> str:
    metres = metres or 0
    wide = _("%(n)s km") % {"n": number_format(metres / 1000, 1)}
    if metres < 1000:
        wide = _("%(n)s m") % {"n": number_format(metres)}
    elif metres % 1000 == 0:
        wide = _("%(n)s km") % {"n": number_format(metres // 1000)}
    return _("New reports within %(wide)s of %(place)s") % {
        "wide": wide,
        "place": f"{lat:.5f}, {lon:.5f}",
    }


def _of_one(piece: Piece) -> dict[str, object]:
    """What the letter about a single update is filled with."""
    return {
        "report": piece.report,
        "update": piece.update,
        "state_name": piece.state_name,
        "is_fixed": piece.update is not None and piece.update.state in states.FIXED,
        "photos": piece.photos,
        "link": piece.link,
    }


def _tellable(mailing: Mailing, cobrand: Cobrand) -> list[Item]:
    """The items that may still be told: shown, public or the holder's own, of this site."""
    items = list(
        mailing.items.select_related("report", "update__body")
        .prefetch_related("report__photos", "update__photos", "report__at_bodies__body")
        .order_by("report__confirmed_at", "update__confirmed_at", "id")
    )
    return [item for item in items if _may_tell(item, mailing.alert, cobrand)]


def _may_tell(item: Item, alert: Alert, cobrand: Cobrand) -> bool:
    report, update = item.report, item.update
    if not report.is_visible or (report.is_private and report.user_id != alert.user_id):
        return False
    if update is not None:
        return update.visibility == Update.Visibility.SHOWN
    slugs = {row.body.slug for row in report.at_bodies.all()}
    return not cobrand.bodies or bool(slugs & set(cobrand.bodies))


def _pieces(items: Iterable[Item], cobrand: Cobrand) -> list[Piece]:
    """In order; a state is said where it differs from the one said before (FB A.40)."""
    told: dict[int, str] = {}
    found = []
    for item in items:
        report, update = item.report, item.update
        state = update.state if update else ""
        is_new = bool(state) and state != told.get(report.pk, "")
        told[report.pk] = state or told.get(report.pk, "")
        anchor = f"#update-{update.pk}" if update else ""
        found.append(
            Piece(
                report=report,
                update=update,
                state_name=state_in_words(state) if is_new else "",
                photos=len((update or report).photos.all()),
                link=f"{site_address(cobrand)}{report.get_absolute_url()}{anchor}",
            )
        )
    return found
