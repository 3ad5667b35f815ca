"""Carries reports into, and brings news out of, a body's Open311 server."""
