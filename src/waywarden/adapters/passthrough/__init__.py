"""Adapter before a body's own Open311 server, which it repairs."""
