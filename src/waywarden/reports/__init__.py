"""The heart: reports, what became of them at each body, updates, photos, states."""
