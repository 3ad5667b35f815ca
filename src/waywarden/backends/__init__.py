"""Plug-ins that carry reports into a body's system and bring its news back."""
