"""`waywarden settings`: every setting with its value, or the table of the documentation."""

import os

import click

from waywarden.config import environment
from waywarden.config.variables import SETTINGS, Setting


@click.command()
@click.option("--docs", is_flag=True, help="Print the table of docs/reference/settings.md.")
def settings(*, docs: bool) -> None:
    """List every setting and its value here; secrets are not shown."""
    if docs:
        click.echo(environment.markdown(), nl=False)
        return
    environment.read()
    for setting in SETTINGS:
        click.echo(f"{setting.name}={_shown(setting)}")


def _shown(setting: Setting) -> str:
    if setting.secret:
        is_given = setting.name in os.environ or f"{setting.name}_FILE" in os.environ
        return "(set, not shown)" if is_given else "(not set)"
    return os.environ.get(setting.name, setting.default)
