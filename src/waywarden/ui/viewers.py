"""Who looks at a page, as `reports.privacy` wants to know it."""

from django.http import HttpRequest

from waywarden.bodies.models import Membership
from waywarden.reports.privacy import NOBODY, Viewer


def viewer_of(request: HttpRequest) -> Viewer:
    """The signed-in person and the bodies they work for, or nobody."""
    user = request.user
    if not user.is_authenticated:
        return NOBODY
    bodies = Membership.objects.filter(user_id=user.pk).values_list("body_id", flat=True)
    return Viewer(user_id=user.pk, is_operator=user.is_superuser, body_ids=frozenset(bodies))
