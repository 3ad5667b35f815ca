"""Template tags of the human doors."""
