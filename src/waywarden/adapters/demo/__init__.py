"""The demo: a council's works system with a database of its own, and the shim before it."""
