"""Carries reports to a body by e-mail."""
