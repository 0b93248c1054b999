"""Versions: the history of one source (history), its aliases (aliases) and the difference of two texts (diff)."""
