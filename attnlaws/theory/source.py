"""The source text of a law, by which stored results know whether it has changed."""

import sys
from pathlib import Path

from attnlaws.theory.law import Law


def source_text(law: Law) -> str:
    """Text of the file that defines a law; nothing for a law typed in a notebook.

    Example:
        >>> from attnlaws.theory.topk.tail_mass import LAW
        >>> "LAW = Law(" in source_text(LAW)
        True
    """
    path = getattr(sys.modules.get(law.name), "__file__", None)
    return Path(path).read_text() if path is not None and Path(path).exists() else ""
