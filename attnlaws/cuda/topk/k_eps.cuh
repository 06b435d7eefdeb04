// The kernels of simulations/topk/k_eps.py by the threads of a block, with their bits.
#pragma once

#include "../radix_select.cuh"
#include "../replicate.cuh"

// Scratch: the n weights.
// Predicted per score: 116 instructions for the normal, 47 for the weight, and 8 passes of the selection at 62 or less.
__device__ inline void k_eps(const Keys& keys, u32 replicate, double* scratch, double* out, i64 n, double sigma,
                             double eps) {
    double* weights = scratch;
    fill_normals(keys, replicate, 0u, weights, n);
    __syncthreads();
    const double largest = largest_of(weights, n);
    for (i64 i = threadIdx.x; i < n; i += LANES)
        weights[i] = pexp64(__dmul_rn(sigma, __dsub_rn(weights[i], largest)));
    __syncthreads();
    const i64 kept = kept_of_weights(weights, n, eps);
    if (threadIdx.x == 0) out[0] = __ddiv_rn((double)kept, (double)n);
}

// Nothing is stored.
__device__ inline void radix(const Keys& keys, u32 replicate, double*, double* out, i64 n, double sigma, double eps) {
    const i64 kept = kept_of_stream(keys, replicate, n, sigma, eps);
    if (threadIdx.x == 0) out[0] = __ddiv_rn((double)kept, (double)n);
}
