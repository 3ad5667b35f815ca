"""What every room may use: errors, the clock, the one way out, secrets, options. A closed list."""
