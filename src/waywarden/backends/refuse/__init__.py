"""For a body that takes no reports through the site."""
