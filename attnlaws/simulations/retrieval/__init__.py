"""Retrieval: signal against interference in associative memory."""
