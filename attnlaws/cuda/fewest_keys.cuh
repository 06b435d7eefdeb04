// The fewest keys of rows of stored scores that lose at most a share of their softmax mass, a row per thread block.
#pragma once

#include "radix_select.cuh"

// Scores of one row; -inf, a masked key, weighs nothing.
struct StoredScores {
    const double* scores;
    i64 n;
    double largest;

    EXACT double weight(double score) const { return pexp64(__dsub_rn(score, largest)); }
    EXACT double operator()(u64 key) const { return weight(from_ordered_bits(key)); }

    template <class Body>
    EXACT void each(Body body) const {
        for (i64 i = threadIdx.x; i < n; i += LANES) body(ordered_bits(scores[i]), weight(scores[i]));
    }
};

// Keys kept of each row, or 0 where shares smaller and larger by the part `doubt` keep different numbers, so that
// rounding could decide: everywhere from a doubt of 1 on, because masses too small for the units of a sum weigh nothing
// there. Each of both selections is eight passes over the row.
//
// Predicted per score and pass: 112 instructions or less, of which 40 are for its weight and 62 for the histogram.
extern "C" __global__ void __launch_bounds__(LANES, 3)
fewest_keys(const double* scores, i64 rows, i64 n, const double* eps, const double* doubt, i64* kept) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const double* own = scores + row * n;
        const StoredScores entries = {own, n, largest_of(own, n)};
        const double below = __dmul_rn(eps[row], __dsub_rn(1.0, doubt[row]));
        const double above = __dmul_rn(eps[row], __dadd_rn(1.0, doubt[row]));
        const i64 least = lost_of<u64>(entries, below), most = lost_of<u64>(entries, above);
        if (threadIdx.x == 0) kept[row] = least == most && doubt[row] < 1.0 ? n - least : 0;
    }
}
