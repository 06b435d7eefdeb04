# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # First steps with attnlaws
#
# A *law* is a claim about attention as associative memory. attnlaws derives it, evaluates it, simulates it and judges
# it.
# Open this file with Jupyter (with `jupytext` installed it is a notebook), from the folder it lies in.

# %%
import numpy as np
from sympy import symbols

import attnlaws as al
from attnlaws.theory.vocabulary import Phi, Phi_inverse

al.laws()

# %% [markdown]
# ## A law is a function of arrays
#
# Softmax over Gaussian scores, the largest tenth of the keys kept: how much probability is lost?

# %%
law = al.law("topk.tail_mass")
law(kappa=0.1, sigma=[0.5, 1.0, 2.0])

# %% [markdown]
# It comes with its formula, with where it was read, and with every step of its derivation.

# %%
print(law.latex())
print(law.source.paper, law.source.place, f"(seen: {law.source.seen})")
for step in law.steps:
    print(f"{type(step).__name__:>12}: {step.expr}")

# %% [markdown]
# What has no meaning is refused rather than answered with NaN.

# %%
try:
    al.law("retrieval.linear")(n=65, d_k=2)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Put your own formula before the referee
#
# Say you believe that the quantile is shifted by half of sigma. The same simulations that support the law refute it.

# %%
kappa, sigma = symbols("kappa sigma")
mine = law.claiming(Phi(-Phi_inverse(kappa) - sigma / 2), "The quantile is shifted by half of sigma.")
print(al.verify(mine, profile="quick"))

# %%
print(al.verify(law, profile="quick"))

# %% [markdown]
# And the picture: theory over simulation, what separates them in standard errors, and the way to the limit.

# %%
al.figure("topk.tail_mass")

# %% [markdown]
# ## A formula that is often used for more than it says
#
# For an exponential kernel the ratio of interference to signal, at a target key of typical norm, is
# n exp(-2 d (tau - 1)/tau²). As a mean over Gaussian keys it is too small, at tau = sqrt(d) by a factor that tends to
# e⁴, about 55.

# %%
d = np.array([16, 64, 256, 1024, 10**6])
mean = al.law("retrieval.exponential")(n=65, d_k=d, tau=np.sqrt(d), output="log")
typical = np.log(65) - 2 * d * (np.sqrt(d) - 1) / d
np.exp(mean - typical)

# %% [markdown]
# ## Your own arrays
#
# How many keys must each row of a trained encoder keep so that a tenth of its probability is lost at most? The rule
# from the Gaussian model needs only the standard deviation of the row.

# %%
data = np.load("../tests/data/minilm_qkv.npz")
query, key, value = (data[name].astype(float) for name in ("query", "key", "value"))
logits = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
needed = al.estimators.k_eps(logits, 0.1)
rule = law(kappa=0.1, sigma=logits.std(axis=-1)) * logits.shape[-1]
print("layer  keys needed  Gaussian rule")
for layer in range(len(needed)):
    print(f"{layer:5}  {needed[layer].mean():11.1f}  {rule[layer].mean():13.1f}")

# %% [markdown]
# What the cut rows lose in any divergence follows from the tail mass alone.

# %%
kl = al.law("topk.divergences")(logits=logits[0, 0], k=64, output="kl")
lost = al.estimators.softmax_tail_mass(logits[0, 0], 64)
np.abs(lost - (1 - np.exp(-kl))).max()

# %% [markdown]
# And how well do the keys of one head work as a memory that is read by its own keys?

# %%
ratio = al.estimators.inverse_snr(key[0, 0], value[0, 0], "exponential", tau=np.sqrt(key.shape[-1]))
np.quantile(ratio, [0.1, 0.5, 0.9])

# %% [markdown]
# Next: `attnlaws new topk.my_law` writes the two files of a law of your own; `attnlaws report` writes all that was
# found as one page.
