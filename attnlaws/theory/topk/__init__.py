"""Top-k truncated attention: what keeping the k largest weights loses."""
