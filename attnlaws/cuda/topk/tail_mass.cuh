// The kernels of simulations/topk/tail_mass.py by the threads of a block, with their bits.
//
// The CPU adds weight i to lane i % 256 and folds the lanes: thread i adds the same weights in the same order, and the
// fold is the same tree. The largest score, the k-th largest and a count are exact in any order.
#pragma once

#include "../replicate.cuh"
#include "../window_topk.cuh"

// Scratch: the n scores; the selection leaves them where they are, so the CPU's copy of them is not needed.
// Predicted per score: 115 instructions for the normal (half a call with its pair of float64), 54 for the weight and
// its two additions, and 8 passes of the selection at 27.
__device__ inline void tail_mass(const Keys& keys, u32 replicate, double* scratch, double* out, i64 n, i64 k,
                                 double sigma) {
    __shared__ double columns[2 * LANES];
    __shared__ u64 reached;
    double* scores = scratch;
    const int lane = threadIdx.x;
    fill_normals(keys, replicate, 0u, scores, n);
    if (lane == 0) reached = 0;
    __syncthreads();
    const double threshold = kth_largest(scores, n, k);
    const double largest = largest_of(scores, n);
    double tail = 0.0, head = 0.0;
    u64 own = 0;
    for (i64 i = lane; i < n; i += LANES) {
        const double score = scores[i];
        const double weight = pexp64(__dmul_rn(sigma, __dsub_rn(score, largest)));
        const bool below = score < threshold;
        tail = __dadd_rn(tail, below ? weight : 0.0);
        head = __dadd_rn(head, below ? 0.0 : weight);
        own += !below;
    }
    columns[lane] = tail;
    columns[LANES + lane] = head;
    atomicAdd(&reached, own);
    __syncthreads();
    fold(columns, 2);
    if (lane == 0) {
        const double lost = columns[0], kept = columns[LANES];
        // Scores equal to the threshold were all counted as kept; at most k are.
        const double surplus = (double)((i64)reached - k);
        const double moved = __dmul_rn(surplus, pexp64(__dmul_rn(sigma, __dsub_rn(threshold, largest))));
        out[0] = __ddiv_rn(__dadd_rn(lost, moved), __dadd_rn(lost, kept));
    }
}

// Scratch: the scores in the window, as many as there is room for.
__device__ inline void window(const Keys& keys, u32 replicate, i64 first, i64 last, const double* plan, double* sums,
                              double* kept, i64 room, u64* filled, double sigma) {
    part_of_tail(keys, replicate, first, last, plan, sums, kept, room, filled, sigma);
}

__device__ inline bool window_decision(double* plan, const double* sums, const double* kept, i64 stored, double* out,
                                       i64 k, double sigma) {
    return decide_tail(plan, sums, kept, stored, out, k, sigma);
}
