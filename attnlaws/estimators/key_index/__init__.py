"""Attention that scores few keys, with a proof that the others do not matter."""

from attnlaws.estimators.key_index.index import Attention, KeyIndex, Selection

__all__ = ["Attention", "KeyIndex", "Selection"]
