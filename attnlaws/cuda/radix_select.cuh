// How many of the largest weights it takes to lose at most a part of their sum, by the threads of a block.
//
// The answer of simulations/radix.py and of selection.py is a count that follows from integers: which digits, and how
// many at a time, does not matter. Here a digit is a byte, so that each of the 256 threads has one.
#pragma once

#include "masses.cuh"
#include "selection.cuh"
#include "stream.cuh"

EXACT u32 ordered_bits(float x) {
    const u32 bits = __float_as_uint(x);
    return bits ^ ((bits >> 31) ? ~0u : SIGN);
}

EXACT float from_ordered_bits(u32 bits) { return __uint_as_float(bits ^ ((bits >> 31) ? SIGN : ~0u)); }

// This thread's part of the normals 0 .. n - 1 at tag 0, one after the other: body(score).
template <class Body>
EXACT void each_score(const Keys& there, u32 replicate, i64 n, Body body) {
    const Keys keys = there;
    for (i64 call = threadIdx.x; call * 4 < n; call += LANES) {
        float x[4];
        normal_call(keys, (u64)call, 0u, replicate, x);
#pragma unroll
        for (int i = 0; i < 4; ++i)
            if (call * 4 + i < n) body(x[i]);
    }
}

// How many entries are lost, the smallest ones first. `entries.each(body)` calls body(key, weight) for this thread's part
// of them, and `entries(key)` is the weight of a key; a larger key has no smaller weight, and the largest weight is 1.
// All 256 threads must come here, after a barrier behind the last write to the entries, and all get the number.
//
// Predicted per entry and pass, in a stream: 150 instructions, of which 107 are for its weight and the histogram; an
// addition of 64 bits in shared memory is a loop of 7 until no other thread is in its way.
template <class Key, class Entries>
__device__ inline i64 lost_of(const Entries& entries, double eps) {
    __shared__ u64 counts[256];
    __shared__ Mass masses[256];
    __shared__ Mass bound, below;
    __shared__ u64 found;
    __shared__ i64 lost;
    const u32 digit = threadIdx.x;
    if (digit == 0) {
        found = 0;
        lost = 0;
        below = {0, 0};
    }
#pragma unroll 1
    for (int shift = 8 * sizeof(Key) - 8; shift >= 0; shift -= 8) {
        counts[digit] = 0;
        masses[digit] = {0, 0};
        __syncthreads();
        const Key known = (Key)found;
        entries.each([&](Key key, double weight) {
            // In two steps, because a shift by all bits is undefined.
            if (((key ^ known) >> shift) >> 8 != 0) return;
            atomicAdd(&counts[(key >> shift) & 255], (u64)1);
            add_shared(&masses[(key >> shift) & 255], mass_of(weight));
        });
        __syncthreads();
        if (digit == 0) {
            if (shift == 8 * sizeof(Key) - 8) {
                Mass whole = {0, 0};
                for (int i = 0; i < 256; ++i) whole = added(whole, masses[i]);
                bound = allowed_of(whole, eps);
            }
            int at = 0;
            for (; at < 255; ++at) {
                const Mass more = added(below, masses[at]);
                if (!at_most(more, bound)) break;
                below = more;
                lost += (i64)counts[at];
            }
            found = known | ((Key)at << shift);
        }
        __syncthreads();
    }
    // The entries that are left are equal, and as many of them are lost as may be.
    if (digit == 0) {
        const Mass one = mass_of(entries((Key)found));
        for (Mass more = added(below, one); at_most(more, bound); more = added(more, one)) ++lost;
    }
    __syncthreads();
    const i64 answer = lost;
    __syncthreads();  // or the first thread of the next selection would reset what another still reads
    return answer;
}

// The largest of the normals 0 .. n - 1 at tag 0.
__device__ inline double largest_of_stream(const Keys& keys, u32 replicate, i64 n) {
    float own = -BEYOND32;
    each_score(keys, replicate, n, [&](float x) { own = x > own ? x : own; });
    return largest_of_all((double)own);
}

// Entries and their weights as lost_of asks for them; NVRTC takes no generic lambda.
struct StreamOfWeights {
    const Keys& keys;
    u32 replicate;
    i64 n;
    double sigma, largest;

    EXACT double weight(float x) const { return weight_of(__dmul_rn(sigma, __dsub_rn((double)x, largest))); }
    EXACT double operator()(u32 key) const { return weight(from_ordered_bits(key)); }

    template <class Body>
    EXACT void each(Body body) const {
        each_score(keys, replicate, n, [&](float x) { body(ordered_bits(x), weight(x)); });
    }
};

struct StoredWeights {
    const double* weights;
    i64 n;

    EXACT double operator()(u64 key) const { return from_ordered_bits(key); }

    template <class Body>
    EXACT void each(Body body) const {
        for (i64 i = threadIdx.x; i < n; i += LANES) body(ordered_bits(weights[i]), weights[i]);
    }
};

// How many of the largest weights exp(sigma score) of the normals 0 .. n - 1 at tag 0 are kept.
//
// Predicted per score: 41 instructions in the pass for the largest, and four passes of lost_of.
__device__ inline i64 kept_of_stream(const Keys& keys, u32 replicate, i64 n, double sigma, double eps) {
    const StreamOfWeights entries = {keys, replicate, n, sigma, largest_of_stream(keys, replicate, n)};
    return n - lost_of<u32>(entries, eps);
}

// The same for n weights that are stored, in any order.
__device__ inline i64 kept_of_weights(const double* weights, i64 n, double eps) {
    return n - lost_of<u64>(StoredWeights{weights, n}, eps);
}
