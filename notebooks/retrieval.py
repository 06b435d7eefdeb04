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
# # How much can an associative memory hold, and how well?
#
# A memory stores n pairs of keys and values and is asked for one pair by its key. The answer is that pair's value,
# times a signal c, plus interference r from all others. The *inverse signal-to-noise ratio* is |r|²/(c² |v|²): small is
# good. The literature gives formulas for it. This notebook asks of each what it is a formula for, and has the answers
# judged.

# %%
import numpy as np

import attnlaws as al

al.laws("retrieval")

# %% [markdown]
# ## Which ratio?
#
# Keys are random, so the ratio is. Its mean, the ratio of the means of interference and signal, and its geometric mean
# are three numbers. For the kernel exp(k·q/tau) at attention's temperature, sqrt(d), here are the mean and the ratio of
# means over the geometric mean. As d grows they tend to e⁴ and e⁻⁴, about 55 and 1/55, though slowly. None of the three
# is wrong, a number without its convention is: simulation agrees with all of them.

# %%
exponential = al.law("retrieval.exponential")
d = np.array([64, 256, 1024, 2**14, 10**6])
log = {
    convention: exponential(n=65, d_k=d, tau=np.sqrt(d), convention=convention, output="log")
    for convention in ("expectation", "ratio", "geometric")
}
print("        d   mean/geometric   ratio of means/geometric")
for index, size in enumerate(d):
    mean, ratio = (np.exp(log[name][index] - log["geometric"][index]) for name in ("expectation", "ratio"))
    print(f"{size:9}   {mean:14.2f}   {ratio:24.6f}")
print(al.verify("retrieval.exponential", profile="quick"))

# %% [markdown]
# ## A formula taken for what it is not
#
# n exp(-2 d (tau - 1)/tau²) is right where the key that is asked for has its typical norm. Read as the mean over
# Gaussian keys it is refuted; the catalog keeps it beside the law that replaces it. The picture has theory and
# simulation over the formula: the points are simulated means.

# %%
print(al.verify("retrieval.typical_norm_as_mean", profile="quick"))
al.figure("retrieval.typical_norm_as_mean")

# %% [markdown]
# ## Normalized keys need no convention
#
# The conventions differ because norms do. With keys on a sphere of radius sqrt(d), as after normalization, every target
# has the same ratio. It is below the geometric mean of Gaussian keys, and tends to it.

# %%
sphere = al.law("retrieval.exponential_sphere")
d = np.array([16, 64, 256])
sphere(n=65, d_k=d, radius=np.sqrt(d), tau=np.sqrt(d)) / exponential(
    n=65, d_k=d, tau=np.sqrt(d), convention="geometric"
)

# %% [markdown]
# ## Where a law does not exist
#
# The mean signal over Gaussian keys is infinite up to tau = 4, which is attention's temperature at d = 16. A law says
# so.

# %%
try:
    exponential(n=65, d_k=16, tau=4, convention="ratio")
except ValueError as error:
    print(error)

# %% [markdown]
# ## The dimension that is needed
#
# For a ratio of at most 0.01 at a typical target a linear memory needs d like n. The exponential kernel needs d like
# ln² n if the temperature follows sqrt(d), and like ln n at tau = 2: the square belongs to that rule, not to the
# kernel.

# %%
dimension = al.law("retrieval.feature_dimension")
n = np.array([10**2, 10**4, 10**6, 10**8])
need = {"delta": 0.01, "convention": "geometric"}
print("        n          linear   tau = sqrt(d)   tau = 2")
for size, linear, root, two in zip(
    n,
    dimension(n=n, kernel="linear", **need),
    dimension(n=n, kernel="exponential", tau_rule="sqrt", **need),
    dimension(n=n, kernel="exponential", tau_rule="two", **need),
    strict=True,
):
    print(f"{size:9}   {linear:13.0f}   {root:13.1f}   {two:7.1f}")

# %% [markdown]
# ## Sizing a memory
#
# How many pairs fit before a typical ratio passes 0.01, and how many dimensions a million of them takes, at attention's
# temperature and at the one where the mean over Gaussian keys is smallest. In the picture the color is the typical
# ratio, on a logarithmic scale.

# %%
best = al.best_temperature(convention="expectation")
for name, tau in (("sqrt(d)", "sqrt"), (str(best), best)):
    pairs, size = al.capacity(64, tau, target=0.01), al.dimension(1e6, tau, target=0.01)
    print(f"tau = {name:7}: 64 dimensions hold {pairs:7.3g} pairs, a million pairs take {size} dimensions")
al.figure("retrieval.capacity")

# %% [markdown]
# ## A good ratio is not yet a good answer
#
# Softmax attention divides by the sum of all weights, so the answer shrinks as the others gather weight, long before
# the ratio is bad. At d = 64 and tau = 8, for a typical target: the mass on it, the mean squared error of the answer
# for values of norm one, and the inverse SNR.

# %%
fidelity = al.law("retrieval.softmax_fidelity")
n = np.array([8, 64, 512, 4096, 32768])
at = {"n": n, "d_k": 64, "tau": 8}
mass, error, ratio = fidelity(**at), fidelity(**at, output="mse"), exponential(**at, convention="geometric")
print("    n    mass on it   squared error   inverse SNR")
for row in zip(n, mass, error, ratio, strict=True):
    print("{:5}   {:11.3f}   {:13.3f}   {:11.6f}".format(*row))

# %% [markdown]
# ## Keys that are not Gaussian
#
# The estimators take any arrays. These are the keys and values of one head of a trained sentence encoder, one pair per
# token, read at tau = sqrt(d). The ratio of each pair:

# %%
data = np.load("../tests/data/minilm_qkv.npz")
key, value = (data[name][0, 0].astype(float) for name in ("key", "value"))
tau = np.sqrt(key.shape[-1])
np.quantile(al.estimators.inverse_snr(key, value, "exponential", tau=tau), [0.1, 0.5, 0.9])

# %% [markdown]
# In every convention, with a count of the pairs whose scores spread too far for a mean over so few pairs to be trusted.
# As many independent Gaussian keys of unit variance would interfere far less: the laws are about those keys, and what
# they give is no prediction for these.

# %%
print(al.estimators.summarize_inverse_snr(key, value, "exponential", tau=tau))
for convention in ("expectation", "geometric", "ratio"):
    print(convention, exponential(n=len(key), d_k=key.shape[-1], tau=tau, convention=convention))
