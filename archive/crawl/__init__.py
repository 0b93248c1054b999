"""The network half: fetch what the plan names (fetch), read what lists name (discover), ask web archives (mementos)."""
