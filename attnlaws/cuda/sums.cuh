// Sums in one fixed order: line by line the functions of simulations/sums.py, by the threads of a block.
#pragma once

#include "arithmetic.cuh"

// Add up each of `count` columns of 256 lanes by halving, in place; column r ends in columns[256 r]. The tree is the
// CPU's. All columns go down it together, so that a row has 8 barriers however many sums it holds. All threads of the
// block must come here, after a barrier behind the last write.
//
// Predicted: 255 additions a column at 17 instructions, nearly all of them for addresses; once a row.
__device__ inline void fold(double* columns, i64 count) {
    for (int level = 7; level >= 0; --level) {
        const i64 width = 1 << level;
        for (i64 at = threadIdx.x; at < count * width; at += blockDim.x) {
            double* lane = columns + (at >> level) * LANES + (at & (width - 1));
            *lane = __dadd_rn(lane[0], lane[width]);
        }
        __syncthreads();
    }
}

// Inner product from first to last with one rounding a term: one thread's work, a chain of `size` fused steps.
template <class Number>
__device__ double dot64(const Number* left, const Number* right, i64 size) {
    double total = 0.0;
    for (i64 i = 0; i < size; ++i) total = __fma_rn((double)left[i], (double)right[i], total);
    return total;
}

// Sums of `COUNT` terms over keys 0 .. n - 1 from first to last, as a loop over keys on the CPU adds them up. An order
// without a tree cannot be shared out, but what is expensive can: the threads make the terms of 256 keys, and then one
// thread a sum adds them in order. `terms(i, t)` writes the terms of key i; the totals are for all to read in the end.
//
// Predicted for the chain, per key: a load from shared memory and a dependent addition in float64, some 40 cycles, of
// which other blocks of the same multiprocessor take advantage.
template <int COUNT, class Terms>
__device__ void ordered_sums(i64 n, double* totals, Terms terms) {
    __shared__ double tile[COUNT][LANES + 1];  // one more, or all chains would read from one bank
    const int lane = threadIdx.x;
    double total = 0.0;
    for (i64 start = 0; start < n; start += LANES) {
        if (start + lane < n) {
            double own[COUNT];
            terms(start + lane, own);
#pragma unroll
            for (int i = 0; i < COUNT; ++i) tile[i][lane] = own[i];
        }
        __syncthreads();
        const int filled = (int)(n - start < LANES ? n - start : LANES);
        if (lane < COUNT)
            for (int i = 0; i < filled; ++i) total = __dadd_rn(total, tile[lane][i]);
        __syncthreads();
    }
    if (lane < COUNT) totals[lane] = total;
    __syncthreads();
}
