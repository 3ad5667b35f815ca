"""What the tests of every kind want of a kind's own."""

from waywarden.adapters.sql.tests.databases import problems_postgresql

__all__ = ["problems_postgresql"]
