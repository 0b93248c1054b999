"""The queries of the archive, one module a noun. Each function takes ``ask`` (``db.reader.Ask``) and returns records.

They are plain SQL text with named parameters, so the same query serves the sqlite3 reader and the SQLAlchemy writer.
"""
