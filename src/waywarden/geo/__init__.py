"""Points, tiles, projections and names of places; knows nothing of Django."""
