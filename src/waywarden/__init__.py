"""Waywarden: reports of problems in the street, carried to the body that mends them."""

__version__ = "0.1.0"
