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
#define __launch_bounds__(threads)

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
