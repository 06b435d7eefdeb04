"""Minimax rates: how fast attention can learn to recall and to predict from a distribution."""
