// Exact arithmetic: line by line the functions of simulations/arithmetic.py and logarithm.py, which state their errors.
//
// IEEE 754 fixes the result of every operation used here. Sums and products go through intrinsics that the compiler may
// not contract, so that what is fused is what is written as fused; changing the order of two lines changes bits.
// Constants are not typed in again: simulations/cuda_source.py prints them from the Python tables as constants.cuh,
// under their Python names without the leading underscore (ATANH_3 is _ATANH[3]).
#pragma once

using u32 = unsigned int;
using u64 = unsigned long long;
using i32 = int;
using i64 = long long;

#include "constants.cuh"

#define EXACT __device__ __forceinline__

EXACT u64 bits_of(double x) { return (u64)__double_as_longlong(x); }
EXACT double double_of(u64 bits) { return __longlong_as_double((i64)bits); }

// Logarithm of x 2^-lifted: x positive, normal and finite.

EXACT float log_of_normal32(float x, i32 lifted) {
    const u32 shifted = __float_as_uint(x) - TWO_THIRDS_BITS32;
    const float e = (float)(((i32)shifted >> 23) - lifted);
    const float f = __fsub_rn(__uint_as_float((shifted & MANTISSA32) + TWO_THIRDS_BITS32), ONE32);
    const float z = __fmul_rn(f, f);
    float p = __fmaf_rn(z, __fmaf_rn(f, L7, L6), __fmaf_rn(f, L5, L4));
    p = __fmaf_rn(z, p, __fmaf_rn(f, L3, L2));
    p = __fmaf_rn(z, p, __fmaf_rn(f, L1, L0));
    p = __fmaf_rn(f, p, MINUS_HALF32);
    return __fmaf_rn(e, LN2_32, __fmaf_rn(z, p, f));
}

EXACT double log_of_normal64(double x, i32 lifted) {
    const u64 shifted = bits_of(x) - ROOT_HALF_BITS64;
    const double e = (double)((i32)((i64)shifted >> 52) - lifted);
    const double f = __dsub_rn(double_of((shifted & MANTISSA64) + ROOT_HALF_BITS64), 1.0);
    const double s = __ddiv_rn(f, __dadd_rn(2.0, f));
    const double z = __dmul_rn(s, s), z2 = __dmul_rn(z, z), z4 = __dmul_rn(z2, z2);
    const double low = __fma_rn(z2, __fma_rn(z, ATANH_4, ATANH_3), __fma_rn(z, ATANH_2, ATANH_1));
    const double high = __fma_rn(z2, __fma_rn(z, ATANH_8, ATANH_7), __fma_rn(z, ATANH_6, ATANH_5));
    const double p = __fma_rn(z4, __fma_rn(z4, __fma_rn(z, ATANH_10, ATANH_9), high), low);
    const double small = __fma_rn(-s, __fma_rn(-z, p, f), __dmul_rn(e, LN2_LOW64));
    return __fma_rn(e, LN2_HIGH64, __dadd_rn(f, small));
}

// Logarithm of any number: -inf at zero, NaN below it and of NaN.

EXACT float plog32(float x) {
    const bool tiny = x < SMALLEST_NORMAL32;
    const float y = log_of_normal32(tiny ? __fmul_rn(x, LIFT32) : x, tiny ? LIFTED32 : 0);
    const float infinity = __uint_as_float(INFINITY_BITS32);
    const float special = x == 0 ? -infinity : __uint_as_float(NAN_BITS32);
    return x > 0 ? (x < infinity ? y : x) : (x != x ? x : special);
}

EXACT double plog64(double x) {
    const bool tiny = x < SMALLEST_NORMAL64;
    const double y = log_of_normal64(tiny ? __dmul_rn(x, LIFT64) : x, tiny ? LIFTED64 : 0);
    const double infinity = double_of(INFINITY_BITS64);
    const double special = x == 0 ? -infinity : double_of(NAN_BITS64);
    return x > 0 ? (x < infinity ? y : x) : (x != x ? x : special);
}

// The correctly rounded root of 0 and of numbers from 2^-100 on: the steps of the compiler's own __fsqrt_rn for such
// numbers, which has a branch to the steps for all others. Only those steps make its bits: whether the last one rounds
// as it should depends on the instruction's very values of the reciprocal root, and not on how large their errors are.
#ifdef __CUDACC__  // another compiler is given a function of this name
EXACT float approximate_reciprocal_root(float x) {
    float y;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
#endif

EXACT float root32(float x) {
    const float r = approximate_reciprocal_root(fmaxf(x, SMALLEST_NORMAL32));
    const float y = __fmul_rn(x, r);
    return __fmaf_rn(__fmaf_rn(-y, y, x), __fmul_rn(-MINUS_HALF32, r), y);
}

// Radius of Box and Muller: sqrt(-2 ln u) from v = -2u.

EXACT float pradius32(float v) {
    const u32 bits = __float_as_uint(v);
    const u32 e = (bits - MINUS_FOUR_THIRDS_BITS32) & EXPONENT32;
    const float g = __fadd_rn(__uint_as_float(bits - e), TWO32);
    const float z = __fmul_rn(g, g);
    float p = __fmaf_rn(z, __fmaf_rn(g, R7, R6), __fmaf_rn(g, R5, R4));
    p = __fmaf_rn(z, p, __fmaf_rn(g, R3, R2));
    p = __fmaf_rn(z, p, __fmaf_rn(g, R1, R0));
    return root32(__fmaf_rn((float)(i32)e, MINUS_2LN2_32, __fmaf_rn(z, p, g)));
}

// Sine and cosine: float32 in the first quadrant, float64 of a whole turn.

EXACT void psincos32(u32 word, float& sine_out, float& cosine_out) {
    const float x = __fmul_rn((float)(i32)word, RADIANS32);
    const float z = __fmul_rn(x, x);
    float p = __fmaf_rn(z, S3, S2);
    p = __fmaf_rn(z, p, S1);
    const float sine = __fmul_rn(x, __fmaf_rn(z, p, S0));
    p = __fmaf_rn(z, C3, C2);
    p = __fmaf_rn(z, p, C1);
    const float cosine = __fmaf_rn(z, p, C0);
    sine_out = __fadd_rn(cosine, sine);
    cosine_out = __fsub_rn(cosine, sine);
}

EXACT void psincos64(u64 w, double& sine_out, double& cosine_out) {
    const u64 q = (w + EIGHTH64) >> QUARTER_SHIFT64;
    const i64 r = (i64)(w - (q << QUARTER_SHIFT64));
    const double high = (double)(i32)((r + HALF_WORD64) >> 32);
    const double low = (double)(i32)r;
    const double x = __fma_rn(high, RADIANS_HIGH64, __fma_rn(high, RADIANS_REST64, __dmul_rn(low, RADIANS_LOW64)));
    const double z = __dmul_rn(x, x), z2 = __dmul_rn(z, z), z4 = __dmul_rn(z2, z2);
    double p = __fma_rn(z2, __fma_rn(z, SIN_4, SIN_3), __fma_rn(z, SIN_2, SIN_1));
    p = __fma_rn(z4, __fma_rn(z2, __fma_rn(z, SIN_8, SIN_7), __fma_rn(z, SIN_6, SIN_5)), p);
    const u64 sine = bits_of(__fma_rn(__dmul_rn(x, z), p, x));
    p = __fma_rn(z2, __fma_rn(z, COS_4, COS_3), __fma_rn(z, COS_2, COS_1));
    p = __fma_rn(z4, __fma_rn(z2, __fma_rn(z, COS_8, COS_7), __fma_rn(z, COS_6, COS_5)), p);
    const u64 cosine = bits_of(__fma_rn(z, p, 1.0));
    const bool odd = (q & U1_64) != 0;
    sine_out = double_of((odd ? cosine : sine) ^ ((q << QUARTER_SHIFT64) & SIGN64));
    cosine_out = double_of((odd ? sine : cosine) ^ (((q + U1_64) << QUARTER_SHIFT64) & SIGN64));
}

// Exponential: +inf and 0 beyond the range, not-a-number stays what it is.

EXACT float scale32(float y, i32 k) {
    const i32 half = k >> 1;
    const float first = __uint_as_float((u32)(half + BIAS32) << 23);
    const float second = __uint_as_float((u32)(k - half + BIAS32) << 23);
    return __fmul_rn(__fmul_rn(y, first), second);
}

EXACT float pexp32(float x) {
    x = x > EXP_MAX32 ? EXP_MAX32 : x;
    x = x < EXP_MIN32 ? EXP_MIN32 : x;
    const float shifted = __fmaf_rn(x, LOG2E_32, ROUND32);
    const i32 k = (i32)(__float_as_uint(shifted) - ROUND_BITS32);
    const float whole = __fsub_rn(shifted, ROUND32);
    const float r = __fmaf_rn(whole, -LN2_REST32, __fmaf_rn(whole, -LN2_TOP32, x));
    float p = __fmaf_rn(r, E32_7, E32_6);
    p = __fmaf_rn(r, p, E32_5);
    p = __fmaf_rn(r, p, E32_4);
    p = __fmaf_rn(r, p, E32_3);
    p = __fmaf_rn(r, p, E32_2);
    return scale32(__fadd_rn(ONE32, __fmaf_rn(__fmul_rn(r, r), p, r)), k);
}

EXACT double scale64(double y, i64 k) {
    const i64 half = k >> 1;
    const double first = double_of((u64)(half + BIAS64) << 52);
    const double second = double_of((u64)(k - half + BIAS64) << 52);
    return __dmul_rn(__dmul_rn(y, first), second);
}

EXACT double pexp64(double x) {
    x = x > EXP_MAX64 ? EXP_MAX64 : x;
    x = x < EXP_MIN64 ? EXP_MIN64 : x;
    const double shifted = __fma_rn(x, LOG2E_64, ROUND64);
    const i64 k = (i64)(bits_of(shifted) - ROUND_BITS64);
    const double whole = __dsub_rn(shifted, ROUND64);
    const double r = __fma_rn(whole, -LN2_REST64, __fma_rn(whole, -LN2_TOP64, x));
    double p = __fma_rn(r, E64_13, E64_12);
    p = __fma_rn(r, p, E64_11);
    p = __fma_rn(r, p, E64_10);
    p = __fma_rn(r, p, E64_9);
    p = __fma_rn(r, p, E64_8);
    p = __fma_rn(r, p, E64_7);
    p = __fma_rn(r, p, E64_6);
    p = __fma_rn(r, p, E64_5);
    p = __fma_rn(r, p, E64_4);
    p = __fma_rn(r, p, E64_3);
    p = __fma_rn(r, p, E64_2);
    return scale64(__dadd_rn(1.0, __fma_rn(__dmul_rn(r, r), p, r)), k);
}
