"""Keys of applications: shown once, counted at each call."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater
from waywarden.users.key_services import KeyUnusable, create_key, use_key
from waywarden.users.models import ApiKey, User

pytestmark = pytest.mark.django_db
ADD = "/admin/users/apikey/add/"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


def token_in(text: str) -> str:
    return text.partition("The key is ")[2].partition(" ")[0]


def test_the_admin_shows_a_new_key_once_and_keeps_its_hash(olive):
    form = {"name": "An app", "scopes": ["requests:write"], "confirms": "person"}
    answer = olive.post(ADD, {**form, "rate_per_minute": "60"}, follow=True)
    token = token_in(answer.content.decode())
    assert use_key(token).name == "An app"
    row = ApiKey.objects.get()
    assert token not in str(row.__dict__)
    assert row.user.is_update_user
    page = olive.get(f"/admin/users/apikey/{row.pk}/change/").content.decode()
    assert token not in page
    assert row.hint in page


def test_saving_a_key_again_keeps_its_token(olive):
    token = create_key(ApiKey(name="An app"))
    row = ApiKey.objects.get()
    form = {"name": "Renamed", "confirms": "at_once", "rate_per_minute": "5"}
    answer = olive.post(f"/admin/users/apikey/{row.pk}/change/", form)
    assert answer.status_code == 302
    key = use_key(token)
    assert (key.name, key.confirms) == ("Renamed", "at_once")


@pytest.mark.parametrize("scope", ["updates:write", "private:read"])
def test_what_is_a_bodys_needs_the_body(olive, scope):
    form = {"name": "A", "scopes": [scope], "confirms": "person", "rate_per_minute": "60"}
    assert "Please give the body" in olive.post(ADD, form).content.decode()
    assert ApiKey.objects.count() == 0


def test_a_key_that_is_unknown_revoked_or_expired_is_unusable():
    with pytest.raises(KeyUnusable):
        use_key("nothing")
    for change in ({"is_revoked": True}, {"expires": clock.now() - timedelta(seconds=1)}):
        token = create_key(ApiKey(name="A", **change))
        with pytest.raises(KeyUnusable):
            use_key(token)


def test_calls_are_counted_by_the_minute():
    token = create_key(ApiKey(name="A", rate_per_minute=2))
    use_key(token)
    use_key(token)
    with pytest.raises(TryLater) as caught:
        use_key(token)
    assert timedelta(0) < caught.value.after <= timedelta(minutes=1)
    ApiKey.objects.update(minute_began_at=clock.now() - timedelta(seconds=60))
    use_key(token)
    row = ApiKey.objects.get()
    assert (row.calls_this_minute, row.last_used_at is not None) == (1, True)


def test_a_clock_that_was_ahead_and_put_right_locks_nobody_out(db):
    token = create_key(ApiKey(name="An app", rate_per_minute=2))
    ahead = clock.now() + timedelta(hours=5)
    ApiKey.objects.update(minute_began_at=ahead, calls_this_minute=2)
    assert use_key(token).name == "An app"
    assert ApiKey.objects.get().calls_this_minute == 1
