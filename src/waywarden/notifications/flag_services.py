"""Tells the people who run a site what was flagged on it: one mail at a time, however many."""

from collections.abc import Iterable
from itertools import groupby

from waywarden.kernel import clock
from waywarden.kernel.cobrand import registry
from waywarden.notifications.letters import Letter, address_of, contact_of, send
from waywarden.reports.models import Flag

#: Flags that one mail lists; the rest come with the next.
MOST = 40


def mail_flags() -> int:
    """One mail to each site with flags that nobody was told of; how many flags they list.

    Called by the clock, so that a flood of flags is one mail in ten minutes. A flag counts as told
    after its mail was handed over. Raises what the mail server raises.
    """
    waiting = (
        Flag.objects.filter(told_at=None, handled_at=None).select_related("report").order_by("id")
    )
    flags = sorted(waiting[: MOST * 5], key=lambda flag: flag.report.cobrand)
    told = 0
    for name, group in groupby(flags, key=lambda flag: flag.report.cobrand):
        told += _mail(name, list(group)[:MOST])
    return told


def _mail(cobrand_name: str, flags: list[Flag]) -> int:
    cobrand = registry.named(cobrand_name)
    send(
        Letter(
            to=contact_of(cobrand),
            template="flags",
            cobrand_name=cobrand.name,
            language=cobrand.languages[0],
            values={
                "flags": [_line(flag, cobrand.name) for flag in flags],
                "list_link": address_of("/admin/reports/flag/", cobrand_name=cobrand.name),
            },
            message_id=f"flags.{flags[0].pk}-{flags[-1].pk}",
        )
    )
    return _told(flag.pk for flag in flags)


def _line(flag: Flag, cobrand_name: str) -> dict[str, str]:
    page = address_of(flag.report.get_absolute_url(), cobrand_name=cobrand_name)
    return {
        "title": flag.report.title,
        "reason": str(flag.get_reason_display()),
        "words": flag.words[:300],
        "link": f"{page}#update-{flag.update_id}" if flag.update_id else page,
    }


def _told(flag_ids: Iterable[int]) -> int:
    return Flag.objects.filter(pk__in=list(flag_ids), told_at=None).update(told_at=clock.now())
