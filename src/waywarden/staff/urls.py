"""Addresses of the staff pages, below `/staff/`. Each room's `*_views` adds its own lines."""

from django.urls import path
from django.views.generic import RedirectView

from waywarden.staff import alarm_views as alarms
from waywarden.staff import board_views as board
from waywarden.staff import coverage_views as coverage
from waywarden.staff import delivery_views as deliveries
from waywarden.staff import duplicate_views as duplicates
from waywarden.staff import import_views as imports
from waywarden.staff import mail_views as mail
from waywarden.staff import mending_views as mending
from waywarden.staff import proposal_views as proposals
from waywarden.staff import pull_views as pulling
from waywarden.staff import report_views as reports
from waywarden.staff import shadow_views as shadow
from waywarden.staff import template_views as templates
from waywarden.staff import webhook_views as webhooks

app_name = "staff"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff:board"), name="home"),
    path("integration/", board.board, name="board"),
    path("integration/connections/<int:connection_id>/", board.connection, name="connection"),
    path("integration/connections/<int:connection_id>/resume/", board.resume, name="resume"),
    path("integration/connections/<int:connection_id>/pause/", board.pause, name="pause"),
    path("integration/email/", mail.email, name="email"),
    path("integration/mail/", mail.answers, name="answers"),
    path("integration/mail/<int:answer_id>/", mail.answer, name="answer"),
    path("integration/mail/<int:answer_id>/raw.eml", mail.raw, name="answer-raw"),
    path("integration/deliveries/", deliveries.listed, name="deliveries"),
    path("integration/deliveries/decide/", deliveries.decide_many, name="decide-many"),
    path("integration/deliveries/<int:delivery_id>/", deliveries.one, name="delivery"),
    path("integration/deliveries/<int:delivery_id>/calls.json", deliveries.calls, name="calls"),
    path("integration/deliveries/<int:delivery_id>/decide/", deliveries.decide, name="decide"),
    path("integration/deliveries/<int:delivery_id>/edit/", mending.edit, name="edit"),
    path("integration/deliveries/<int:delivery_id>/reroute/", mending.reroute, name="reroute"),
    path("integration/connections/<int:connection_id>/test/", board.ask_test, name="ask-test"),
    path("integration/connections/<int:connection_id>/polls/", pulling.polls, name="polls"),
    path("integration/tests/<int:test_id>/", board.self_test, name="self-test"),
    path("integration/aside/", pulling.listed, name="set-aside"),
    path("integration/aside/<int:row_id>/", pulling.one, name="aside-row"),
    path("integration/shadow/", shadow.listed, name="shadow"),
    path("integration/shadow/<int:body_id>/", shadow.one, name="shadow-body"),
    path("integration/shadow/<int:body_id>/live/", shadow.live, name="go-live"),
    path("unserved/", coverage.unserved, name="unserved"),
    path("webhooks/", webhooks.listed, name="webhooks"),
    path("webhooks/new/", webhooks.new, name="webhook-new"),
    path("webhooks/<int:endpoint_id>/", webhooks.one, name="webhook"),
    path("webhooks/<int:endpoint_id>/do/", webhooks.act, name="webhook-act"),
    path("webhooks/calls/<int:call_id>/", webhooks.call, name="webhook-call"),
    path("reports/<int:report_id>/duplicate/", duplicates.duplicate, name="duplicate"),
    path("integration/alarms/", alarms.listed, name="alarms"),
    path("services/", proposals.listed, name="service-lists"),
    path("services/<int:body_id>/switch/", proposals.switch, name="service-list"),
    path("services/proposals/<int:proposal_id>/", proposals.one, name="proposal"),
    path("imports/", imports.listed, name="imports"),
    path("imports/<int:run_id>/", imports.one, name="import"),
    path("imports/<int:run_id>/rejects.jsonl", imports.rejects, name="import-rejects"),
    path("imports/services/<int:unmatched_id>/", imports.match, name="match"),
    path("imports/rules/<int:connection_id>/", imports.rules, name="rules"),
    path("imports/rules/change/<int:rule_id>/", imports.change_rule, name="rule"),
    path("reports/<int:report_id>/at/<slug:slug>/", reports.one, name="report"),
    path(
        "reports/<int:report_id>/at/<slug:slug>/answers/<int:update_id>/",
        reports.change,
        name="answer-change",
    ),
    path("templates/", templates.listed, name="templates"),
    path("templates/new/<int:body_id>/", templates.new, name="template-new"),
    path("templates/<int:template_id>/", templates.one, name="template"),
    path("templates/<int:template_id>/delete/", templates.delete, name="template-delete"),
]
