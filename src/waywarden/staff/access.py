"""Who may come in, and what they see: a membership of a body opens that body's things only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from waywarden.bodies.models import Membership
from waywarden.events.services import Actor

Role = Membership.Role
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in person and their role at each body. An operator works for all bodies."""

    user_id: int
    roles: Mapping[int, str] = field(default_factory=dict)
    is_operator: bool = False

    @property
    def is_anybody(self) -> bool:
        """Whether they have any business here."""
        return self.is_operator or bool(self.roles)

    def sees(self, body_id: int | None) -> bool:
        """Whether they may look at what is a body's; what is no body's is the operator's."""
        return self.is_operator or body_id in self.roles

    def may_decide(self, body_id: int | None) -> bool:
        """Whether they may act for a body; those who only read may not."""
        return self.is_operator or self._role(body_id) in (Role.INSPECTOR, Role.ADMINISTRATOR)

    def may_administer(self, body_id: int | None) -> bool:
        """Whether they may change how a body works."""
        return self.is_operator or self._role(body_id) == Role.ADMINISTRATOR

    def only(self, path: str = "body") -> Q:
        """The condition that leaves in what they see; `path` leads from the row to its body."""
        return Q() if self.is_operator else Q(**{f"{path}__in": list(self.roles)})

    def _role(self, body_id: int | None) -> str:
        return "" if body_id is None else self.roles.get(body_id, "")


def by(staff: Staff) -> Actor:
    """The person as events name them."""
    return Actor("user", staff.user_id)


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person of a request. Raises PermissionDenied for one without a body."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    memberships = Membership.objects.filter(user_id=user.pk, body__is_deleted=False)
    roles = dict(memberships.values_list("body_id", "role"))
    staff = Staff(user_id=user.pk, roles=roles, is_operator=user.is_superuser)
    if not staff.is_anybody:
        raise PermissionDenied
    return staff


def staff_only(
    view: Callable[Concatenate[HttpRequest, Staff, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view `view(request, staff, …)`; who is not staff signs in, or is told so."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, staff_of(request), *args, **kwargs)

    checked: Any = guarded
    return checked  # type: ignore[no-any-return]
