"""The clock and the queue: what runs when, and what follows from a fact."""
