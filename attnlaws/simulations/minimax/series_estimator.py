"""Simulate ridge regression on cosines from random samples of the hardest function, at n and at 10 n samples."""

import math
from typing import Any

import numpy as np
from sympy import Float, Symbol, log

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax.pinsker_sobolev import advance, problem, start
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64

RISK, LATER = Symbol("risk"), Symbol("later")
DECADE = 10
"""The law's slope is that between n and so many times n."""


@kernel
def list_modes(parents, entries, norms, work, axes, mu, alpha, kappa):
    """Fill in the a of every mode below the cutoff, the first axis fastest, and what it is the product of.

    A mode is the one without the first of its axes, times a cosine along that axis: an entry of a table with a row of
    cosines for each axis. Returns the length of a row.
    """
    axis, frequency, square = work[:axes], work[axes:][:axes], work[2 * axes :][: axes + 1]
    latest = work[3 * axes + 1 :][:axes]
    start(frequency, square, axis, alpha, kappa)
    width = 1 + int(mu / np.sqrt(axis[0]))
    for mode in range(norms.size):
        norms[mode] = np.sqrt(square[0])
        j = 0
        while j < axes and frequency[j] == 0.0:
            latest[j] = np.float64(mode)
            j += 1
        if j < axes:
            parents[mode] = latest[j]
            entries[mode] = np.float64(j * width) + frequency[j]
        advance(frequency, square, axis, mu * mu)
    return width


@kernel
def evaluate(cosines, parents, entries, values, table, width):
    """Fill in all modes at one point: products over the axes of sqrt(2) cos(k t), from cos(t) by Chebyshev's rule."""
    for j in range(cosines.size // 2):
        radius = np.sqrt(cosines[2 * j] * cosines[2 * j] + cosines[2 * j + 1] * cosines[2 * j + 1])
        cosine = cosines[2 * j] / radius
        before, here = 1.4142135623730951 * cosine, 1.4142135623730951
        for k in range(width):
            table[j * width + k] = here
            before, here = here, 2.0 * cosine * here - before
    values[0] = 1.0
    for mode in range(1, values.size):
        values[mode] = values[int(parents[mode])] * table[int(entries[mode])]


@kernel
def regress(
    normals, theta, noise, sigma, parents, entries, norms, values, moments, gram, table, width, axes, mu, signed
):
    """Fill in the Cholesky factor of G + Lambda, and the mean of the modes times the responses."""
    most, n = norms.size, normals.size // (2 * axes)
    for i in range(gram.size):
        gram[i] = 0.0
    for i in range(most):
        moments[i] = 0.0
    for sample in range(n):
        evaluate(normals[2 * axes * sample : 2 * axes * (sample + 1)], parents, entries, values, table, width)
        response = 0.0
        if signed:
            response = sigma * noise[sample]
        for mode in range(most):
            response += theta[mode] * values[mode]
        for mode in range(most):
            value = values[mode]
            moments[mode] += value * response
            row = gram[mode * most : mode * most + mode + 1]
            for other in range(mode + 1):
                row[other] += value * values[other]
    for i in range(most):
        moments[i] /= np.float64(n)
        for j in range(i + 1):
            total = gram[i * most + j] / np.float64(n)
            if i == j:
                total += norms[i] / (mu - norms[i])
            for t in range(j):
                total -= gram[i * most + t] * gram[j * most + t]
            if i == j:
                gram[i * most + i] = np.sqrt(total)
            else:
                gram[i * most + j] = total / gram[j * most + j]


@kernel
def trace_of_inverse(gram, column):
    """The trace of the inverse of a matrix from its Cholesky factor: the squared elements of the factor's inverse."""
    most, trace = column.size, 0.0
    for first in range(most):
        for i in range(first, most):
            total = 0.0
            if i == first:
                total = 1.0
            for t in range(first, i):
                total -= gram[i * most + t] * column[t]
            column[i] = total / gram[i * most + i]
            trace += column[i] * column[i]
    return trace


@kernel
def squared_error(gram, moments, theta):
    """Solve for the coefficients, in the place of the moments, and compare them with the true ones."""
    most, loss = theta.size, 0.0
    for i in range(most):
        for t in range(i):
            moments[i] -= gram[i * most + t] * moments[t]
        moments[i] /= gram[i * most + i]
    for back in range(most):
        i = most - 1 - back
        for t in range(i + 1, most):
            moments[i] -= gram[t * most + i] * moments[t]
        moments[i] /= gram[i * most + i]
        loss += (moments[i] - theta[i]) * (moments[i] - theta[i])
    return loss


@kernel
def mean_loss(normals, work, n, most, axes, mu, sigma, alpha, kappa, signed):
    """One design: the loss of one function and noise, or its mean over signs and noise."""
    norms, values, theta, moments = work[:most], work[most:][:most], work[2 * most :][:most], work[3 * most :][:most]
    parents, entries = work[4 * most :][:most], work[5 * most :][:most]
    gram, work = work[6 * most :][: most * most], work[6 * most + most * most :]
    width = list_modes(parents, entries, norms, work, axes, mu, alpha, kappa)
    table = work[4 * axes + 1 :][: axes * width]
    points, signs, noise = normals[: 2 * n * axes], normals[2 * n * axes :][:most], normals[2 * n * axes + most :][:n]
    for mode in range(most):
        theta[mode] = 0.0
        if signed and norms[mode] > 0.0:  # the constant is not penalized, so its coefficient does not matter
            theta[mode] = sigma * np.sqrt((mu / norms[mode] - 1.0) / np.float64(n))
            if signs[mode] < 0.0:
                theta[mode] = -theta[mode]
    regress(points, theta, noise, sigma, parents, entries, norms, values, moments, gram, table, width, axes, mu, signed)
    if signed:
        return squared_error(gram, moments, theta)
    return trace_of_inverse(gram, moments) * sigma * sigma / np.float64(n)


def samples(k0, k1, replicate, scratch, out, n, most, axes, mu, size, n_later, most_later, axes_later, mu_later,
            size_later, sigma, alpha, kappa, signed):  # fmt: skip
    """Two independent designs, one of ten times as many samples."""
    normals, work = scratch[: size + size_later], scratch[size + size_later :]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    for later in range(2):  # one call in a loop: two would be compiled into this function twice
        if later == 1:
            n, most, axes, mu, normals = n_later, most_later, axes_later, mu_later, normals[size:]
        out[later] = mean_loss(normals, work, n, most, axes, mu, sigma, alpha, kappa, signed)


def _problem(n: int, sigma: float, alpha: float, kappa: float) -> dict[str, int | float]:
    return problem(log_n=math.log(n) - 2 * math.log(sigma), alpha=alpha, kappa=kappa)


def _shape(signed: bool, n: int, **box: float) -> Replicate:
    now, later = _problem(n, **box), _problem(DECADE * n, **box)

    def normals(count: int, found: dict[str, int | float]) -> int:
        return int(2 * count * found["axes"] + (found["most"] + count if signed else 0))

    sizes = normals(n, now), normals(DECADE * n, later)
    arguments = {"n": n, "n_later": DECADE * n, "size": sizes[0], "size_later": sizes[1], "signed": signed}
    arguments |= {name: now[name] for name in ("most", "axes", "mu")}
    arguments |= {f"{name}_later": later[name] for name in ("most", "axes", "mu")} | box
    most, axes = int(later["most"]), int(later["axes"])
    width = 1 + int(later["mu"] / (math.pi / 2 * math.exp(box["kappa"])))
    return Replicate(
        kernel=samples,
        arguments=lambda **_: arguments,
        scratch=lambda **_: sum(sizes) + most * (6 + most) + axes * (5 + width) + 1,
        size=lambda **_: sum(sizes),
        outputs=("risk", "later"),
    )


def literal(**point: Any) -> Replicate:
    """A function and a data set a replicate, at both sizes."""
    return _shape(True, **point)


def given_design(**point: Any) -> Replicate:
    """A design a replicate, and the mean over the function's signs and the noise."""
    return _shape(False, **point)


def reference(draws: dict[str, np.ndarray], mode: str, *, n: int, **box: float) -> dict[str, float]:
    """Both designs, spelt out in NumPy."""
    signed, items, found = mode == "literal", draws["items"].astype(np.float64), []
    for count in (n, DECADE * n):
        given = _problem(count, **box)
        axes, most, mu = int(given["axes"]), int(given["most"]), float(given["mu"])
        stiff = (math.pi / 2) ** 2 * np.exp(2 * box["kappa"] * np.arange(1, axes + 1) ** box["alpha"])
        highest = [range(int(mu / math.sqrt(value)) + 1) for value in stiff]
        modes = np.array(np.meshgrid(*highest, indexing="ij")).reshape(axes, -1).T
        modes = modes[np.lexsort(modes.T)]
        norms = np.sqrt(modes**2 @ stiff)
        modes, norms = modes[norms < mu], norms[norms < mu]
        points, items = items[: 2 * count * axes].reshape(count, axes, 2), items[2 * count * axes :]
        angles = np.arctan2(points[..., 1], points[..., 0])
        basis = np.prod(np.where(modes > 0, math.sqrt(2), 1) * np.cos(angles[:, None, :] * modes), axis=2)
        penalized = basis.T @ basis / count + np.diag(norms / (mu - norms))
        if not signed:
            found.append(np.trace(np.linalg.inv(penalized)) * box["sigma"] ** 2 / count)
            continue
        signs, noise, items = items[:most], items[most : most + count], items[most + count :]
        square = np.divide(mu, norms, out=np.ones_like(norms), where=norms > 0) - 1
        theta = np.where(signs < 0, -1, 1) * box["sigma"] * np.sqrt(square / count)
        response = basis @ theta + box["sigma"] * noise
        found.append(np.sum((np.linalg.solve(penalized, basis.T @ response / count) - theta) ** 2))
    return {"risk": float(found[0]), "later": float(found[1])}


EXPERIMENT = Experiment(
    modes={"literal": literal, "given design": given_design},
    reference=reference,
    estimator=lambda **_: Smooth(RISK),
    also={"slope": lambda **_: Smooth(log(RISK / LATER) / Float(math.log(DECADE)))},
    arithmetic_error=1e-9,
    arithmetic_reason="float64 factorizations of matrices of condition below 1e4",
)

if __name__ == "__main__":
    run.main(__file__)
