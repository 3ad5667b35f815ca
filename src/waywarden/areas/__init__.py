"""Where: areas with their boundaries, and which of them hold a point."""
