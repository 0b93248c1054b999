"""How it is done: one module per step, plus the one place that runs them. Imports nothing, so that verbs start fast."""
