"""Posts reports and updates as JSON to an address: the plug-in to copy."""
