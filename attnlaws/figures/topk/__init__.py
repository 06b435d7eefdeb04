"""Pictures of Top-k laws that want more than the default overlay."""
