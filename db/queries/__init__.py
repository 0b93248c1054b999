"""What one may ask the archive, one module a noun. Every function takes ``ask`` (``db.reader.Ask``) and returns nouns.

Plain SQL text with named parameters, so that the same question serves the sqlite3 reader and the SQLAlchemy writer.
"""
