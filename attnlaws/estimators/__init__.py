"""Functions on your own arrays: NumPy, CuPy or PyTorch in, the same kind on the same device out."""

from attnlaws.estimators.key_index import KeyIndex
from attnlaws.estimators.retrieval import inverse_snr, summarize_inverse_snr
from attnlaws.estimators.topk import k_eps, softmax_tail_mass

__all__ = ["KeyIndex", "inverse_snr", "k_eps", "softmax_tail_mass", "summarize_inverse_snr"]
