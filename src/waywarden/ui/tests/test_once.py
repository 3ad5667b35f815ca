"""Parts of pages that are drawn once and given to everybody."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from waywarden.kernel.cobrand import registry
from waywarden.ui.current import speaking_for


class Counted:
    """Something that may be asked for a word."""


def drawn(template: Template, **values) -> str:
    return template.render(Context(values))


def part(text: str) -> Template:
    return Template("{% load i18n once %}" + text)


def test_a_part_is_drawn_once_for_each_value_that_it_names():
    asked, counted = [], Counted()
    counted.word = lambda: asked.append(1) or "lamp"
    template = part("{% once of=of which=which %}{{ of.word }} {{ which }}{% endonce %}")
    assert [drawn(template, of=counted, which=n) for n in (1, 2, 1, 2)] == [
        "lamp 1", "lamp 2", "lamp 1", "lamp 2",
    ]  # fmt: skip
    assert len(asked) == 2


def test_inside_there_is_nothing_but_what_is_named():
    template = part("{% once %}[{{ user }}{{ csp_nonce }}{% csrf_token %}]{% endonce %}")
    assert drawn(template, user="rosa", csp_nonce="n1", csrf_token="t1") == "[]"


def test_each_language_has_its_own():
    template = part("{% once %}{% get_current_language as here %}{{ here }}{% endonce %}")
    assert drawn(template) == "en"
    with translation.override("fr"):
        assert drawn(template) == "fr"
    assert drawn(template) == "en"


def test_each_site_has_its_own():
    template = part("{% once %}{{ request.cobrand.site_name }}{% endonce %}")
    names = []
    for cobrand in (*registry.all(), *registry.all()):
        with speaking_for(cobrand):
            names.append(drawn(template))
    assert names == [one.site_name for one in registry.all()] * 2
    assert len(set(names)) > 1


def test_only_named_values_are_taken():
    with pytest.raises(TemplateSyntaxError, match="name=value"):
        part("{% once report.pk %}{% endonce %}")


def test_it_begins_anew_before_it_grows_without_end(monkeypatch):
    monkeypatch.setattr("waywarden.ui.templatetags.once.KEPT", 3)
    template = part("{% once n=n %}{{ n }}{% endonce %}")
    assert [drawn(template, n=n) for n in range(9)] == list("012345678")
    (node,) = [one for one in template.nodelist if hasattr(one, "_drawn")]
    assert len(node._drawn) <= 3
