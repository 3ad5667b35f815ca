"""Shims that make a system which does not speak Open311 look as if it did. No Django."""
