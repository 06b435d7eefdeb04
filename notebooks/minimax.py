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
# # How fast can attention learn to recall and to predict?
#
# A query picks one document out of a context, and a functional of that document's distribution is to be predicted. The
# distribution has coordinates that shrink as exp(-kappa j^alpha); the functional is Lipschitz. With n samples the mean
# square error R then falls like exp(-C (ln n)^p), more slowly than any power of n (arXiv:2602.01863). This notebook
# asks what that means at an n that exists.

# %%
import numpy as np

import attnlaws as al

al.laws("minimax")

# %% [markdown]
# ## The limit, and how far away it is
#
# p = alpha/(1 + alpha), and the constant is sharp for a box of inputs. At alpha = 1, kappa = 1/2 it is 2; the table has
# what the balance behind it gives at n = 10^3, 10^6, 10^12 and 10^100.

# %%
print(f"p = {al.law('minimax.exponent')(alpha=1.0)}, C = {al.law('minimax.constant')(alpha=1.0, kappa=0.5)}")
print(al.rates(1.0, 0.5, np.log(10) * np.array([3, 6, 12, 100])))

# %% [markdown]
# ## An envelope of classical rates
#
# At any n a number D of axes is resolved, and R falls like n^(-2/(2 + D)), as in D dimensions. D grows: that is all.

# %%
print(al.verify("minimax.local_exponent", profile="quick"))
al.figure("minimax.local_exponent")

# %% [markdown]
# ## From below and from above, with simulations between
#
# The best two bounds are a factor of three to five apart. Both are simulated: signs on tents, guessed from noisy data,
# below; Pinsker's rule at its least favorable function above.

# %%
print(al.verify("minimax.sandwich", profile="quick"))
al.figure("minimax.sandwich")

# %% [markdown]
# ## What a short range of n can tell
#
# Five sizes from 4 to 64: (ln n)^p is nearly a line in ln n whatever p is, and an error of 10 % in each risk is one of
# 0.56 in the fitted p.

# %%
short = al.law("minimax.published_range")
for p in (1 / 3, 1 / 2, 2 / 3):
    r_squared = short(p=p, low=4, high=64, points=5, output="r_squared")
    print(f"p = {p:.2f}: R^2 of a line {r_squared:.3f}, sd(p) = {short(p=p, low=4, high=64, points=5):.2f} sd(ln R)")

# %% [markdown]
# ## Your own learning curve
#
# So do not fit p. Measure the local exponent, with an error bar, and compare it with that of a law at the same sizes.

# %%
n = np.geomspace(1e2, 1e6, 17)
truth = al.law("minimax.pinsker_sobolev")(log_n=np.log(n), alpha=1.0, kappa=0.5)
measured = truth * (1 + 0.02 * np.random.default_rng(0).normal(size=n.size))
print(al.estimators.local_exponent(n, measured, 0.02 * truth))

# %% [markdown]
# ## Your own spectrum
#
# alpha and kappa come from the eigenvalues of a kernel on the contents. A heat kernel in two dimensions has alpha = 1.

# %%
squares = sorted(i * i + k * k for i in range(-40, 41) for k in range(-40, 41) if i * i + k * k <= 1600)
print(al.estimators.spectrum_decay(np.exp(-0.02 * np.array(squares))))
kernel = al.law("minimax.spectrum_map")
print("in theory:", *(f"{name} = {kernel(dimension=2, decay=0.02, output=name):.4g}" for name in kernel.outputs))

# %% [markdown]
# ## It is the nonlinearity that is hard
#
# A linear readout of the same distribution is learned at nearly sigma^2/n.

# %%
linear, lipschitz = al.law("minimax.pinsker_exponential"), al.law("minimax.pinsker_sobolev")
for size in (1e3, 1e6, 1e9):
    at = {"log_n": np.log(size), "alpha": 1.0, "kappa": 0.5}
    print(f"n = {size:.0e}: linear {linear(**at) / size:.2e}, Lipschitz {lipschitz(**at):.2e}")

# %% [markdown]
# ## The recall step: tags
#
# Recall by tags leaks to other documents, less the sharper the scores are. With noise in the tags sharper is not better
# beyond a point, because fewer tokens take part.

# %%
leak, best = al.law("minimax.tag_leak"), al.law("minimax.best_sharpness")
for beta in (2.0, 4.0, 8.0):
    print(f"sharpness {beta}: 15 other documents get {leak(documents=16, beta=beta):.4f} of the weight")
for tokens in (100, 1000, 100_000):
    print(f"{tokens} tokens, noise 0.2: best sharpness {best(documents=16, eta=0.2, tokens=tokens, ratio=0.1):.2f}")

# %% [markdown]
# ## Where averages stop averaging
#
# Softmax over T Gaussian tokens returns s only while s is well below sqrt(2 ln T). Beyond, a few tokens hold
# everything, and the output stays near the largest of them. The formula for infinitely many tokens is refuted there.

# %%
tokens, exact = 10_000, al.law("minimax.clt_breakdown")
for s in (1.0, 2.0, 4.0, 8.0):
    print(f"s = {s}: the output is {exact(tokens=tokens, s=s):.3f}; sqrt(2 ln T) = {np.sqrt(2 * np.log(tokens)):.2f}")
print(al.verify("minimax.population_output", profile="quick"))

# %% [markdown]
# ## Budgets
#
# How many tokens a document needs, and how sharp the scores have to be, so that recall is not what limits: both grow
# more slowly than any power of n.

# %%
sharpness = al.law("minimax.sharpness")
for size in (1e3, 1e6, 1e12):
    at = {"log_n": np.log(size), "alpha": 1.0, "kappa": 0.5}
    print(f"n = {size:.0e}: sharpness {sharpness(documents=16, **at):.2f}")
print(al.verify("minimax.token_budget", profile="quick"))
