"""Draw rows of scores and measure the probability outside the k largest weights, as for the bound from one gap."""

from attnlaws.simulations import run
from attnlaws.simulations.topk.gap_bound import EXPERIMENT as EXPERIMENT

if __name__ == "__main__":
    run.main(__file__)
