"""The network half: select due sources (frontier), fetch them (fetch), read their lists (discover)."""
