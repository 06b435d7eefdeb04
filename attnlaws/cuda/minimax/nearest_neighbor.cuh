// The kernel of simulations/minimax/nearest_neighbor.py by the threads of a block, with its bits.
//
// Thread i has the keys that the CPU has in lane i; a least number is exact in any order.
#pragma once

#include "../replicate.cuh"

constexpr int MOST_AXES = 16;

EXACT float gap(float semi, u32 word, float query, float square) {
    const float one = __fmaf_rn(semi, (float)(i32)word, -query);
    return __fmaf_rn(one, one, square);
}

// Scratch: none. Predicted per key and four axes: 50 instructions of the generator, 4 conversions and 8 fused steps.
__device__ inline void neighbor(const Keys& there, u32 replicate, double*, double* out, i64 n, i64 axes, double alpha,
                                double kappa) {
    // Made here, before the loop, they take ten registers less than read from memory, and no instruction more.
    const Keys keys = round_keys(there.first[0], there.second[0]);
    __shared__ float semi[MOST_AXES], query[MOST_AXES];
    const int lane = threadIdx.x, groups = (int)((axes + 3) / 4);
    if (lane < MOST_AXES) {
        const double power = pexp64(__dmul_rn(alpha, plog64((double)(lane + 1))));
        const float full = __fmul_rn((float)pexp64(__dmul_rn(-kappa, power)), 0x1p-31f);
        semi[lane] = lane < axes ? full : 0.0f;
    }
    __syncthreads();
    if (lane < groups) {
        const Words w = philox_call(keys, (u64)lane, 0u, replicate);
        query[4 * lane] = __fmul_rn(semi[4 * lane], (float)(i32)w.a);
        query[4 * lane + 1] = __fmul_rn(semi[4 * lane + 1], (float)(i32)w.b);
        query[4 * lane + 2] = __fmul_rn(semi[4 * lane + 2], (float)(i32)w.c);
        query[4 * lane + 3] = __fmul_rn(semi[4 * lane + 3], (float)(i32)w.d);
    }
    __syncthreads();
    double best = double_of(0x7ff0000000000000ull);
    for (i64 first = 0; first + lane < n; first += LANES) {
        float square = 0.0f;
#pragma unroll 1
        for (int g = 0; g < groups; ++g) {
            const u64 call = (u64)(LANES + first * groups + (i64)LANES * g + lane);
            const Words w = philox_call(keys, call, 0u, replicate);
            square = gap(semi[4 * g], w.a, query[4 * g], square);
            square = gap(semi[4 * g + 1], w.b, query[4 * g + 1], square);
            square = gap(semi[4 * g + 2], w.c, query[4 * g + 2], square);
            square = gap(semi[4 * g + 3], w.d, query[4 * g + 3], square);
        }
        best = (double)square < best ? (double)square : best;
    }
    const double nearest = -largest_of_all(-best);
    if (lane == 0) out[0] = nearest;
}
