"""Events to machines: signed, retried, replayable (integration.md 6)."""
