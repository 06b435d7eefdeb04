"""Pictures of retrieval laws that want more than the default overlay."""
