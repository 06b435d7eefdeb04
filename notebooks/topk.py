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
# # What does attention lose when it keeps its largest weights only?
#
# A softmax row is cut to its k largest weights. What is lost is the *tail mass*, the probability of the keys that are
# dropped; *k_eps* is the fewest keys that lose at most eps. This notebook goes from a law about random scores, through
# the places where it stops to hold, to a certificate on the logits of a trained model.

# %%
import numpy as np

import attnlaws as al

al.laws("topk")

# %% [markdown]
# ## One law, both ways
#
# For many independent Gaussian scores the tail mass of the fraction kappa and the fraction that is needed for eps are
# the same function of that number and of the standard deviation sigma of the scores.

# %%
tail, needed = al.law("topk.tail_mass"), al.law("topk.k_eps")
for sigma in (1.0, 2.0, 3.0):
    print(f"sigma = {sigma}: the largest tenth loses {tail(kappa=0.1, sigma=sigma):.4f}, ", end="")
    print(f"a loss of a tenth takes {needed(eps=0.1, sigma=sigma):.4f} of the keys")
print(al.verify("topk.k_eps", profile="quick"))

# %% [markdown]
# ## Where it fails
#
# A row freezes once sigma passes about sqrt(2 ln n): then a few keys hold everything, whatever n is, and the rule for
# many keys asks for less than one key. The plug-in of normal quantiles (Blom's) follows the median through all of it,
# to some percent.

# %%
blom, n = al.law("topk.blom"), 512
print("sigma   rule x n   Blom x n")
for sigma in (1.0, 2.0, 3.0, 4.0, 5.0):
    print(f"{sigma:5}   {n * needed(eps=0.1, sigma=sigma):8.2f}   {n * blom(n=n, eps=0.1, sigma=sigma):8.2f}")
print(al.verify("topk.k_eps_beyond_freezing", profile="quick"))

# %% [markdown]
# ## What a row itself can prove
#
# For any row the gap at the cut bounds the tail mass, and so does the weight of the head with one more score. Both are
# sure; how much they give away is another matter. The picture has a point per row.

# %%
row = np.random.default_rng(0).normal(size=(1, 64)) * 2
for name in ("gap_bound", "head_bound"):
    bound = al.law(f"topk.{name}")(logits=row, k=16)
    print(f"{name}: tail mass at most {float(bound[0]):.4f}")
print(f"it is {float(al.estimators.softmax_tail_mass(row, 16)[0]):.4f}")
print(al.verify("topk.head_bound", profile="quick"))
al.figure("topk.head_bound")

# %% [markdown]
# ## A loss of eps is not an error of eps
#
# A tail mass of a tenth does not move the output by a tenth of its size: with values of their own, independent of the
# scores, the relative error depends on how the lost mass is spread.

# %%
noise = al.law("topk.output_noise")
for eps in (0.1, 0.01):
    print(f"eps = {eps}:", ", ".join(f"sigma {s}: {noise(sigma=s, eps=eps):.4f}" for s in (0.5, 1.0, 1.5)))

# %% [markdown]
# ## Logits of a trained model
#
# Two heads of a sentence encoder, 192 tokens. The Gaussian rule knows the standard deviation of a row only.

# %%
data = np.load("../tests/data/minilm_qkv.npz")
queries, keys, values = (data[name][3].astype(float) for name in ("query", "key", "value"))
logits = queries @ keys.swapaxes(-1, -2) / np.sqrt(keys.shape[-1])
k = al.estimators.k_eps(logits, 0.1)
rule = logits.shape[-1] * needed(eps=0.1, sigma=logits.std(axis=-1))
print(f"keys needed, mean over the rows: {k.mean():.1f}; the rule asks for {rule.mean():.1f}")

# %% [markdown]
# ## Certified
#
# The same number with a proof: no rounding can make it false. `k_lower` and `k_upper` are equal where the question is
# decided, and the tail mass that is left is enclosed. Below, a row whose tail mass underflows in the usual formulas.

# %%
found = al.estimators.certify_topk(logits, 0.1)
print(f"decided in {found.decided.sum()} of {found.decided.size} rows; the largest tail mass is", end=" ")
print(f"between {found.tau_lower.max():.15f} and {found.tau_upper.max():.15f}")
tiny = np.array([0.0, *[-38.0] * 3])
shares = np.exp(tiny) / np.exp(tiny).sum()
proven = al.estimators.certify_topk(tiny, 0.1)
print(f"1 - p_1 = {1 - shares[0]}, proven: {float(proven.tau_lower):.15g} to {float(proven.tau_upper):.15g}")

# %% [markdown]
# ## How far the output moves
#
# The same for what attention returns: the exact error of dropping the other keys, enclosed, and the bounds that need to
# know less.

# %%
kept = np.argsort(np.argsort(-logits, axis=-1), axis=-1) < k[..., None]
error = al.estimators.output_error_bound(logits, values[:, None], kept)
size = np.linalg.norm(values, axis=-1).mean()
for name in ("error_upper", "variance", "ball", "norm"):
    print(f"{name:12} {getattr(error, name).mean() / size:.4f} of the values' mean norm, mean over the rows")

# %% [markdown]
# ## Not even scored
#
# An index of keys proves which ones need no inner product at all. How much that saves depends on the keys: clusters
# can be skipped, independent keys cannot.

# %%
rng = np.random.default_rng(1)
centers = rng.normal(size=(64, 64))
clustered = np.repeat(centers, 64, axis=0) + np.sqrt(0.1) * rng.normal(size=(4096, 64))
for name, points, query in (
    ("clusters", clustered, 3 * centers[0]),
    ("independent", rng.normal(size=(4096, 64)), 2 * rng.normal(size=64)),
):
    chosen = al.estimators.KeyIndex(points).attend(query, points, 0.1)
    print(f"{name:12} {int(chosen.scored):5} of 4096 keys scored, tail mass at most {float(chosen.tail):.4f}")

# %% [markdown]
# ## No claim on independent keys
#
# That a certificate scores as few keys as it keeps is refuted where keys have no structure; the ceiling is 1/(1 - eps).

# %%
print(al.verify("topk.scored_equals_kept", profile="quick"))
print(al.verify("topk.scoring_ceiling", profile="quick"))
