"""Secrets at rest."""

import pytest

from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import Box, hash_token, is_secret_name, new_field_key, new_token


def test_a_sealed_secret_opens_again_and_is_not_the_plain_text():
    box = Box([new_field_key()])
    sealed = box.seal("s3cret")
    assert "s3cret" not in sealed
    assert box.open(sealed) == "s3cret"


def test_a_newer_key_in_front_still_opens_what_the_older_one_sealed():
    old, new = new_field_key(), new_field_key()
    sealed = Box([old]).seal("kept")
    assert Box([new, old]).open(sealed) == "kept"


def test_a_lost_key_is_said_in_words_without_the_secret():
    sealed = Box([new_field_key()]).seal("kept")
    with pytest.raises(Misconfigured, match="field keys have changed"):
        Box([new_field_key()]).open(sealed)


def test_nothing_stays_nothing():
    box = Box([new_field_key()])
    assert box.seal("") == ""
    assert box.open("") == ""


def test_a_key_that_is_none_is_the_operators_fault():
    with pytest.raises(Misconfigured):
        Box(["not a key"])


def test_tokens_are_long_and_only_their_hash_is_kept():
    token = new_token()
    assert len(token) == 43
    assert len(hash_token(token)) == 64
    assert token not in hash_token(token)


@pytest.mark.parametrize(
    ("name", "secret"),
    [("api_key", True), ("X-Api-Key", True), ("Authorization", True), ("password", True),
     ("service_code", False), ("description", False)],
)  # fmt: skip
def test_names_that_are_masked(name, secret):
    assert is_secret_name(name) is secret
