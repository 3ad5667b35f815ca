"""A form is stored once, also when it is pressed twice at the same moment."""

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection

from waywarden.kernel.errors import RuleBroken
from waywarden.web.models import SentForm
from waywarden.web.services import store_once


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_wait_for_each_other():
    key, made, answers = uuid4(), [], []

    def make():
        made.append(1)
        time.sleep(0.2)
        return 4711

    def press():
        answers.append(store_once(key, make))
        connection.close()

    threads = [threading.Thread(target=press) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert answers == [4711, 4711]


@pytest.mark.django_db
def test_what_breaks_a_rule_leaves_nothing_behind():
    def fails():
        raise RuleBroken

    with pytest.raises(RuleBroken):
        store_once(uuid4(), fails)
    assert not SentForm.objects.exists()
