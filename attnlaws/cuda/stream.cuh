// Random streams by address: line by line the functions of simulations/philox.py and lanes.py; simulations/stream.py says
// what an address is and what a call gives.
//
// One thread is one lane. What the CPU refines for a whole block of 256 calls, a lane refines for itself, with the same
// bits: a word that is not tiny has one value whether its neighbors are refined or not.
#pragma once

#include "arithmetic.cuh"
#include "fast.cuh"

struct Words {
    u32 a, b, c, d;
};

// The keys of the ten rounds. Read from memory before a loop they stay in registers; made from the first ones, they would
// be made anew in every call, by 18 additions, and as a kernel's parameters be loaded anew, because the compiler saves
// registers.
struct Keys {
    u32 first[10], second[10];
};

EXACT Keys round_keys(u32 k0, u32 k1) {
    Keys keys;
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        keys.first[round] = k0 + (u32)round * (u32)W0;
        keys.second[round] = k1 + (u32)round * (u32)W1;
    }
    return keys;
}

// Predicted per call of four words: 20 wide multiplications (IMAD.WIDE.U32) and 20 three-input xors (LOP3), less what is
// the same in all turns of a loop. What the CPU keeps of the first two rounds for all tags of a call saves one more
// product here, and costs as many moves.
EXACT Words philox_call(const Keys& keys, u64 call, u32 tag, u32 replicate) {
    u32 c0 = (u32)call, c1 = (u32)(call >> 32), c2 = tag, c3 = replicate;
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        const u64 p0 = M0 * c0, p1 = M1 * c2;
        c0 = (u32)(p1 >> 32) ^ c1 ^ keys.first[round];
        c2 = (u32)(p0 >> 32) ^ c3 ^ keys.second[round];
        c1 = (u32)p1;
        c3 = (u32)p0;
    }
    return {c0, c1, c2, c3};
}

// The same in a loop, for calls that are rare: it takes no registers from the others.
EXACT Words rare_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate) {
    u32 c0 = (u32)call, c1 = (u32)(call >> 32), c2 = tag, c3 = replicate;
#pragma unroll 1
    for (int round = 0; round < 10; ++round) {
        const u64 p0 = M0 * c0, p1 = M1 * c2;
        c0 = (u32)(p1 >> 32) ^ c1 ^ k0;
        c2 = (u32)(p0 >> 32) ^ c3 ^ k1;
        c1 = (u32)p1;
        c3 = (u32)p0;
        k0 += (u32)W0;
        k1 += (u32)W1;
    }
    return {c0, c1, c2, c3};
}

EXACT float uniform32(u32 a) { return __fmaf_rn((float)(i32)(a & LOW31), UNIT, HALF_UNIT); }

EXACT float refined32(u32 a, u32 e) {
    const float rest = __fmaf_rn(__uint2float_rn(e), -0x1p-62f, -0x1p-63f);
    return __fmaf_rn((float)(i32)(a & LOW31), UNIT, rest);
}

// Predicted per pair with its uniform (NVRTC 13.0, sm_90): 43 instructions, of which 20 fused steps, 13 other float32
// operations and 3 conversions; the rest are logical ones, and constants. Fast: 16, of which 6 float32 operations, 4
// logical ones, 2 conversions, and 4 of the special-function unit.
EXACT void pair32(float v, u32 a, u32 b, float* n) {
    const u32 radius = __float_as_uint(FAST ? fast_radius(v) : pradius32(v));
    float sine, cosine;
    FAST ? fast_sincos(b, sine, cosine) : psincos32(b, sine, cosine);
    n[0] = __fmul_rn(__uint_as_float(radius ^ (a & SIGN)), cosine);
    n[1] = __fmul_rn(__uint_as_float(radius ^ (b << 31)), sine);
}

// Predicted per pair: 175 instructions, 62 of them float64 (43 fused), a division and a root among them; most others
// load constants, which do not fit into a float64 instruction.
EXACT void pair64(u64 radius_word, u64 angle, double* n) {
    const double u = __fma_rn(__ull2double_rn(radius_word), 0x1p-64, 0x1p-65);
    const double radius = __dsqrt_rn(__dmul_rn(-2.0, log_of_normal64(u, 0)));
    double sine, cosine;
    psincos64(angle, sine, cosine);
    n[0] = __dmul_rn(radius, cosine);
    n[1] = __dmul_rn(radius, sine);
}

// How many normals a call gives, and the normals, by type.
template <class Number>
constexpr int WIDTH = sizeof(Number) == 4 ? 4 : 2;

EXACT void normal_call(const Keys& keys, u64 call, u32 tag, u32 replicate, float* n) {
    const Words w = philox_call(keys, call, tag, replicate);
    float u = uniform32(w.a), v = uniform32(w.c);
    const u32 first = w.a & LOW31, second = w.c & LOW31;
    if ((first < second ? first : second) < TINY) {
        // One call in 4 million.
        const Words more = rare_call(keys.first[0], keys.second[0], call, tag ^ (u32)REFINE, replicate);
        u = first < TINY ? refined32(w.a, more.a) : u;
        v = second < TINY ? refined32(w.c, more.c) : v;
    }
    pair32(u, w.a, w.b, n);
    pair32(v, w.c, w.d, n + 2);
}

EXACT void normal_call(const Keys& keys, u64 call, u32 tag, u32 replicate, double* n) {
    const Words w = philox_call(keys, call, tag, replicate);
    pair64(w.a | ((u64)w.b << 32), w.c | ((u64)w.d << 32), n);
}

// One call's part of an inner product: the fused steps of dot_lanes32 and dot_lanes64.
EXACT float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
EXACT double fused(double a, double b, double c) { return __fma_rn(a, b, c); }

// What a call's normals are multiplied with: loaded at once, from a multiple of 16 bytes.
template <class Number>
struct alignas(16) Factors {
    Number of[WIDTH<Number>];
};

template <class Number>
EXACT Number dot_call(const Keys& keys, u64 call, u32 tag, u32 replicate, const Factors<Number>& q, Number s) {
    Number n[WIDTH<Number>];
    normal_call(keys, call, tag, replicate, n);
    const Factors<Number> factors = q;
#pragma unroll
    for (int i = 0; i < WIDTH<Number>; ++i) s = fused(factors.of[i], n[i], s);
    return s;
}

// One call's part of a squared norm, of which `left` components remain: the fused steps of square_lanes32 and
// square_lanes64.
template <class Number>
EXACT Number square_call(const Keys& keys, u64 call, u32 tag, u32 replicate, i32 left, Number s) {
    Number n[WIDTH<Number>];
    normal_call(keys, call, tag, replicate, n);
#pragma unroll
    for (int i = 0; i < WIDTH<Number>; ++i)
        if (i < left) s = fused(n[i], n[i], s);
    return s;
}

// The threads of a block fill an array together: element j is normal j % W of call j // W.
template <class Number>
__device__ void fill_normals(const Keys& there, u32 replicate, u32 tag, Number* out, i64 count) {
    const Keys keys = there;  // or they would be read again after every number that is written
    constexpr int width = WIDTH<Number>;
    for (i64 call = threadIdx.x; call * width < count; call += blockDim.x) {
        Number n[width];
        normal_call(keys, (u64)call, tag, replicate, n);
#pragma unroll
        for (int i = 0; i < width; ++i)
            if (call * width + i < count) out[call * width + i] = n[i];
    }
}
