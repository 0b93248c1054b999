"""Where it is kept: the nouns (``db.records``) and the store. Imports nothing, so that the nouns cost nothing."""
