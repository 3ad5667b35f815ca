"""Mail to people: links to confirm and sign in, and news of their reports."""
