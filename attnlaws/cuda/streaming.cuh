// Streams of items that add up: the loops of simulations/generate.py, one row of scalars and sums per thread block.
//
// A block has 256 threads, the CPU kernel's 256 lanes: thread i does what lane i does, item after item in the same
// order, and the lanes are folded by the same tree. A row is a replicate, or one of the `parts` that a replicate is cut
// into, and has the bits of the CPU's row. `Law` and `Report` are printed by simulations/cuda_source.py: counts, tags and lengths,
// and the experiment's expressions as functions.
#pragma once

#include "stream.cuh"
#include "sums.cuh"

// What a row is, and where its parts stand.
template <class Law>
struct Row {
    using Number = typename Law::Number;

    Keys keys;
    u32 replicate;
    i64 begin, end, items;  // superblocks of 256 calls; items of the whole replicate
    const i64* lengths;
    double* columns;                     // [sum or component, lane]
    Number* shared[Law::SHARED + 1];     // the replicate's own vectors, filled with zeros to a multiple of 4
    i64 shared_size[Law::SHARED + 1];    // so filled
    Number parameters[Law::PARAMETERS + 1], scalars[Law::SCALARS + 1];

    EXACT i64 vector_length(int i) const { return lengths[Law::vector_length(i)]; }
};

EXACT i64 padded(i64 length) { return (length + 3) / 4 * 4; }

// Number of sums in a row, those of vectors by component.
template <class Law>
EXACT i64 sums_of(const i64* lengths) {
    i64 count = Law::SUMS;
#pragma unroll
    for (int i = 0; i < Law::VECTOR_SUMS; ++i) count += lengths[Law::vector_length(i)];
    return count;
}

// What all items of a replicate have in common: the block draws it, its first thread makes the scalars of it.
template <class Law>
__device__ void draw_shared(Row<Law>& row, const double* parameters, double* scalars) {
#pragma unroll
    for (int i = 0; i < Law::SHARED; ++i) {
        const i64 length = row.lengths[Law::shared_length(i)];
        fill_normals(row.keys, row.replicate, Law::shared_tag(i), row.shared[i], length);
        for (i64 j = length + threadIdx.x; j < row.shared_size[i]; j += blockDim.x) row.shared[i][j] = 0;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        double drawn[Law::SHARED_SCALARS + 1];
#pragma unroll
        for (int i = 0; i < Law::SHARED_SCALARS; ++i) {
            typename Law::Number n[WIDTH<typename Law::Number>];
            normal_call(row.keys, 0, Law::shared_scalar_tag(i), row.replicate, n);
            drawn[i] = n[0];
        }
        Law::scalars(parameters, drawn, row.shared, row.shared_size, scalars);
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < Law::PARAMETERS; ++i) row.parameters[i] = (typename Law::Number)parameters[i];
#pragma unroll
    for (int i = 0; i < Law::SCALARS; ++i) row.scalars[i] = (typename Law::Number)scalars[i];
}

// What an item adds: a double, or in fast arithmetic a number of the items' own type.
template <bool, class>
struct TermOf {
    using type = double;
};
template <class Number>
struct TermOf<true, Number> {
    using type = Number;
};
template <class Number>
using Term = typename TermOf<FAST, Number>::type;

// The items that one call serves: their draws, and what they add. `weights` takes the factors of the vector sums.
//
// How many instructions a turn of the loop over calls takes stands in benchmarks/gpu.py, by law and arithmetic, and
// tests/kernels/test_instruction_counts.py counts them. They are those of a call (19 wide multiplications and as many
// xors, as one product is the same in all turns), of two pairs (86, fast 32), the check for a tail, and then the fused
// steps of a product, or the law's own operations.
template <class Law>
EXACT void add_items(const Row<Law>& row, u64 call, double* sums, typename Law::Number* weights) {
    using Number = typename Law::Number;
    constexpr int width = WIDTH<Number>;
    Number dots[Law::DOTS + 1], x[width];
#pragma unroll
    for (int i = 0; i < Law::DOTS; ++i) {
        const i32 length = (i32)row.lengths[Law::dot_length(i)];  // below 2^22, as tags are apart
        const bool own = Law::dot_shared(i) < 0;  // known when the loop is unrolled
        auto* q = (const Factors<Number>*)row.shared[own ? 0 : Law::dot_shared(i)];
        Number s = 0;
#pragma unroll 1
        for (i32 t = 0, left = length; left > 0; ++t, left -= width) {
            const u32 tag = Law::dot_tag(i) + (u32)t;
            if (own)
                s = square_call(row.keys, call, tag, row.replicate, left, s);
            else
                s = dot_call(row.keys, call, tag, row.replicate, q[t], s);
        }
        dots[i] = s;
    }
    if constexpr (Law::ITEM_SCALARS > 0) normal_call(row.keys, call, Law::ITEM_TAG, row.replicate, x);
    // Fast: the up to four items that a call serves are added up in their own type, so that one conversion does for all.
    Term<Number> run[Law::SUMS + 1] = {};
    const i64 left = row.items - (i64)call * Law::SERVED;
    const int served = left < Law::SERVED ? (int)left : Law::SERVED;
#pragma unroll
    for (int w = 0; w < Law::SERVED; ++w) {
        if (w >= served) break;
        Term<Number> added[Law::SUMS + Law::VECTOR_SUMS + 1];
        Law::add(x + w * Law::ITEM_SCALARS, dots, row.scalars, row.parameters, added);
#pragma unroll
        for (int i = 0; i < Law::SUMS; ++i) {
            if constexpr (FAST)
                run[i] = run[i] + added[i];
            else
                sums[i] = __dadd_rn(sums[i], added[i]);
        }
#pragma unroll
        for (int i = 0; i < Law::VECTOR_SUMS; ++i) weights[i * LANES] = (Number)added[Law::SUMS + i];
    }
    if constexpr (FAST) {
#pragma unroll
        for (int i = 0; i < Law::SUMS; ++i) sums[i] = __dadd_rn(sums[i], (double)run[i]);
    }
}

// Superblocks whose weights are kept before any vector is added up: a sum then travels to memory and back once for so
// many items.
constexpr int KEPT = 16;

// Add weight times vector, component by component, for `count` superblocks from `first` on. The order for one lane and
// component is that of the items, as on the CPU.
//
// Predicted per 4 components and item: the instructions of a call and its pairs and then 4 conversions, 4 multiplications
// and 4 additions in float64; per 4 components of KEPT items 4 loads and 4 stores.
template <class Law>
EXACT void add_vector(const Row<Law>& row, int v, i64 first, int count, const typename Law::Number* weights,
                      double* columns) {
    using Number = typename Law::Number;
    constexpr int width = WIDTH<Number>;
    const i64 length = row.vector_length(v);
    for (i64 component = 0, t = 0; component < length; component += width, ++t) {
        double sums[width];
#pragma unroll
        for (int j = 0; j < width; ++j)
            sums[j] = component + j < length ? columns[(component + j) * LANES + threadIdx.x] : 0.0;
#pragma unroll 1
        for (int c = 0; c < count; ++c) {
            const u64 call = (u64)(first + c) * LANES + threadIdx.x;
            if ((i64)call >= row.items) break;
            Number n[width];
            normal_call(row.keys, call, Law::vector_tag(v) + (u32)t, row.replicate, n);
            const double weight = weights[c * Law::VECTOR_SUMS * LANES];
#pragma unroll
            for (int j = 0; j < width; ++j) sums[j] = __dadd_rn(sums[j], __dmul_rn(weight, (double)n[j]));
        }
#pragma unroll
        for (int j = 0; j < width; ++j)
            if (component + j < length) columns[(component + j) * LANES + threadIdx.x] = sums[j];
    }
}

// The sums over superblocks begin .. end - 1, folded: column r ends in columns[256 r].
template <class Law>
__device__ void partial(const Row<Law>& row) {
    using Number = typename Law::Number;
    const i64 count = sums_of<Law>(row.lengths);
    double sums[Law::SUMS + 1] = {};
    if constexpr (Law::VECTOR_SUMS == 0) {
        const u64 end = (u64)row.end * LANES;
#pragma unroll 1
        for (u64 call = (u64)row.begin * LANES + threadIdx.x; call < end; call += LANES)
            add_items<Law>(row, call, sums, nullptr);
    } else {
        __shared__ Number weights[KEPT * Law::VECTOR_SUMS * LANES];  // each thread reads what it wrote: no barrier
        for (i64 r = Law::SUMS; r < count; ++r) row.columns[r * LANES + threadIdx.x] = 0.0;
        for (i64 b = row.begin; b < row.end; b += KEPT) {
            const int kept = (int)(row.end - b < KEPT ? row.end - b : KEPT);
#pragma unroll 1
            for (int c = 0; c < kept; ++c)
                add_items<Law>(row, (u64)(b + c) * LANES + threadIdx.x, sums,
                               weights + c * Law::VECTOR_SUMS * LANES + threadIdx.x);
            double* columns = row.columns + Law::SUMS * LANES;
#pragma unroll
            for (int v = 0; v < Law::VECTOR_SUMS; ++v) {
                add_vector<Law>(row, v, b, kept, weights + v * LANES + threadIdx.x, columns);
                columns += row.vector_length(v) * LANES;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < Law::SUMS; ++i) row.columns[i * LANES + threadIdx.x] = sums[i];
    __syncthreads();
    fold(row.columns, count);
}

// Rows first .. first + count - 1, in which a replicate has `parts` of them, each [scalars, sums, vector sums].
// `workspace` holds for each block of the grid `space` float64: the columns, and behind them the shared vectors.
template <class Law>
__device__ void streaming_rows(const Keys& keys, u64 first, u64 count, u64 parts, i64 items, const double* parameters,
                               const i64* lengths, double* out, double* workspace, u64 space) {
    Row<Law> row = {keys};
    row.items = items;
    row.lengths = lengths;
    row.columns = workspace + blockIdx.x * space;
    const i64 sums = sums_of<Law>(lengths), size = LANES * Law::SERVED, superblocks = (items + size - 1) / size;
    auto* free = (typename Law::Number*)(row.columns + sums * LANES);
#pragma unroll
    for (int i = 0; i < Law::SHARED; ++i) {
        row.shared[i] = free;
        row.shared_size[i] = padded(lengths[Law::shared_length(i)]);
        free += row.shared_size[i];
    }
    // No barrier between rows: what the next row writes first, the shared vectors, was last read before the fold.
    for (u64 at = blockIdx.x; at < count; at += gridDim.x) {
        const u64 unit = first + at;
        const i64 part = (i64)(unit % parts);
        row.replicate = (u32)(unit / parts);
        row.begin = superblocks * part / (i64)parts;
        row.end = superblocks * (part + 1) / (i64)parts;
        double* mine = out + at * (Law::SCALARS + sums);
        draw_shared<Law>(row, parameters, mine);
        partial<Law>(row);
        for (i64 i = threadIdx.x; i < sums; i += blockDim.x) mine[Law::SCALARS + i] = row.columns[i * LANES];
    }
}

// Outputs of replicates from their rows, a thread each.
template <class Law, class Report>
__device__ void finish_rows(u64 count, const double* parameters, const i64* lengths, const double* rows, double* out) {
    const i64 width = Law::SCALARS + sums_of<Law>(lengths);
    for (u64 r = blockIdx.x * (u64)blockDim.x + threadIdx.x; r < count; r += (u64)gridDim.x * blockDim.x)
        Report::report(parameters, lengths, rows + r * width, out + r * Report::OUTPUTS);
}
