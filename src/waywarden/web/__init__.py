"""The door for people: find a place, report, follow, update."""
