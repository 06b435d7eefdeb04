"""Logits of a trained model."""

from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parent.parent / "data" / "minilm_qkv.npz"


@pytest.fixture(scope="session")
def model() -> Path:
    """The file with query, key and value of a trained model."""
    return DATA


@pytest.fixture(scope="session")
def real_rows() -> np.ndarray:
    """Every row of logits in that file, [rows, keys]."""
    with np.load(DATA, allow_pickle=False) as stored:
        query, key = stored["query"].astype(np.float64), stored["key"].astype(np.float64)
    return (query @ key.swapaxes(-1, -2) / np.sqrt(32)).reshape(-1, key.shape[-2])
