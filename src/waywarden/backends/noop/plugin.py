"""A send method that sends nothing: reports stay on the site, for its staff to look after."""

from typing import ClassVar

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    Mapped,
    Notebook,
    OutgoingReport,
)


class NoopBackend(Backend):
    """Takes every report and does nothing with it."""

    kind = "noop"
    label = "Keep it here: send nothing"
    capabilities = frozenset({Capability.SENDS_REPORTS})
    keeps_here: ClassVar[bool] = True

    def state_for(self, status: str) -> Mapped:
        """Nothing comes back."""
        _ = status
        return Mapped(is_known=False)

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> Accepted:
        """Nothing is sent."""
        _ = report, notebook
        return Accepted()
