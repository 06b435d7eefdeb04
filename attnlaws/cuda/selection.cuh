// Largest, and selection by rank, by the threads of a block. The value is exact, so it does not matter that the CPU
// finds it in another way (simulations/selection.py).
#pragma once

#include "arithmetic.cuh"

// Bits in the order of the numbers that they stand for.
EXACT u64 ordered_bits(double x) {
    const u64 bits = bits_of(x);
    return bits ^ ((bits >> 63) ? ~0ull : 1ull << 63);
}

EXACT double from_ordered_bits(u64 bits) { return double_of(bits ^ ((bits >> 63) ? 1ull << 63 : ~0ull)); }

// The largest of the numbers that the threads of a block have, none of them NaN; all 256 must come here and all get it.
__device__ inline double largest_of_all(double own) {
    __shared__ double lanes[256];
    lanes[threadIdx.x] = own;
    __syncthreads();
    for (u32 width = 128; width > 0; width >>= 1) {
        if (threadIdx.x < width) {
            const double other = lanes[threadIdx.x + width];
            lanes[threadIdx.x] = other > lanes[threadIdx.x] ? other : lanes[threadIdx.x];
        }
        __syncthreads();
    }
    const double value = lanes[0];
    __syncthreads();  // or the next call would write what another thread still reads
    return value;
}

// The largest of n numbers, none of them NaN.
__device__ inline double largest_of(const double* values, i64 n) {
    double own = values[0];
    for (i64 i = threadIdx.x; i < n; i += blockDim.x) own = values[i] > own ? values[i] : own;
    return largest_of_all(own);
}

// The k-th largest of n numbers (k from 1), none of them NaN, by its bytes from the highest down: 8 passes over the
// values, each a histogram of one byte among those that agree in the bytes before. All 256 threads must come here,
// after a barrier behind the last write to `values`, and all get the number.
//
// Predicted per value and pass: 27 instructions, a load and, where the value still agrees, an addition in shared memory
// among them; which thread adds first does not matter to a count.
__device__ inline double kth_largest(const double* values, i64 n, i64 k) {
    __shared__ u32 histogram[256];
    __shared__ u64 found;
    __shared__ i64 rank;
    const u32 digit = threadIdx.x;
    if (digit == 0) {
        found = 0;
        rank = k;
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        histogram[digit] = 0;
        __syncthreads();
        const u64 known = found;
        const i64 wanted = rank;
        for (i64 i = digit; i < n; i += blockDim.x) {
            const u64 bits = ordered_bits(values[i]);
            // In two steps, because a shift by 64 is undefined.
            if (((bits ^ known) >> shift) >> 8 == 0) atomicAdd(&histogram[(bits >> shift) & 255], 1u);
        }
        __syncthreads();
        i64 larger = 0;
        for (u32 other = digit + 1; other < 256; ++other) larger += histogram[other];
        if (larger < wanted && wanted <= larger + histogram[digit]) {
            found = known | ((u64)digit << shift);
            rank = wanted - larger;
        }
        __syncthreads();
    }
    const double value = from_ordered_bits(found);
    __syncthreads();  // or the first thread of the next selection would reset what another still reads
    return value;
}
