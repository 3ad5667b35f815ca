"""Adapter for a system that speaks JSON over HTTP, described in the file."""
