// Fast arithmetic: an NVIDIA GPU's approximate functions in the place of the exact ones, for float32 experiments.
//
// The words and the addresses are those of the exact arithmetic, so every normal is the exact one up to an error that
// follows from what NVIDIA documents of its instructions (u is the uniform, r the radius of a pair):
//
//     logarithm    2^-22 of log2(2u), absolute for 2u in [1/2, 2], relative elsewhere: E = 2^-22 2 ln 2 of r^2
//     root         2^-23, relative
//     sine, cosine 2^-20.5, absolute (PTX; the programming guide has 2^-21.2 for __sinf and __cosf), and 2^-24 of the angle
//     and the exact ones have errors of 1.13 ulp (radius) and 2.4 2^-24 (sine, cosine)
//
//     |fast - exact| <= 1.5e-6 r + min(6e-4, 3.4e-7 / r)
//
// The second term is the logarithm near u = 1, where r^2 is small and keeps its absolute error E: r is then off by E / r,
// and by no more than sqrt(E). The bound is below 1e-5 for 0.04 < r < 6.6; one pair in 1250 has a smaller radius.
// tests/kernels/test_fast.py holds the text to it, with functions that err by as much as is documented.
#pragma once

#include "arithmetic.cuh"

// Subnormal numbers count as zero (ftz), which saves each function a case distinction.
#ifdef __CUDACC__  // another compiler is given functions of these names
#define HARDWARE(name, instruction) \
    EXACT float name(float x) { \
        float y; \
        asm(instruction ".approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); \
        return y; \
    }
HARDWARE(approximate_log2, "lg2")
HARDWARE(approximate_exp2, "ex2")
HARDWARE(approximate_sqrt, "sqrt")
HARDWARE(approximate_sine, "sin")
HARDWARE(approximate_cosine, "cos")
HARDWARE(approximate_reciprocal, "rcp")
#undef HARDWARE
#endif

// sqrt(-2 ln u) from v = -2u: r^2 = 2 ln 2 (1 - log2(2u)). An error of the logarithm can make that negative where u is
// 1; its sign is dropped, for nothing, because the root takes the absolute value of its argument.
EXACT float fast_radius(float v) {
    return approximate_sqrt(fabsf(__fmaf_rn(approximate_log2(-v), -2.0f * LN2_32, 2.0f * LN2_32)));
}

// As psincos32: the angle pi/4 + (pi/2) word / 2^32.
EXACT void fast_sincos(u32 word, float& sine, float& cosine) {
    const float angle = __fmaf_rn((float)(i32)word, RADIANS32, RADIANS32 * 0x1p31f);
    sine = approximate_sine(angle);
    cosine = approximate_cosine(angle);
}

// Functions of an item, by the names that simulations/emit.py prints.
EXACT float fast_exp(float x) { return approximate_exp2(x * LOG2E_32); }
EXACT float fast_sqrt(float x) { return approximate_sqrt(x); }
EXACT float fast_div(float a, float b) { return a * approximate_reciprocal(b); }
