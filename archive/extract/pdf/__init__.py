"""Reads the text of a PDF: its lines, without running heads and page numbers, joined into paragraphs."""
