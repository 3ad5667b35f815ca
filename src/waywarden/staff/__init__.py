"""Pages for the people who work at a body: what goes out to its system, what comes back."""
