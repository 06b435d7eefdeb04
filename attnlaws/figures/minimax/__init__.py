"""Pictures of minimax laws that want more than the default overlay."""
