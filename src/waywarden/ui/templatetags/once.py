"""A tag for the parts of pages that look alike for everybody: drawn once, given many times."""

from dataclasses import dataclass
from typing import Any

from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from waywarden.kernel.cobrand import Cobrand
from waywarden.ui.current import current_cobrand

register = Library()
#: Ways one part may look of which a process keeps the drawing; past it, it begins anew.
KEPT = 200


@dataclass(frozen=True, slots=True)
class _Site:
    """What such a part knows of the request: the site that it is for."""

    cobrand: Cobrand


class OnceNode(Node):
    """Keeps what it drew, by the values it names, the site and the language."""

    def __init__(self, inside: NodeList, named: dict[str, FilterExpression]) -> None:
        self.nodelist = inside
        self._named = named
        self._drawn: dict[tuple[object, ...], tuple[Cobrand, SafeString]] = {}

    def render(self, context: Context) -> SafeString:
        """The part; drawn without anything but what it names, so that nothing else can show."""
        cobrand = current_cobrand()
        values: dict[str, Any] = {
            name: value.resolve(context) for name, value in self._named.items()
        }
        key = (cobrand.name, get_language(), *values.values())
        kept, text = self._drawn.get(key, (None, SafeString()))
        if kept is cobrand:
            return text
        text = self.nodelist.render(context.new({"request": _Site(cobrand), **values}))
        if len(self._drawn) >= KEPT:
            self._drawn.clear()
        self._drawn[key] = (cobrand, text)
        return text


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """`{% once is_open=report.is_open %}…{% endonce %}`: drawn once for each value.

    Inside there is nothing but the values that are named, which must be plain ones, and
    `request.cobrand`: no person, no token, no nonce. A part may so be kept and given to anybody,
    until the process ends; what may change by then (a body's words, a time) is named or not shown.
    """
    bits = token.split_contents()[1:]
    named = token_kwargs(bits, parser)
    if bits:
        message = f"“once” takes name=value only, not {' '.join(bits)}."
        raise TemplateSyntaxError(message)
    inside = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(inside, named)
