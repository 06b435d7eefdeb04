// Self-contained replicates, one per thread block, for experiments whose kernel has a .cuh of the same stem.
#pragma once

#include "selection.cuh"
#include "stream.cuh"
#include "sums.cuh"

// Scratch starts as NaN, as on the CPU: an element read before it was written spoils the result instead of passing.
__device__ inline void poison(double* scratch, i64 size) {
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) scratch[i] = double_of(0x7ff8000000000000ull);
    __syncthreads();
}

// Replicates first .. first + count - 1; `kernel(replicate, scratch, out)` is the work of a whole block on one of them.
template <class Kernel>
__device__ void each_replicate(u64 first, u64 count, double* scratch, u64 space, double* out, int outputs,
                               Kernel kernel) {
    double* own = scratch + blockIdx.x * space;
    for (u64 at = blockIdx.x; at < count; at += gridDim.x) {
        poison(own, (i64)space);
        kernel((u32)(first + at), own, out + at * outputs);
        __syncthreads();
    }
}
