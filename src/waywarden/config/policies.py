"""The content security policy of each answer: the site's, or the admin's own."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from waywarden.ui.current import cobrand_of


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, which knows that the pages of `/admin` need more than the site's."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,
    ) -> PolicyParts:
        """The parts of the policy for this answer; a view's own choice stands."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None and is_admin(request.path_info):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
            parts.nonce = None
        if origin := cobrand_of(request).base_map.origin:
            # The script of the map fetches the pictures, the map without scripts shows them.
            more = {"img-src": [origin], "connect-src": [origin]}
            parts.update = {**(parts.update or {}), **more}
        return parts


def is_admin(path: str) -> bool:
    """Whether a path is one of the admin's."""
    return path == "/admin" or path.startswith("/admin/")
