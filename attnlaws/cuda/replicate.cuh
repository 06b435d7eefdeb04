// Self-contained replicates, one per thread block, for experiments whose kernel has a .cuh of the same stem; or one that
// is long, of which the thread blocks share the parts.
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

// The same for replicates that are drawn in passes of one part: `part(replicate, first, last, plan, sums, kept, filled)`
// and `decide(plan, sums, kept, stored, out)` are the work of a whole block; the scratch is for what is kept.
template <int PLAN, int SUMS, class Part, class Decide>
__device__ void each_in_passes(u64 first, u64 count, double* scratch, u64 space, double* out, int outputs, i64 draws,
                               const double* begin, Part part, Decide decide) {
    __shared__ double plan[PLAN], sums[SUMS];
    __shared__ u64 filled;
    each_replicate(first, count, scratch, space, out, outputs, [&](u32 replicate, double* kept, double* values) {
        if (threadIdx.x < PLAN) plan[threadIdx.x] = begin[threadIdx.x];
        bool found = false;
        while (!found) {
            if (threadIdx.x == 0) filled = 0;
            __syncthreads();
            part(replicate, (i64)0, draws, plan, sums, kept, &filled);
            __syncthreads();
            found = decide(plan, sums, kept, (i64)(filled < space ? filled : space), values);
            __syncthreads();
        }
    });
}

// One pass over `parts` parts of `size` draws each, the last one short; `part(first, last, sums)` is the work of a whole
// block on one of them.
template <class Part>
__device__ void each_part(u64 parts, i64 size, i64 draws, double* sums, int width, Part part) {
    for (u64 at = blockIdx.x; at < parts; at += gridDim.x) {
        const i64 first = (i64)at * size;
        part(first, draws - first < size ? draws : first + size, sums + at * width);
        __syncthreads();
    }
}
