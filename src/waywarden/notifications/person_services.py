"""The end of an account: what a person is known by goes, what they wrote stays without them."""

from django.db import transaction

from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.models import Alert
from waywarden.reports.own_services import leave_behind
from waywarden.users.account_services import drop_person
from waywarden.users.models import User


class OperatorsStay(RuleBroken):
    """An operator's account is ended by another operator, in the admin."""


def forget_person(user: User) -> None:
    """Reports and updates become nobody's; alerts, questions, sign-ins and the account go.

    Raises OperatorsStay: an install must not lose its last operator by a press.
    """
    if user.is_superuser:
        raise OperatorsStay
    with transaction.atomic():
        leave_behind(user)
        Alert.objects.filter(user=user).delete()
        drop_person(user)
