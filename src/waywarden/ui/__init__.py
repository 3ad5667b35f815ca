"""What the human doors share: the look, the site by host, pieces of pages."""
