// Weights of scores, and sums of weights that are the same in any order: line by line simulations/masses.py.
#pragma once

#include "arithmetic.cuh"

// exp(x) for x from -700 to 0, within 3e-10: 11 fused steps, where pexp64 takes 15 and scales twice.
EXACT double weight_of(double x) {
    x = x < FLOOR64 ? FLOOR64 : x;
    const double shifted = __fma_rn(x, LOG2E_64, ROUND64);
    const double r = __fma_rn(__dsub_rn(shifted, ROUND64), -LN2_HIGH64, x);
    double p = __fma_rn(r, E64_8, E64_7);
    p = __fma_rn(r, p, E64_6);
    p = __fma_rn(r, p, E64_5);
    p = __fma_rn(r, p, E64_4);
    p = __fma_rn(r, p, E64_3);
    p = __fma_rn(r, p, E64_2);
    p = __fma_rn(r, p, E64_1);
    p = __fma_rn(r, p, E64_0);
    return double_of(bits_of(p) + (bits_of(shifted) << EXPONENT_SHIFT64));
}

// A sum of integers of 64 bits. Threads may add to one in shared memory at once: the lower word ends as it would in any
// order, and so does the number of times that it ran over.
struct Mass {
    u64 low, high;
};

EXACT Mass mass_of(double weight) { return {(u64)(i64)__dmul_rn(weight, UNITS64), 0}; }

EXACT Mass added(Mass a, Mass b) {
    const u64 total = a.low + b.low;
    return {total, a.high + b.high + (total < a.low ? 1 : 0)};
}

EXACT bool at_most(Mass a, Mass b) { return a.high < b.high || (a.high == b.high && a.low <= b.low); }

EXACT double as_float(Mass a) { return __fma_rn(__ull2double_rn(a.high), WORD64, __ull2double_rn(a.low)); }

EXACT void add_shared(Mass* sum, Mass more) {
    if (more.low != 0 && atomicAdd(&sum->low, more.low) + more.low < more.low) ++more.high;
    if (more.high != 0) atomicAdd(&sum->high, more.high);
}

// The mass that may be dropped: the part eps of a mass, and less than all of it.
EXACT Mass allowed_of(Mass whole, double eps) {
    const double part = __dmul_rn(eps, as_float(whole));
    const u64 upper = (u64)__dmul_rn(part, PER_WORD64);
    const Mass found = {(u64)__fma_rn(-__ull2double_rn(upper), WORD64, part), upper};
    if (at_most(whole, found)) return {whole.low - 1, whole.high - (whole.low == 0 ? 1 : 0)};
    return found;
}
