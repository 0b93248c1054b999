"""The network half: which sources are due (frontier), how they are fetched (fetch), what lists name (discover)."""
