"""The steps of the work, one room each, and the rooms that run them. Imports nothing, so that verbs start fast."""
