// The kernel of simulations/topk/divergences.py by the threads of a block, with its bits.
//
// The CPU adds every divergence key by key, from first to last. The terms, with their exponentials and logarithms, are
// made by all threads, and each sum is one thread's chain of additions (ordered_sums). A key that the CPU does not add
// has the term +0.0 here, which leaves every sum that started at +0.0 as it is.
#pragma once

#include "../replicate.cuh"

// How many of the keys before i have exactly the score `threshold`: asked only where keys tie.
__device__ inline i64 equals_before(const double* scores, i64 i, double threshold) {
    i64 count = 0;
    for (i64 j = 0; j < i; ++j) count += scores[j] == threshold;
    return count;
}

// The terms of one key: total variation, Kullback-Leibler, chi-square, affinity, both Renyi sums, twice
// Jensen-Shannon, and what is lost. log_head and log_total are the logarithms of the two normalizations.
EXACT void divergence_terms(double logit, bool taken, double log_head, double log_total, double order, double* t) {
    const double log_two = plog64(2.0), other = __dsub_rn(1.0, order);
    const double log_p = __dsub_rn(logit, log_total), p = pexp64(log_p);
#pragma unroll
    for (int i = 0; i < 8; ++i) t[i] = 0.0;
    if (!taken) {
        t[0] = t[2] = t[7] = p;
        t[6] = __dmul_rn(p, log_two);
        return;
    }
    const double log_q = __dsub_rn(logit, log_head), q = pexp64(log_q);
    const double log_m = __dsub_rn(plog64(__dadd_rn(p, q)), log_two), gap = __dsub_rn(q, p);
    t[0] = fabs(__dsub_rn(p, q));
    t[1] = __dmul_rn(q, __dsub_rn(log_q, log_p));
    t[2] = __ddiv_rn(__dmul_rn(gap, gap), p);
    t[3] = __dsqrt_rn(__dmul_rn(p, q));
    t[4] = pexp64(__dadd_rn(__dmul_rn(order, log_q), __dmul_rn(other, log_p)));
    t[5] = pexp64(__dadd_rn(__dmul_rn(order, log_p), __dmul_rn(other, log_q)));
    t[6] = __dadd_rn(__dmul_rn(p, __dsub_rn(log_p, log_m)), __dmul_rn(q, __dsub_rn(log_q, log_m)));
}

// Scratch: n scores, then n marks of what is taken.
// Predicted per kept key: 600 instructions for its terms (4 exponentials, a logarithm, a division, a root), 116 for its
// normal, 8 passes of the selection at 27, and 10 additions in order, in a warp of which few lanes have work.
__device__ inline void divergences(const Keys& keys, u32 replicate, double* scratch, double* out, i64 n, i64 k,
                                   double sigma, double order) {
    __shared__ u64 above;
    __shared__ double weights[2], totals[8];
    double *scores = scratch, *taken = scratch + n;
    const int lane = threadIdx.x;
    fill_normals(keys, replicate, 0u, scores, n);
    if (lane == 0) above = 0;
    __syncthreads();
    for (i64 i = lane; i < n; i += LANES) scores[i] = __dmul_rn(sigma, scores[i]);
    __syncthreads();
    const double largest = largest_of(scores, n), threshold = kth_largest(scores, n, k);
    u64 own = 0;
    for (i64 i = lane; i < n; i += LANES) own += scores[i] > threshold;
    atomicAdd(&above, own);
    __syncthreads();
    const i64 spare = k - (i64)above;  // of the keys equal to the threshold so many are kept, the first ones
    ordered_sums<2>(n, weights, [&](i64 i, double* t) {
        const double score = scores[i];
        const bool kept = score > threshold || (score == threshold && equals_before(scores, i, threshold) < spare);
        taken[i] = kept ? 1.0 : 0.0;
        t[0] = pexp64(__dsub_rn(score, largest));
        t[1] = kept ? t[0] : 0.0;
    });
    const double log_total = plog64(weights[0]), log_head = plog64(weights[1]);
    ordered_sums<8>(n, totals, [&](i64 i, double* t) {
        divergence_terms(__dsub_rn(scores[i], largest), taken[i] > 0.0, log_head, log_total, order, t);
    });
    if (lane == 0) {
        const double less = __dsub_rn(order, 1.0);
        out[0] = __ddiv_rn(totals[0], 2.0);
        out[1] = totals[1];
        out[2] = totals[2];
        out[3] = __dsub_rn(1.0, totals[3]);
        out[4] = __ddiv_rn(plog64(totals[4]), less);
        out[5] = __ddiv_rn(plog64(totals[5]), less);
        out[6] = __ddiv_rn(totals[6], 2.0);
        out[7] = __ddiv_rn(totals[7], __dsub_rn(1.0, totals[7]));
    }
}
