"""Response templates: what a body's system is made to say, tried on a row before it is said."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.bodies.models import Body, ResponseTemplate
from waywarden.bodies.queries import automatic_templates
from waywarden.bodies.template_services import delete_template, save_template
from waywarden.bodies.templates import PLACEHOLDERS, Spoken, speak
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.template_queries import clashes_of, clashes_with, rule_in_words
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.pages import page
from waywarden.staff.template_forms import SampleForm, TemplateForm

#: Bodies of one page; an operator of many asks for one.
BODIES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One body's templates on the page."""

    body: Body
    lines: tuple[tuple[ResponseTemplate, str], ...]
    conflicts: tuple[str, ...]
    may_change: bool


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The templates of one's bodies, each with its rule in words."""
    bodies = Body.objects.filter(staff.only("pk"), is_deleted=False).order_by("name")
    if words := request.GET.get("q", "").strip():
        bodies = bodies.filter(name__icontains=words)
    seen = list(bodies.prefetch_related("templates__categories")[: BODIES_SHOWN + 1])
    clashes = clashes_of(body.pk for body in seen)
    shown = [_shown(body, staff, clashes[body.pk]) for body in seen[:BODIES_SHOWN]]
    values = {"shown": shown, "has_more": len(seen) > BODIES_SHOWN, "q": words, "staff": staff}
    return page(request, staff, "staff/templates.html", values, here="templates")


def _shown(body: Body, staff: Staff, clashes: tuple[str, ...]) -> Shown:
    rows = sorted(body.templates.all(), key=lambda one: one.title.casefold())
    return Shown(
        body=body,
        lines=tuple((row, rule_in_words(row)) for row in rows),
        conflicts=clashes,
        may_change=staff.may_administer(body.pk),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, staff: Staff, body_id: int) -> HttpResponse:
    """A new template of a body."""
    body = get_object_or_404(Body.objects.filter(staff.only("pk"), is_deleted=False), pk=body_id)
    return _edit(request, staff, ResponseTemplate(body=body))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, staff: Staff, template_id: int) -> HttpResponse:
    """A template: its words, its rule, a row to try it on."""
    return _edit(request, staff, _seen(staff, template_id))


def _seen(staff: Staff, template_id: int) -> ResponseTemplate:
    """A template of one of the person's bodies; others do not learn that it exists."""
    rows = ResponseTemplate.objects.filter(staff.only(), body__is_deleted=False)
    return get_object_or_404(rows.select_related("body"), pk=template_id)


def _edit(request: HttpRequest, staff: Staff, template: ResponseTemplate) -> HttpResponse:
    body = template.body
    may_change = staff.may_administer(body.pk)
    if not (template.pk or may_change):
        raise PermissionDenied
    is_sent = request.method == "POST"
    form = TemplateForm(request.POST if is_sent else None, instance=template)
    sample = SampleForm(request.POST if is_sent else None, body_id=body.pk)
    spoken = None
    if is_sent and form.is_valid() and sample.is_valid():
        if request.POST.get("do") == "save":
            if not may_change:
                raise PermissionDenied
            if _saved(request, staff, form):
                return redirect("staff:templates")
        else:
            spoken = _try(form, sample, body)
    values: dict[str, Any] = {
        "template": template,
        "body": body,
        "form": form,
        "sample": sample,
        "spoken": spoken,
        "is_its_own": spoken is not None
        and spoken.template is not None
        and spoken.template.id == (template.pk or 0),
        "placeholders": PLACEHOLDERS,
        "conflicts": clashes_with(template),
        "may_change": may_change,
    }
    status = 400 if is_sent and (form.errors or sample.errors) else 200
    return page(request, staff, "staff/template.html", values, here="templates", status=status)


def _saved(request: HttpRequest, staff: Staff, form: TemplateForm) -> bool:
    """Whether it was stored; what it clashes with is said, and does not hinder."""
    template = form.save(commit=False)
    try:
        save_template(template, categories=list(form.cleaned_data["categories"]), by=by(staff))
    except RuleBroken as error:
        form.add_error(error.field or None, str(error))
        return False
    messages.success(request, _("“%s” is stored.") % template.title)
    for words in clashes_with(template):
        messages.warning(request, words)
    return True


def _try(form: TemplateForm, sample: SampleForm, body: Body) -> Spoken:
    """What people would read, with what is typed in place of what is stored."""
    typed = form.as_template()
    others = [one for one in automatic_templates([body.pk])[body.pk] if one.id != typed.id]
    templates = [*others, typed] if form.cleaned_data["is_automatic"] else others
    return speak(templates, sample.said(body_name=body.name))


@require_POST
@staff_only
def delete(request: HttpRequest, staff: Staff, template_id: int) -> HttpResponse:
    """Takes a template away."""
    template = _seen(staff, template_id)
    if not staff.may_administer(template.body_id):
        raise Http404
    title = template.title
    delete_template(template, by=by(staff))
    messages.success(request, _("“%s” is gone. What it said stays said.") % title)
    return redirect("staff:templates")
