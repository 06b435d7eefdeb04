"""Arrays where a parameter is expected: each is used as it stands, or refused by name. Nothing is lost on the way."""

from datetime import date

import numpy as np
import pytest

import attnlaws as al


class OnDevice:
    """An array that does not come to the host by itself, as CuPy's and PyTorch's on a GPU."""

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


WRONG = {
    "on a device": OnDevice(),
    "masked": np.ma.array([0.1, 0.2], mask=[False, True]),
    "objects": np.array([0.1, "x"], object),
    "text": np.array(["a"]),
    "bytes": b"0.1",
    "empty": np.zeros(0),
    "NaN": np.array([0.1, np.nan]),
    "infinite": [np.inf],
    "ragged": [[0.1], [0.2, 0.3]],
    "complex": np.array([0.1 + 1j]),
    "booleans": np.array([True]),
    "dates": np.datetime64("2020-01-01"),
    "a date": date(2020, 1, 1),
    "a dictionary": {"a": 0.1},
    "a set": {0.1},
    "nothing": None,
}
ENTRIES = {
    "law": ("kappa", lambda bad, out: al.law("topk.tail_mass")(kappa=bad, sigma=1.0)),
    "correction": ("kappa", lambda bad, out: al.law("topk.tail_mass").correction(kappa=bad, sigma=1.0, n=16)),
    "rows": ("logits", lambda bad, out: al.law("topk.divergences")(logits=bad, k=1)),
    "place in a row": ("k", lambda bad, out: al.law("topk.divergences")(logits=[1.0, 2.0], k=bad)),
    "simulate": ("kappa", lambda bad, out: al.simulate("topk.tail_mass", n=16, kappa=bad, sigma=1.0, out=out)),
    "tail mass": ("logits", lambda bad, out: al.estimators.softmax_tail_mass(bad, 1)),
    "k_eps": ("eps", lambda bad, out: al.estimators.k_eps([1.0, 2.0], bad)),
    "inverse_snr": ("keys", lambda bad, out: al.estimators.inverse_snr(bad, np.eye(2), "linear")),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("wrong", WRONG)
def test_an_array_that_is_none_is_refused_by_name(entry, wrong, out):
    name, call = ENTRIES[entry]
    with pytest.raises(ValueError, match=rf"^(type of )?{name}\b.*must be"):
        call(WRONG[wrong], out)
    assert not out.exists()


def test_a_wrong_shape_is_refused_by_name(out):
    with pytest.raises(ValueError, match=r"(?s)^kappa = .*must be one value or a flat, non-empty sequence"):
        al.simulate("topk.tail_mass", n=16, kappa=np.full((2, 2), 0.1), sigma=1.0, out=out)
    with pytest.raises(ValueError, match=r"do not broadcast together: kappa \(2,\), sigma \(3,\)"):
        al.law("topk.tail_mass")(kappa=np.full(2, 0.1), sigma=np.ones(3))
    with pytest.raises(ValueError, match=r"^keys"):
        al.estimators.inverse_snr(np.ones(3), np.eye(3), "linear")
