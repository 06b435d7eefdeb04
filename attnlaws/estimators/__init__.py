"""Functions on your own arrays: NumPy, CuPy or PyTorch in, the same kind on the same device out.

Certificates (:func:`certify_topk`, :func:`output_error_bound`) are for NumPy, whose every rounding is known.
"""

from attnlaws.estimators.certificate import certify_topk
from attnlaws.estimators.output import output_error_bound
from attnlaws.estimators.retrieval import inverse_snr, summarize_inverse_snr
from attnlaws.estimators.topk import k_eps, softmax_tail_mass

__all__ = [
    "certify_topk",
    "inverse_snr",
    "k_eps",
    "output_error_bound",
    "softmax_tail_mass",
    "summarize_inverse_snr",
]
