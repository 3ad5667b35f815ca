"""Numbers of the adapter server for Prometheus. No label holds anything of a caller's."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

Gauge = tuple[str, str, Iterable[tuple[str, float]]]
"""Name, help, and each jurisdiction with its value."""


class Figures:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "waywarden_adapter_calls",
            "Calls answered.",
            ["jurisdiction", "call", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "waywarden_adapter_call_seconds",
            "Seconds until a call was answered whole.",
            ["jurisdiction", "call"],
            registry=self._registry,
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
        )

    def called(self, jurisdiction: str, call: str, status: int, seconds: float) -> None:
        """Counts a call."""
        self._calls.labels(jurisdiction, call, str(status)).inc()
        self._seconds.labels(jurisdiction, call).observe(seconds)

    def watch(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        """Asks for these each time the numbers are read."""
        self._registry.register(_Gauges(gauges))

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)


class _Gauges:
    def __init__(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        self._gauges = gauges

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, meaning, values in self._gauges():
            family = GaugeMetricFamily(name, meaning, labels=["jurisdiction"])
            for jurisdiction, value in values:
                family.add_metric([jurisdiction], value)
            yield family
