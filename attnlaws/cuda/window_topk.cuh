// Top-k sums of a stream of scores of which only those in a window are kept: simulations/window.py by the threads of a
// block, with its bits.
//
// Thread i adds what the CPU adds in lane i. The scores in the window are kept in whatever order the threads find them;
// what is made of them, a selection, counts and sums of integers, does not depend on it.
#pragma once

#include "radix_select.cuh"
#include "sums.cuh"

EXACT double level_weight(double sigma, double score) {
    return weight_of(__fma_rn(sigma, score, -__dmul_rn(BEYOND64, sigma)));
}

struct Pass {
    double under, over;  // weights below and above the window
    i64 above, inside;   // scores above and in it
};

// One pass over the normals 0 .. n - 1 at tag 0. All 256 threads must come here and all get the sums; `kept` holds the
// scores from low to high, as far as there is room, for all to read.
//
// Predicted: the loop over calls has 578 instructions for four scores, of which a score takes 145 at most: 226 for the
// call, with the refinement that is rarely taken, and for each score 62 for its weight, comparisons and additions and 26
// to keep it, which few scores come to.
__device__ inline Pass window_pass(u32 k0, u32 k1, u32 replicate, i64 n, double sigma, float low, float high,
                                   double* kept, i64 room) {
    __shared__ double columns[2 * LANES];
    __shared__ u64 larger, between;
    const int lane = threadIdx.x;
    if (lane == 0) larger = between = 0;
    __syncthreads();
    double under = 0.0, over = 0.0;
    u32 own = 0;  // enough for the 2^32 scores that a thread has of 2^40
    each_score(k0, k1, replicate, n, [&](float x) {
        const double weight = level_weight(sigma, (double)x);
        under = __dadd_rn(under, x < low ? weight : 0.0);
        over = __dadd_rn(over, x > high ? weight : 0.0);
        own += x > high;
        if (low <= x && x <= high) {
            const i64 at = (i64)atomicAdd(&between, (u64)1);
            if (at < room) kept[at] = (double)x;
        }
    });
    atomicAdd(&larger, (u64)own);
    columns[lane] = under;
    columns[LANES + lane] = over;
    __syncthreads();
    fold(columns, 2);
    const Pass found = {columns[0], columns[LANES], (i64)larger, (i64)between};
    __syncthreads();  // or the next pass would write what another thread still reads
    return found;
}

// What is in the window below and above the k-th largest.
struct Inside {
    Mass less, more;
    u64 smaller, larger;
};

__device__ inline Inside split(const double* kept, i64 stored, double sigma, double threshold, double largest) {
    __shared__ Inside sums;
    if (threadIdx.x == 0) sums = {{0, 0}, {0, 0}, 0, 0};
    __syncthreads();
    for (i64 i = threadIdx.x; i < stored; i += LANES) {
        const Mass mass = mass_of(weight_of(__dmul_rn(sigma, __dsub_rn(kept[i], largest))));
        if (kept[i] < threshold) {
            add_shared(&sums.less, mass);
            atomicAdd(&sums.smaller, (u64)1);
        } else if (kept[i] > threshold) {
            add_shared(&sums.more, mass);
            atomicAdd(&sums.larger, (u64)1);
        }
    }
    __syncthreads();
    const Inside found = sums;
    __syncthreads();
    return found;
}

// The share of the weights exp(sigma score) outside the k largest of the normals 0 .. n - 1 at tag 0.
__device__ inline double tail_of_stream(u32 k0, u32 k1, u32 replicate, double* kept, i64 room, i64 n, i64 k,
                                        double sigma, double level, double upper) {
    float low = (float)level, high = (float)upper;
    // The k-th largest is one of the numbers with the ordered bits first .. last.
    u32 first = ordered_bits(-BEYOND32), last = ordered_bits(BEYOND32);
    Pass pass;
    while (true) {
        pass = window_pass(k0, k1, replicate, n, sigma, low, high, kept, room);
        const u32 bottom = ordered_bits(low);
        u32 top = ordered_bits(high);
        if (pass.above >= k) {
            first = top + 1;
            top = last;
        } else if (pass.above + pass.inside < k) {
            last = bottom - 1;
            top = last;
        } else if (pass.inside > room && low < high) {
            first = bottom;
            last = top;
            top = first + ((last - first) >> 1);
        } else {
            break;
        }
        low = from_ordered_bits(first);
        high = from_ordered_bits(top);
    }
    const i64 stored = low < high ? pass.inside : 1;
    const double threshold = kth_largest(kept, stored, k - pass.above), largest = largest_of(kept, stored);
    const Inside in = split(kept, stored, sigma, threshold, largest);
    // Of the scores equal to the threshold so many are kept that they are k in all.
    const double tied = __ull2double_rn(mass_of(weight_of(__dmul_rn(sigma, __dsub_rn(threshold, largest)))).low);
    const double taken = (double)(k - pass.above - (i64)in.larger);
    const double left = __dsub_rn((double)(pass.inside - (i64)in.smaller - (i64)in.larger), taken);
    const double unit = __dmul_rn(level_weight(sigma, largest), UNIT_MASS64);
    const double tail = __fma_rn(unit, __fma_rn(left, tied, as_float(in.less)), pass.under);
    const double head = __fma_rn(unit, __fma_rn(taken, tied, as_float(in.more)), pass.over);
    return __ddiv_rn(tail, __dadd_rn(tail, head));
}
