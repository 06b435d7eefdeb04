"""Functions on your own arrays: NumPy, CuPy or PyTorch in, the same kind on the same device out.

Certificates (:func:`certify_topk`) are for NumPy, whose every rounding is known.
"""

from attnlaws.estimators.certificate import Certificate, certify_topk
from attnlaws.estimators.retrieval import inverse_snr, summarize_inverse_snr
from attnlaws.estimators.topk import k_eps, softmax_tail_mass

__all__ = ["Certificate", "certify_topk", "inverse_snr", "k_eps", "softmax_tail_mass", "summarize_inverse_snr"]
