// Top-k sums of a stream of scores of which only those in a window are kept: simulations/window.py by the threads of a
// block, with its bits, or a part of it by each of several blocks.
//
// Thread i adds what the CPU adds in lane i of a part. The scores in the window are kept in whatever order the threads find them;
// what is made of them, a selection, counts and sums of integers, does not depend on it.
#pragma once

#include "radix_select.cuh"
#include "sums.cuh"

EXACT double level_weight(double sigma, double score) {
    return weight_of(__fma_rn(sigma, score, -__dmul_rn(BEYOND64, sigma)));
}

// The power of two that is next to exp(sigma low): weights below the window are relative to it.
EXACT double octaves_of(double sigma, double low) {
    return __dsub_rn(__fma_rn(__dmul_rn(sigma, LOG2E_64), low, ROUND64), ROUND64);
}

// Weights exp(sigma score) / 2^octaves as float32, within 2e-7, for scores of at most `low`.
struct Powers {
    float factor, rest, whole, smallest;

    EXACT Powers(double sigma, double low) {
        const double exact = __dmul_rn(sigma, LOG2E_64), octaves = octaves_of(sigma, low);
        factor = (float)exact;
        rest = (float)__dsub_rn(exact, (double)factor);
        whole = (float)__dsub_rn((double)ROUND32, octaves);
        smallest = (float)__ddiv_rn(__dsub_rn(octaves, SMALLEST64), exact);
    }

    EXACT float operator()(float score) const {
        score = score > smallest ? score : smallest;
        const float shifted = __fmaf_rn(score, factor, whole);
        const float f = __fmaf_rn(score, rest, __fmaf_rn(score, factor, -__fsub_rn(shifted, whole)));
        float p = __fmaf_rn(f, POWER_6, POWER_5);
        p = __fmaf_rn(f, p, POWER_4);
        p = __fmaf_rn(f, p, POWER_3);
        p = __fmaf_rn(f, p, POWER_2);
        p = __fmaf_rn(f, p, POWER_1);
        p = __fmaf_rn(f, p, POWER_0);
        return __uint_as_float(__float_as_uint(p) + (__float_as_uint(shifted) << EXPONENT_SHIFT32));
    }
};

// One pass over the normals first .. last - 1 at tag 0; `first` is a multiple of 1024. All 256 threads must come here. The
// four sums are the weights below and above the window, and the numbers of scores above and in it. The scores in it go
// into `kept`, as far as there is room, each to the next free place, which `filled` counts; blocks may share both.
//
// Predicted: the loop over calls takes 260 instructions for four scores below the window, 65 each, with one conversion
// to float64 and one addition there. A score above takes 38 more and one inside 36, of which an addition to `filled` is
// done once for all threads of a warp that are there: the compiler sees to that.
__device__ inline void part_of_tail(const Keys& there, u32 replicate, i64 first, i64 last, const double* plan, double* sums,
                                    double* kept, i64 room, u64* filled, double sigma) {
    __shared__ double columns[2 * LANES];
    __shared__ u64 larger, between;
    const Keys keys = there;
    const int lane = threadIdx.x;
    const float low = (float)plan[0], high = (float)plan[1];
    if (lane == 0) larger = between = 0;
    __syncthreads();
    const Powers power(sigma, (double)low);
    double under = 0.0, over = 0.0;
    u32 above = 0, inside = 0;  // enough for the 2^32 scores that a thread has of 2^40
    for (i64 call = first / 4 + lane; call * 4 < last; call += LANES) {
        float x[4], weights[4];
        normal_call(keys, (u64)call, 0u, replicate, x);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            x[i] = call * 4 + i < last ? x[i] : NO_SCORE32;
            weights[i] = x[i] < low ? power(x[i]) : NOTHING32;
        }
        const float pair = __fadd_rn(weights[0], weights[1]);
        under = __dadd_rn(under, (double)__fadd_rn(pair, __fadd_rn(weights[2], weights[3])));
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (x[i] < low || x[i] == NO_SCORE32) continue;
            if (x[i] > high) {
                over = __dadd_rn(over, level_weight(sigma, (double)x[i]));
                ++above;
            } else {
                const i64 at = (i64)atomicAdd(filled, (u64)1);
                if (at < room) kept[at] = (double)x[i];
                ++inside;
            }
        }
    }
    atomicAdd(&larger, (u64)above);
    atomicAdd(&between, (u64)inside);
    columns[lane] = under;
    columns[LANES + lane] = over;
    __syncthreads();
    fold(columns, 2);
    if (lane == 0) {
        sums[0] = columns[0];
        sums[1] = columns[LANES];
        sums[2] = (double)larger;
        sums[3] = (double)between;
    }
    __syncthreads();  // or the next pass would write what another thread still reads
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

// Write the share of the weights outside the k largest, or the plan of another pass, where a pass has one part; several
// are put together on the host, by simulations/window.py. `plan`, `sums` and `kept`, of which `stored` are there, are for
// all 256 threads to read; all must come here, and all get whether the k-th largest was found.
__device__ inline bool decide_tail(double* plan, const double* sums, const double* kept, i64 stored, double* out, i64 k,
                                   double sigma) {
    const i64 above = (i64)sums[2], inside = (i64)sums[3];
    u32 first = ordered_bits((float)plan[2]), last = ordered_bits((float)plan[3]);
    const u32 bottom = ordered_bits((float)plan[0]);
    u32 top = ordered_bits((float)plan[1]);
    __syncthreads();
    bool found = false;
    if (above >= k) {
        first = top + 1;
        top = last;
    } else if (above + inside < k) {
        last = bottom - 1;
        top = last;
    } else if (inside > stored && bottom < top) {
        first = bottom;
        last = top;
        top = first + ((last - first) >> 1);
    } else {
        found = true;
    }
    if (!found) {
        if (threadIdx.x == 0) {
            plan[0] = plan[2] = (double)from_ordered_bits(first);
            plan[1] = (double)from_ordered_bits(top);
            plan[3] = (double)from_ordered_bits(last);
        }
        return false;
    }
    const i64 chosen = bottom < top ? inside : 1;
    const double threshold = kth_largest(kept, chosen, bottom < top ? k - above : 1), largest = largest_of(kept, chosen);
    const Inside in = split(kept, chosen, sigma, threshold, largest);
    // Of the scores equal to the threshold so many are kept that they are k in all.
    const double tied = __ull2double_rn(mass_of(weight_of(__dmul_rn(sigma, __dsub_rn(threshold, largest)))).low);
    const double taken = (double)(k - above - (i64)in.larger);
    const double left = __dsub_rn((double)(inside - (i64)in.smaller - (i64)in.larger), taken);
    const double unit = __dmul_rn(level_weight(sigma, largest), UNIT_MASS64);
    const double below = weight_of(__fma_rn(octaves_of(sigma, plan[0]), LN2_HIGH64, -__dmul_rn(BEYOND64, sigma)));
    const double tail = __fma_rn(unit, __fma_rn(left, tied, as_float(in.less)), __dmul_rn(sums[0], below));
    const double head = __fma_rn(unit, __fma_rn(taken, tied, as_float(in.more)), sums[1]);
    if (threadIdx.x == 0) out[0] = __ddiv_rn(tail, __dadd_rn(tail, head));
    return true;
}
