"""Ways to reach a body's system: kind, options, secrets; what was said; circuit and pace."""
