"""WACZ 1.1.1: the reader and the writer of packed web archives."""
