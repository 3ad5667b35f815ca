"""Adapter for a problem database that SQLAlchemy reaches."""
