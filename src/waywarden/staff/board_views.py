"""The board: how each connection does."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from waywarden.bodies.models import Body
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.pages import page


@require_safe
@staff_only
def board(request: HttpRequest, staff: Staff) -> HttpResponse:
    """One line for each body's way of sending."""
    bodies = Body.objects.filter(staff.only("pk"), is_deleted=False).order_by("name")
    return page(request, staff, "staff/board.html", {"bodies": bodies}, here="board")
