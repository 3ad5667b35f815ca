"""A person's account: that its address was proved, its preferences, and its end."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from waywarden.users.models import MailedLink, User


def note_proved_address(user: User) -> None:
    """The address of the account was proved by a mailed link: what asks for that is content."""
    with transaction.atomic():
        row, _is_new = EmailAddress.objects.get_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        if not (row.verified and row.primary):
            EmailAddress.objects.filter(user=user).exclude(pk=row.pk).update(primary=False)
            EmailAddress.objects.filter(pk=row.pk).update(verified=True, primary=True)


def set_preferences(
    user: User, *, name: str, language: str, frequency: str, wants_news: bool, asks: bool
) -> None:
    """What a person wants; `asks` is whether we may ask after four weeks."""
    User.objects.filter(pk=user.pk).update(
        name=name,
        language=language,
        frequency=frequency,
        wants_news=wants_news,
        wants_questionnaires=asks,
    )


def set_language(user: AbstractBaseUser, language: str) -> None:
    """The language that a person reads, in pages and mails."""
    User.objects.filter(pk=user.pk).update(language=language)


def drop_person(user: User) -> None:
    """The account is gone, with its sign-ins, alerts and links; what still points to it is blank.

    What a person has written must have been taken from them before (`reports.own_services`).
    """
    with transaction.atomic():
        MailedLink.objects.filter(email=user.email).delete()
        try:
            with transaction.atomic():
                user.delete()
        except (ProtectedError, IntegrityError):
            _blank(user)


def _blank(user: User) -> None:
    """Somebody's work for a body points to the account: the row stays, without a person in it."""
    EmailAddress.objects.filter(user_id=user.pk).delete()
    user.email = f"removed-{user.pk}@removed.invalid"
    user.name = user.phone = user.language = ""
    user.is_active = user.is_staff = user.wants_news = False
    user.set_unusable_password()
    user.save()
