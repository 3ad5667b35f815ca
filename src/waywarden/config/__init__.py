"""The composition root: settings, the embedded database, the command line."""
