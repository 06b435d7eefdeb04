"""attnlaws: a referee for the theory of attention as associative memory."""
