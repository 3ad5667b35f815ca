"""Public addresses; those that may stand in a bookmark or a mail never change (FB 3)."""

from django.urls import include, path, re_path, register_converter
from django.urls.converters import IntConverter, StringConverter
from django.views.generic import RedirectView

from waywarden.users.models import MailedLink
from waywarden.web import account_views as account
from waywarden.web import alert_views as alerts
from waywarden.web import app_views as app
from waywarden.web import author_views as author
from waywarden.web import body_views as bodies
from waywarden.web import browse_views as browse
from waywarden.web import contact_views as writing
from waywarden.web import file_views as files
from waywarden.web import my_views as my
from waywarden.web import public_views as public
from waywarden.web import questionnaire_views as asking
from waywarden.web import report_views as making
from waywarden.web import site_views as site
from waywarden.web import update_views as one
from waywarden.web.sign_in import AddPasskeyView, CodeView, PasskeyView, PasswordView


class NumberConverter(IntConverter):
    """A number that a database row may have."""

    regex = "[0-9]{1,18}"


class FeedConverter(StringConverter):
    """The first part of a feed's address, which says its kind."""

    regex = "rss|atom"


class SlugsConverter(StringConverter):
    """Several short names with bars between them."""

    regex = r"[-a-zA-Z0-9_]+(?:\|[-a-zA-Z0-9_]+){1,49}"


register_converter(NumberConverter, "number")
register_converter(SlugsConverter, "slugs")
register_converter(FeedConverter, "feed")
Purpose = MailedLink.Purpose

urlpatterns = [
    path("", browse.front, name="front"),
    path("around", browse.around, name="around"),
    path("report", RedirectView.as_view(pattern_name="front")),
    path("report/new", making.new, name="report-new"),
    path("report/new/kind", making.part, {"name": "kind"}, name="report-kind"),
    path("report/new/questions", making.part, {"name": "questions"}, name="report-questions"),
    path("report/photo", making.begin_with_photo, name="photo-first"),
    path("report/check-mail", making.check_mail, name="check-mail"),
    path("report/<number:number>", one.report, name="report"),
    path("report/<number:number>/withdraw", author.withdraw, name="report-withdraw"),
    path("report/<number:number>/correct", author.correct, name="report-correct"),
    path(
        "report/<number:number>/update/<number:update>", author.change_update, name="update-change"
    ),
    path("report/<number:number>/me-too", public.me_too, name="report-me-too"),
    path("report/<number:number>/flag", public.flag, name="report-flag"),
    path("report/<number:number>/card.png", public.card, name="report-card"),
    re_path(r"^report/3D ?(?P<number>\d{1,18})\b.*$", one.from_broken_link),
    re_path(r"^report/(?P<number>\d{1,18})(?![\dD]).+$", one.from_broken_link),
    path("reports", bodies.bodies, name="bodies"),
    path("reports/<slug:slug>", bodies.body, name="body"),
    path("reports/<slug:slug>/<slug:ward>", bodies.body, name="ward"),
    path("reports/<slug:slug>/<slugs:ward>", bodies.body),
    path("reports/<str:name>", bodies.by_name),
    path("reports/<str:name>/<str:ward>", bodies.by_name),
    path("P/<str:token>", account.mailed_link, {"purpose": Purpose.CONFIRM_REPORT}),
    path("C/<str:token>", account.mailed_link, {"purpose": Purpose.CONFIRM_UPDATE}),
    path("M/<str:token>", account.mailed_link, {"purpose": Purpose.SIGN_IN}),
    path("A/<str:token>", account.mailed_link, {"purpose": Purpose.FOLLOW}),
    path("A/leave/<uuid:key>", alerts.leave, name="alert-leave"),
    path("Q/<uuid:key>", asking.questionnaire, name="questionnaire"),
    path("alert", alerts.start, name="alert"),
    path("alert/list", alerts.choose, name="alert-list"),
    path("alert/one", alerts.one, name="alert-one"),
    path("alert/subscribe", alerts.subscribe, name="alert-subscribe"),
    path("<feed:form>/pc/<str:name>", alerts.feed_of_place),
    path("<feed:form>/pc/<str:name>/<str:km>", alerts.feed_of_place),
    path("my/alerts", alerts.mine, name="my-alerts"),
    path("my/alerts/<number:number>", alerts.change, name="my-alert"),
    path("auth", account.sign_in, name="sign-in"),
    path("auth/sign-out", account.sign_out, name="sign-out"),
    path("auth/login/code/", RedirectView.as_view(pattern_name="sign-in", query_string=True)),
    path("auth/login/code/confirm/", CodeView.as_view()),
    path("auth/login/", PasswordView.as_view()),
    path("auth/2fa/webauthn/login/", PasskeyView.as_view()),
    path("auth/2fa/webauthn/add/", AddPasskeyView.as_view()),
    path("auth/", include("allauth.urls")),
    path("my", my.reports, name="mine"),
    path("my/updates", my.updates, name="my-updates"),
    path("my/hide-name", my.hide, name="my-hide-name"),
    path("my/account", my.account, name="my-account"),
    path("my/data", my.export, name="my-data"),
    path("my/delete", my.delete, name="my-delete"),
    path("photo/<uuid:key>.jpg", files.photo, {"size": "full"}, name="photo"),
    path("photo/<uuid:key>.small.jpg", files.photo, {"size": "small"}, name="photo-small"),
    path("tiles/<number:zoom>/<number:x>/<number:y>.mvt", files.vector_tile),
    path("tiles/<number:zoom>/<number:x>/<number:y>.png", files.picture_tile),
    path("tiles/<number:zoom>/<number:x>/<number:y>.dark.png", files.picture_tile, {"dark": True}),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("icon-<number:side>.png", app.icon),
    path("icon-<number:side>-masked.png", app.icon, {"fills_frame": True}),
    path("service-worker.js", app.service_worker),
    path("offline", app.offline, name="offline"),
    path("about", site.about, name="about"),
    path("privacy", site.privacy, name="privacy"),
    path("help", site.help_page, name="help"),
    path("faq", RedirectView.as_view(pattern_name="help")),
    path("about/faq", RedirectView.as_view(pattern_name="help")),
    path("about/privacy", RedirectView.as_view(pattern_name="privacy")),
    path("accessibility", site.accessibility, name="accessibility"),
    path("contact", writing.contact, name="contact"),
    path("contact/sent", writing.sent, name="contact-sent"),
    path("language/<str:code>", site.language, name="language"),
    path("healthz", site.alive, name="alive"),
    path("readyz", site.ready, name="ready"),
]
