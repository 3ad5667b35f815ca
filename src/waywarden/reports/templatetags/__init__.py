"""Template tags for what a report says."""
