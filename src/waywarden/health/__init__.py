"""How each connection does, what is wrong, and who is told: board, alarms, metrics."""
