"""A send method that takes nothing: people are told why before they write."""

from typing import ClassVar

from waywarden.backends.contract import Backend, Capability, Mapped, Notebook, OutgoingReport
from waywarden.backends.refuse.options import RefuseOptions
from waywarden.kernel.errors import Refused


class RefuseBackend(Backend):
    """Refuses every report, with the words its options hold."""

    kind = "refuse"
    label = "Takes no reports here"
    capabilities = frozenset({Capability.SENDS_REPORTS})
    options_type = RefuseOptions
    options: RefuseOptions
    takes_none: ClassVar[bool] = True

    def state_for(self, status: str) -> Mapped:
        """Nothing comes back."""
        _ = status
        return Mapped(is_known=False)

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> None:  # type: ignore[override]
        """For one that was planned before the body refused."""
        _ = report, notebook
        raise Refused(self.options.reason or "This body takes no reports from here.")
