"""The filters of maps and lists as they stand in an address, for pages and machines alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.queries import body_ids_of
from waywarden.kernel import clock
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.text import one_line
from waywarden.reports.pins import Filters, Order
from waywarden.reports.states import PinClass

#: Days that an age in an address stands for.
AGES = {"week": 7, "month": 30, "half": 182, "year": 365}
AGE_WORDS = {
    "week": _("the last week"),
    "month": _("the last month"),
    "half": _("the last six months"),
    "year": _("the last year"),
}
ORDER_WORDS = {
    Order.NEWEST: _("Newest first"),
    Order.OLDEST: _("Oldest first"),
    Order.CHANGED: _("Latest news first"),
    Order.UPDATES: _("Most updates first"),
}
_CLASSES = {kind.value: kind for kind in PinClass}
_ORDERS = {order.value: order for order in Order}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose to see; what an address says that we do not know is left out (FB 1.2)."""

    classes: tuple[PinClass, ...] = ()
    categories: tuple[str, ...] = ()
    text: str = ""
    age: str = ""
    order: Order = Order.NEWEST

    @classmethod
    def of(cls, values: QueryDict, *, usual: Order = Order.NEWEST) -> "Chosen":
        """What the fields of an address or a form say."""
        categories = [one_line(value)[:200] for value in values.getlist("category")]
        age = values.get("age", "")
        return cls(
            classes=tuple(
                _CLASSES[value] for value in values.getlist("status") if value in _CLASSES
            ),
            categories=tuple(value for value in categories if value),
            text=one_line(values.get("q", ""))[:100],
            age=age if age in AGES else "",
            order=_ORDERS.get(values.get("sort", ""), usual),
        )

    @property
    def is_any(self) -> bool:
        """Whether anything is left out."""
        return bool(self.classes or self.categories or self.text or self.age)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The same as fields of an address; the usual order is not said."""
        found = [("status", kind.value) for kind in self.classes]
        found += [("category", name) for name in self.categories]
        found += [("q", self.text)] if self.text else []
        found += [("age", self.age)] if self.age else []
        return found

    def filters(self, body_ids: Iterable[int] = (), area_ids: Iterable[int] = ()) -> Filters:
        """As the rooms below want it. An age counts from the full hour, so that answers keep."""
        since = None
        if self.age:
            hour = clock.now().replace(minute=0, second=0, microsecond=0)
            since = hour - timedelta(days=AGES[self.age])
        return Filters(
            classes=self.classes,
            categories=self.categories,
            text=self.text,
            since=since,
            body_ids=tuple(body_ids),
            area_ids=tuple(area_ids),
        )

    @property
    def choices(self) -> dict[str, Any]:
        """What a form of filters offers beside the classes."""
        return {"ages": AGE_WORDS.items(), "orders": [(o.value, w) for o, w in ORDER_WORDS.items()]}


#: Stands for the bodies of a site that has none: nothing is found for it.
NO_BODY = (-1,)


def shown_bodies(cobrand: Cobrand, wanted: Iterable[str] = ()) -> tuple[int, ...]:
    """The bodies whose reports a site shows of those wanted by short name; () means all."""
    slugs = set(wanted)
    if cobrand.bodies:
        slugs = slugs & set(cobrand.bodies) if slugs else set(cobrand.bodies)
    elif not slugs:
        return ()
    return body_ids_of(slugs) or NO_BODY
