"""The records that all of wirecopy passes around, and the store that holds them. Imports nothing, to load fast."""
