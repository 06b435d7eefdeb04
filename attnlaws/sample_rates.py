"""What a sample of given size can teach about a functional of inputs in a box: the minimax rate in numbers.

Inputs have coordinates of scale exp(-kappa j^alpha), j = 1, 2, ...; a functional of them, Hoelder with exponent beta
and possibly of d_q more coordinates that do not shrink, is learned from n noisy values. Risks are mean square errors in
units of (L S_0)^2, and ln n is that of the number of samples over the noise, n (L S_0/sigma)^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SIDES = {"lower": "minimax.tent_bayes", "upper": "minimax.pinsker_sobolev"}
"""Laws that bound the minimax risk of a Lipschitz functional without a query, where the catalog has them."""


@dataclass(frozen=True)
class Rates:
    """The rate at one size of the sample, or at several: every field is a number, or an array of one shape.

    Attributes:
        alpha: exponent of the decay of the axes.
        kappa: scale of it.
        log_n: ln of the number of samples over the noise.
        d_q: coordinates of the query.
        beta: Hoelder exponent of the functional.
        u: minus half the logarithm of the volumetric risk, as a number that does not underflow.
        axes: D, the number of axes that are resolved (`minimax.effective_dimension`).
        local_exponent: the power of n with which the volumetric risk falls (`minimax.local_exponent`).
        constant: C in the limit exp(-C (ln n)^p) (`minimax.holder`).
        power: p = alpha/(1 + alpha) (`minimax.exponent`).
    """

    alpha: Any
    kappa: Any
    log_n: Any
    d_q: Any
    beta: Any
    u: Any
    axes: Any
    local_exponent: Any
    constant: Any
    power: Any

    @property
    def risk(self) -> Any:
        """The volumetric risk exp(-2 u), 0 where that is below float64: no bound, but powers of D away from bounds."""
        return np.exp(-2 * self.u)

    @property
    def lower(self) -> Any:
        """A lower bound of the minimax risk, None without one, not a number where it is not known."""
        return self._bound("lower")

    @property
    def upper(self) -> Any:
        """An upper bound of the minimax risk, None without one, not a number where it is not known."""
        return self._bound("upper")

    def _bound(self, side: str) -> Any:
        from attnlaws import registry

        if SIDES[side] not in registry.ids() or np.any(self.d_q != 0) or np.any(self.beta != 1):
            return None
        law = registry.law(SIDES[side])
        output = "risk" if "risk" in law.outputs else None

        def at(log_n: float, alpha: float, kappa: float) -> float:
            try:
                return float(law(output=output, log_n=log_n, alpha=alpha, kappa=kappa))
            except ValueError:  # outside what that law is evaluated on
                return float("nan")

        return np.vectorize(at, otypes=[np.float64])(self.log_n, self.alpha, self.kappa)[()]

    def __str__(self) -> str:
        given = {name: np.atleast_1d(getattr(self, name)) for name in ("alpha", "kappa", "beta", "d_q")}
        given |= {"p": np.atleast_1d(self.power), "C": np.atleast_1d(self.constant)}
        columns = {"ln n": self.log_n, "axes D": self.axes, "exponent": self.local_exponent, "u": self.u}
        columns |= {"risk exp(-2u)": self.risk, "lower bound": self.lower, "upper bound": self.upper}
        fixed = {name: values.flat[0] for name, values in given.items() if (values == values.flat[0]).all()}
        columns = {name: values for name, values in given.items() if name not in fixed} | columns
        cells = {name: [_shown(x) for x in np.ravel(values)] for name, values in columns.items() if values is not None}
        widths = {name: max(len(name), *map(len, texts)) for name, texts in cells.items()}
        head = "  ".join(name.rjust(width) for name, width in widths.items())
        lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths.values(), strict=True))
                 for row in zip(*cells.values(), strict=True)]  # fmt: skip
        return "\n".join([", ".join(f"{name} = {value:.4g}" for name, value in fixed.items()), head, *lines])


def _shown(number: float) -> str:
    return "-" if np.isnan(number) else f"{number:.4g}"


def rates(alpha: Any, kappa: Any, log_n: Any, d_q: Any = 0, beta: Any = 1) -> Rates:
    """The rate at which a functional of inputs in a box is learned, at every size of the sample.

    Args:
        alpha: exponent of the decay of the axes, exp(-kappa j^alpha), in [0.25, 4].
        kappa: scale of it, in [0.01, 10].
        log_n: natural logarithm of the number of samples over the noise, n (L S_0/sigma)^2, up to 1e5.
        d_q: number of coordinates of the query that the target depends on too.
        beta: Hoelder exponent of the functional, in [0.05, 1]; 1 is Lipschitz.

    Returns:
        Numbers, or arrays by broadcasting; printed, they are a table. Bounds of the minimax risk are those of the laws
        that the catalog has, and are computed when they are asked for.

    Raises:
        ValueError: a parameter outside its domain; names it, its domain and the value.

    Source:
        arXiv:2602.01863 for the model (read in secondary sources); the laws named in :class:`Rates` for the numbers.

    Example:
        >>> found = rates(alpha=1.0, kappa=0.5, log_n=[13.8, 27.6])
        >>> found.axes, found.local_exponent.round(3), found.risk.round(6)
        (array([6., 9.]), array([0.25 , 0.182]), array([0.0023  , 0.000111]))
    """
    from attnlaws.theory import box
    from attnlaws.theory.minimax import exponent, holder, local_exponent

    given = {"log_n": log_n, "alpha": alpha, "kappa": kappa, "beta": beta, "d_q": d_q}
    exponents = local_exponent.LAW(**given)  # checks every parameter, and that they broadcast
    checked = {p.name: np.broadcast_to(np.asarray(p.check(given[p.name])), exponents.shape)[()] for p in box.PARAMETERS}
    u, axes = box.balance(**checked)
    return Rates(
        **checked,
        u=u[()],
        axes=axes[()],
        local_exponent=exponents,
        constant=holder.LAW(alpha=checked["alpha"], kappa=checked["kappa"], beta=checked["beta"]),
        power=exponent.LAW(alpha=checked["alpha"]),
    )
