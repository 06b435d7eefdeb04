"""Functions on your own arrays: NumPy, CuPy or PyTorch in, the same kind on the same device out.

What proves something (:func:`certify_topk`, :func:`output_error_bound`, :class:`KeyIndex`) is for NumPy, whose every
rounding is known.
"""

from attnlaws.estimators.certificate import certify_topk
from attnlaws.estimators.key_index import KeyIndex
from attnlaws.estimators.learning_curve import local_exponent
from attnlaws.estimators.output import output_error_bound
from attnlaws.estimators.retrieval import inverse_snr, summarize_inverse_snr
from attnlaws.estimators.spectrum import spectrum_decay
from attnlaws.estimators.topk import k_eps, softmax_tail_mass

__all__ = [
    "KeyIndex",
    "certify_topk",
    "inverse_snr",
    "k_eps",
    "local_exponent",
    "output_error_bound",
    "softmax_tail_mass",
    "spectrum_decay",
    "summarize_inverse_snr",
]
