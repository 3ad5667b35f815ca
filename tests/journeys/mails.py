"""The mails that the queue would send: its waiting jobs are done here, in this process."""

import re

from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from waywarden.jobs import tasks


def links_for(address: str, task: str) -> list[str]:
    """Does the waiting jobs of one task, and gives the links in the mails to an address."""
    before = len(mail.outbox)
    for job in ProcrastinateJob.objects.filter(task_name=task, status="todo"):
        getattr(tasks, task)(**job.args)
    new = [one for one in mail.outbox[before:] if one.to == [address]]
    return [link for one in new for link in re.findall(r"http\S+/[PCM]/\S+", one.body)]
