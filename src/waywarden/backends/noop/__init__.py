"""Keeps reports on the site: nothing is sent."""
