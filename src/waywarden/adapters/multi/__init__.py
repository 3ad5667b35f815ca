"""Several systems behind one jurisdiction."""
