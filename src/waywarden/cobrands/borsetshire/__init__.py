"""One body’s own site: its name, its colour, its reports only."""
