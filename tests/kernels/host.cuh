// CUDA as far as our kernels use it, for a C++20 compiler: what a GPU's threads do is done by as many of the system's.
//
// Put before a kernel's source. The threads of a block run at once, so that a missing barrier is a data race, which the
// thread sanitizer sees; blocks run one after another, so that `static` can stand for shared memory.
#pragma once

#include <atomic>
#include <barrier>
#include <bit>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(threads, blocks)

struct Index {
    unsigned x = 0;
};

inline thread_local Index threadIdx, blockIdx;
inline Index blockDim, gridDim;
inline std::unique_ptr<std::barrier<>> block_barrier;

inline void __syncthreads() { block_barrier->arrive_and_wait(); }

template <class Kernel>
void launch(unsigned blocks, unsigned threads, Kernel kernel) {
    gridDim.x = blocks;
    blockDim.x = threads;
    block_barrier = std::make_unique<std::barrier<>>(threads);
    std::vector<std::jthread> running;
    for (unsigned thread = 0; thread < threads; ++thread)
        running.emplace_back([=] {
            threadIdx.x = thread;
            for (unsigned block = 0; block < blocks; ++block) {
                blockIdx.x = block;
                kernel();
                __syncthreads();
            }
        });
}

template <class Whole>
Whole atomicAdd(Whole* where, Whole what) {
    return std::atomic_ref<Whole>(*where).fetch_add(what, std::memory_order_relaxed);
}

// Compiled with -ffp-contract=off, an operator is one rounding.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __uint2float_rn(unsigned a) { return (float)a; }
inline double __ull2double_rn(unsigned long long a) { return (double)a; }

inline unsigned __float_as_uint(float a) { return std::bit_cast<unsigned>(a); }
inline float __uint_as_float(unsigned a) { return std::bit_cast<float>(a); }
inline long long __double_as_longlong(double a) { return std::bit_cast<long long>(a); }
inline double __longlong_as_double(long long a) { return std::bit_cast<double>(a); }

// Of the reciprocal root on the way to the exact one, the nearest number.
inline float approximate_reciprocal_root(float a) { return (float)(1 / std::sqrt((double)a)); }

// The approximate functions of fast.cuh, wrong by what NVIDIA documents: upward or downward, as `leaning` says, or where
// that is 0, in a direction that looks random in the argument. Numbers below the normal ones count as zero.
inline int leaning = 0;

inline float approximate(double value, float argument, double error) {
    const unsigned mixed = std::bit_cast<unsigned>(argument) * 0x9E3779B9u;
    const double sign = leaning ? leaning : mixed >> 31 ? 1 : -1;
    const double off = value + sign * error;
    return std::fabs(off) < 0x1p-126 ? 0.0f : (float)off;
}
inline float approximate_log2(float a) {
    const double value = std::log2((double)a);
    return approximate(value, a, 0x1p-22 * (a >= 0.5f && a <= 2.0f ? 1.0 : std::fabs(value)));
}
inline float approximate_exp2(float a) { return approximate(std::exp2((double)a), a, 0x1p-22 * std::exp2((double)a)); }
inline float approximate_sqrt(float a) { return approximate(std::sqrt((double)a), a, 0x1p-23 * std::sqrt((double)a)); }
inline float approximate_sine(float a) { return approximate(std::sin((double)a), a, 0x1p-20 * std::sqrt(0.5)); }
inline float approximate_cosine(float a) { return approximate(std::cos((double)a), a, 0x1p-20 * std::sqrt(0.5)); }
inline float approximate_reciprocal(float a) { return approximate(1.0 / a, a, 0x1p-23 * std::fabs(1.0 / a)); }
