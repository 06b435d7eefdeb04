// Random streams by address: line by line the functions of simulations/lanes.py; simulations/stream.py says what an
// address is and what a call gives.
//
// One thread is one lane. What the CPU refines for a whole block of 256 calls, a lane refines for itself, with the same
// bits: a word that is not tiny has one value whether its neighbors are refined or not.
#pragma once

#include "arithmetic.cuh"
#include "fast.cuh"

struct Words {
    u32 a, b, c, d;
};

// Predicted per call of four words (NVRTC 13.0, sm_90): 60 instructions, 20 of them wide multiplications
// (IMAD.WIDE.U32), 20 three-input xors (LOP3) and 18 additions of the key schedule. In a loop these last go to the
// uniform unit, because all threads have the same key; they still take an issue slot each.
template <int UNROLLED = 10>
EXACT Words philox(u32 c0, u32 c1, u32 c2, u32 c3, u32 k0, u32 k1) {
#pragma unroll UNROLLED
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

template <int UNROLLED = 10>
EXACT Words philox_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate) {
    return philox<UNROLLED>((u32)call, (u32)(call >> 32), tag, replicate, k0, k1);
}

EXACT float uniform32(u32 a) { return __fmaf_rn((float)(i32)(a & LOW31), UNIT, HALF_UNIT); }

EXACT float refined32(u32 a, u32 e) {
    const float rest = __fmaf_rn(__uint2float_rn(e), -0x1p-62f, -0x1p-63f);
    return __fmaf_rn((float)(i32)(a & LOW31), UNIT, rest);
}

// Predicted per pair with its uniform: 56 instructions, of which 18 fused steps, 9 other float32 operations, 3
// conversions, 4 logical ones, and the correctly rounded root: a reciprocal root, four corrections and a branch that is
// taken for tiny radii only. Fast: 16, of which 6
// float32 operations, 4 logical ones, 2 conversions, and 4 of the special-function unit.
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

EXACT void normal_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate, float* n) {
    const Words w = philox_call(k0, k1, call, tag, replicate);
    float u = uniform32(w.a), v = uniform32(w.c);
    const u32 first = w.a & LOW31, second = w.c & LOW31;
    if ((first < second ? first : second) < TINY) {
        // One call in 4 million: rounds in a loop take no registers from the calls that need none of this.
        const Words more = philox_call<1>(k0, k1, call, tag ^ (u32)REFINE, replicate);
        u = first < TINY ? refined32(w.a, more.a) : u;
        v = second < TINY ? refined32(w.c, more.c) : v;
    }
    pair32(u, w.a, w.b, n);
    pair32(v, w.c, w.d, n + 2);
}

EXACT void normal_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate, double* n) {
    const Words w = philox_call(k0, k1, call, tag, replicate);
    pair64(w.a | ((u64)w.b << 32), w.c | ((u64)w.d << 32), n);
}

// One call's part of an inner product: the fused steps of dot_lanes32 and dot_lanes64.
EXACT float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
EXACT double fused(double a, double b, double c) { return __fma_rn(a, b, c); }

template <class Number>
EXACT Number dot_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate, const Number* q, Number s) {
    Number n[WIDTH<Number>];
    normal_call(k0, k1, call, tag, replicate, n);
#pragma unroll
    for (int i = 0; i < WIDTH<Number>; ++i) s = fused(q[i], n[i], s);
    return s;
}

// One call's part of a squared norm, of which `left` components remain: the fused steps of square_lanes32 and
// square_lanes64.
template <class Number>
EXACT Number square_call(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate, u32 left, Number s) {
    Number n[WIDTH<Number>];
    normal_call(k0, k1, call, tag, replicate, n);
#pragma unroll
    for (int i = 0; i < WIDTH<Number>; ++i)
        if (i < left) s = fused(n[i], n[i], s);
    return s;
}

// The threads of a block fill an array together: element j is normal j % W of call j // W.
template <class Number>
__device__ void fill_normals(u32 k0, u32 k1, u32 replicate, u32 tag, Number* out, i64 count) {
    constexpr int width = WIDTH<Number>;
    for (i64 call = threadIdx.x; call * width < count; call += blockDim.x) {
        Number n[width];
        normal_call(k0, k1, (u64)call, tag, replicate, n);
#pragma unroll
        for (int i = 0; i < width; ++i)
            if (call * width + i < count) out[call * width + i] = n[i];
    }
}
