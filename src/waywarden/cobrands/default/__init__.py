"""The site that answers where no other does."""
