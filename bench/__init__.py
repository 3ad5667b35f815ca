"""Speed and memory, measured: `python -m bench` (docs/reference/performance.md)."""
