"""`make chaos`: real processes, a body's system that misbehaves, and what is left standing."""
