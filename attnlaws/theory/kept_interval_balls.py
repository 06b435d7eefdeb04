"""The bounds of ``attnlaws.theory.kept_interval`` once more in Arb balls: a proof, whatever float64 made of them.

The nodes, the level and theta are taken over, since every choice of them gives a valid bound; everything else is
computed anew. The score of rank K has a density with a concave logarithm, so that the chance of a cell is at most that
of an exponential through the density at its middle; that shares nothing with the incomplete beta functions of float64.
"""

from __future__ import annotations

from typing import Any

from flint import arb, ctx

from attnlaws.theory.kept_interval import Bound

BITS = 100
PARTS = 5
"""Parts of a cell whose chances are bounded one by one: then no more than 3e-7 of the whole is given away."""


def _below(x: Any) -> Any:
    return (-x / arb(2).sqrt()).erfc() / 2


class _Cells:
    """The nodes of a bound, the weights there, and probabilities and chords of the cells that end at them."""

    def __init__(self, bound: Bound) -> None:
        self.bound, self.last = bound, bound.first + bound.theta.size
        sigma, nodes = arb(bound.sigma), [arb(float(node)) for node in bound.nodes]
        middle = (nodes[bound.first] + nodes[self.last]) / 2
        self.nodes, self.whole = nodes, _below(nodes[-1])
        self.weights = [(sigma * (node - middle)).exp() for node in nodes]
        self.below = [_below(node) for node in nodes]
        masses = [_below(node - sigma) for node in nodes]
        scale = (sigma**2 / 2 - sigma * middle).exp()
        self.parts: list[tuple[Any, Any]] = []
        weight, below, mass = arb(0), arb(0), arb(0)
        for node in range(len(nodes)):
            chance = self.below[node] - below
            up = (scale * (masses[node] - mass) - weight * chance) / (self.weights[node] - weight)
            self.parts.append((chance - up, up))
            weight, below, mass = self.weights[node], self.below[node], masses[node]

    def sums(self, rate: Any, top: bool) -> list[Any]:
        """Bounds on E[exp(rate w); X < node] for the nodes that the score of rank K may lie between.

        Args:
            rate: any real number.
            top: E[...; X > node] instead, up to the last node, or over all scores where the bound knows no level.
        """
        grown = [(rate * weight).exp() for weight in self.weights]
        cells = [low * a + up * b for (low, up), a, b in zip(self.parts, [arb(1), *grown], grown, strict=False)]
        found: list[Any] = []
        if top:
            total = grown[-1] * (1 - self.whole) if self.bound.exceeds else arb(0)
            for node in range(len(cells) - 1, self.bound.first - 1, -1):
                found.append(total)
                total += cells[node]
            return found[::-1][: self.bound.theta.size + 1]
        total = arb(0)
        for node in range(self.last + 1):
            total += cells[node]
            found.append(total)
        return found[self.bound.first :]

    def exponents(self, theta: Any) -> list[Any]:
        """The logarithm of the bound in each cell of the score of rank K."""
        bound, near = self.bound, slice(self.bound.first, self.last + 1)
        eps, sign = arb(bound.eps), 1 if bound.exceeds else -1
        whole = arb(1) if bound.exceeds else self.whole
        below = [
            (bound.n - bound.rank) * (mean / chance).log()
            for mean, chance in zip(self.sums(sign * theta * (1 - eps), False), self.below[near], strict=True)
        ]
        means = zip(self.sums(-sign * theta * eps, True), self.below[near], self.weights[near], strict=True)
        above = [
            (bound.rank - 1) * (mean / (whole - chance)).log() - sign * theta * eps * weight
            for mean, chance, weight in means
        ]
        ends = zip(below[1:], above[:-1], strict=True) if bound.exceeds else zip(below[:-1], above[1:], strict=True)
        return [low + high for low, high in ends]

    def chances(self) -> tuple[list[Any], Any]:
        """Bounds on the chance that the score of rank K lies in each cell, and outside all of them."""
        bound = self.bound
        n, rank = bound.n, bound.rank
        whole = arb(1) if bound.exceeds else self.whole
        ways = arb(n + 1).lgamma() - arb(rank).lgamma() - arb(n - rank + 1).lgamma()
        ways -= n * whole.log() + (2 * arb.pi()).log() / 2
        cells = []
        for low, high in zip(self.nodes[bound.first : self.last], self.nodes[bound.first + 1 :], strict=False):
            half, total = (high - low) / (2 * PARTS), arb(0)
            for part in range(PARTS):
                x = low + (2 * part + 1) * half
                under = _below(x)
                over = whole - under
                normal = (-(x**2) / 2).exp() / (2 * arb.pi()).sqrt()
                slope = (n - rank) * normal / under - (rank - 1) * normal / over - x
                turn = slope * half
                log_density = (n - rank) * under.log() + (rank - 1) * over.log() - x**2 / 2
                # sinh(t)/t is at most 1 + t^2 cosh(t)/6
                total += (ways + log_density).exp() * 2 * half * (1 + turn**2 * turn.cosh() / 6)
            cells.append(total)
        first, last = self.below[bound.first] / whole, (whole - self.below[self.last]) / whole
        left = arb.beta_lower(first, arb(n - rank + 1), arb(rank), 1)
        right = arb.beta_lower(last, arb(rank), arb(n - rank + 1), 1)
        return cells, left + right


def proven(bound: Bound | None) -> Any:
    """The bound as an Arb ball, every inequality on the way taken in the safe direction.

    Args:
        bound: one of a tail; None for a tail that cannot be.

    Example:
        >>> from attnlaws.theory.kept_interval import tail
        >>> found = tail(32, 25, 0.1, 1.0, True, 0.05)
        >>> bool(found.chance * (1 - 2e-6) < proven(found) < found.chance)
        True
    """
    if bound is None:
        return arb(0)
    with ctx.workprec(BITS):
        cells = _Cells(bound)
        exponents = {theta: cells.exponents(arb(theta)) for theta in sorted(set(bound.theta.tolist()))}
        chances, total = cells.chances()
        for cell, (theta, chance) in enumerate(zip(bound.theta.tolist(), chances, strict=True)):
            total += chance * exponents[theta][cell].min(arb(0)).exp()
        if bound.exceeds:
            return total
        inside = (bound.n * cells.whole.log()).exp()
        return total * inside + (1 - inside)
