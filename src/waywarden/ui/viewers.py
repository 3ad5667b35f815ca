"""Who looks at a page, as `reports.privacy` wants to know it."""

from django.http import HttpRequest

from waywarden.reports.privacy import Viewer
from waywarden.reports.queries import viewer_for
from waywarden.users.models import User


def viewer_of(request: HttpRequest) -> Viewer:
    """The signed-in person and the bodies they work for, or nobody."""
    return viewer_for(request.user if isinstance(request.user, User) else None)
