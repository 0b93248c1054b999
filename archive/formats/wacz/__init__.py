"""WACZ 1.1.1: reader and writer of packed web archives."""
