"""The door for machines: pins for maps."""
