/* What the literal simulator could reach: the same numbers, written for one processor by hand.
 *
 * `attnlaws bench` compiles this file where it finds a C compiler and compares the two, bit for bit first. It does what
 * the kernel of `retrieval.linear` does in its literal mode, with the addresses and the polynomials that are described
 * in simulations/stream.py, arithmetic.py and logarithm.py, and with what a compiler does not find by itself:
 *
 * - Philox multiplies the low halves of 64-bit lanes and never clears the high ones. Half of the keys lie in one
 *   register, half in another; one shuffle joins their words.
 * - The calls of a key differ in their tag alone, which reaches the words in the second round: what the first two rounds
 *   do to the call is done once for all calls of a key.
 * - Several chains of keys run side by side, because one round waits for the last.
 * - A sum stays in its register from the first component of a key to the last.
 */
#include <immintrin.h>
#include <stdint.h>

#ifdef __AVX512F__
#define LANES 16
#define MULTIPLY(a, b) ((wide)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#define XOR3(a, b, c) ((wide)_mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b), (__m512i)(c), 0x96))
#define JOIN(a, b) ((words)_mm512_shuffle_ps((__m512)(a), (__m512)(b), 0x88))
#define SMALLER(a, b) ((words)_mm512_min_epu32((__m512i)(a), (__m512i)(b)))
#define FMA(a, b, c) ((floats)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define ROOT(a) ((floats)_mm512_sqrt_ps((__m512)(a)))
#else
#define LANES 8
#define MULTIPLY(a, b) ((wide)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#define XOR3(a, b, c) ((a) ^ (b) ^ (c))
#define JOIN(a, b) ((words)_mm256_shuffle_ps((__m256)(a), (__m256)(b), 0x88))
#define SMALLER(a, b) ((words)_mm256_min_epu32((__m256i)(a), (__m256i)(b)))
#define FMA(a, b, c) ((floats)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define ROOT(a) ((floats)_mm256_sqrt_ps((__m256)(a)))
#endif

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t whole __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint64_t wide __attribute__((vector_size(4 * LANES)));

#define CHAINS 4
#define ROUNDS 10
#define TAGS 16 /* calls of a key: 64 components, four a call */
#define SUMS 256
#define TINY 256
#define REFINE 0x40000000u
#define QUERY 0x80000000u /* its tag */
#define M0 0xD2511F53u
#define M1 0xCD9E8D57u
#define ALWAYS static inline __attribute__((always_inline))

/* What does not depend on the key, in whole registers. */
typedef struct {
    wide even[ROUNDS], odd[ROUNDS]; /* the two halves of the rounds' keys */
    wide first[TAGS], second[TAGS], third[TAGS];
    floats query[4 * TAGS];
    uint32_t k0, k1, replicate;
} fixed;

/* What the first two rounds make of the calls of a chain: half of its keys. */
typedef struct {
    wide product, high, next;
} started;

#define EACH(count, i) _Pragma("GCC unroll 16") for (int i = 0; i < (count); i++)

ALWAYS wide all(uint64_t x) { return (wide){0} + x; }
ALWAYS floats real(float x) { return (floats){0} + x; }

static void four_words(uint32_t k0, uint32_t k1, uint32_t c[4]) {
    for (int r = 0; r < ROUNDS; r++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const uint64_t p0 = (uint64_t)M0 * c[0], p1 = (uint64_t)M1 * c[2];
        c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, c[1] = (uint32_t)p1;
        c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k1, c[3] = (uint32_t)p0;
    }
}

ALWAYS started start(const fixed *f, wide call) {
    const wide product = MULTIPLY(call, all(M0));
    const wide next = MULTIPLY((product >> 32) ^ all(f->replicate) ^ f->odd[0], all(M1));
    return (started){product, next >> 32, next ^ f->even[2]};
}

/* The words of a call, in the low halves of the lanes; round by round, so that no chain waits for itself. */
ALWAYS void finish(const fixed *f, const started *s, int tag, wide w[2 * CHAINS][4]) {
    EACH(2 * CHAINS, j) {
        const wide p0 = MULTIPLY(s[j].high ^ f->first[tag], all(M0));
        const wide p1 = MULTIPLY(s[j].product ^ f->second[tag], all(M1));
        w[j][0] = (p1 >> 32) ^ s[j].next, w[j][1] = p1;
        w[j][2] = (p0 >> 32) ^ f->third[tag], w[j][3] = p0;
    }
    EACH(7, r) EACH(2 * CHAINS, j) {
        const wide p0 = MULTIPLY(w[j][0], all(M0)), p1 = MULTIPLY(w[j][2], all(M1));
        w[j][0] = XOR3(p1 >> 32, w[j][1], f->even[r + 3]), w[j][1] = p1;
        w[j][2] = XOR3(p0 >> 32, w[j][3], f->odd[r + 3]), w[j][3] = p0;
    }
}

/* Radius words with a small uniform get 32 more bits, from the call with another tag. */
__attribute__((noinline)) static floats refined(const fixed *f, floats v, words h, uint32_t call, uint32_t tag, int word) {
    for (int i = 0; i < LANES; i++)
        if (h[i] < TINY) {
            uint32_t c[4] = {call + i, 0, tag ^ REFINE, f->replicate};
            four_words(f->k0, f->k1, c);
            const float rest = __builtin_fmaf((float)c[word], -0x1p-62f, -0x1p-63f);
            v[i] = __builtin_fmaf((float)(int32_t)h[i], -0x1p-30f, rest);
        }
    return v;
}

/* sqrt(-2 ln u), from -2u. */
ALWAYS floats radius(floats v) {
    const words bits = (words)v, e = (bits - 0xBFAAAAABu) & 0xFF800000u;
    const floats g = (floats)(bits - e) + 2.0f, z = g * g;
    floats p = FMA(z, FMA(g, real(5.17888227e-04f), real(1.21702615e-03f)),
                   FMA(g, real(2.20990974e-03f), real(5.11921896e-03f)));
    p = FMA(z, p, FMA(g, real(1.25017967e-02f), real(3.12619843e-02f)));
    p = FMA(z, p, FMA(g, real(8.33333135e-02f), real(2.49999568e-01f)));
    const float step = (float)(-2 * 0.6931471805599453 * 0x1p-23);
    return ROOT(FMA(__builtin_convertvector((whole)e, floats), real(step), FMA(z, p, g)));
}

ALWAYS floats uniform(words h) {
    return FMA(__builtin_convertvector((whole)h, floats), real(-0x1p-30f), real(-0x1p-31f));
}

/* Two normals of each lane, from -2u, the word that gave it and the word of the angle. */
ALWAYS void pair(floats v, words a, words b, floats n[2]) {
    const floats r = radius(v);
    const floats x = __builtin_convertvector((whole)b, floats) * (float)(3.141592653589793 * 0x1p-33), z = x * x;
    floats p = FMA(z, FMA(z, real(-1.37617928e-04f), real(5.89131936e-03f)), real(-1.17850907e-01f));
    const floats sine = x * FMA(z, p, real(7.07106769e-01f));
    p = FMA(z, FMA(z, real(-9.60668665e-04f), real(2.94545479e-02f)), real(-3.53552371e-01f));
    const floats cosine = FMA(z, p, real(7.07106769e-01f));
    n[0] = (floats)((words)r ^ (a & 0x80000000u)) * (cosine - sine);
    n[1] = (floats)((words)r ^ (b << 31)) * (cosine + sine);
}

/* The query, one call a lane. */
static double draw_query(fixed *f) {
    double length2 = 0;
    for (int call = 0; call < TAGS; call += LANES) {
        words w[4];
        for (int lane = 0; lane < LANES; lane++) {
            uint32_t c[4] = {call + lane, 0, QUERY, f->replicate};
            four_words(f->k0, f->k1, c);
            for (int i = 0; i < 4; i++) w[i][lane] = c[i];
        }
        for (int i = 0; i < 4; i += 2) {
            const words h = w[i] & 0x7FFFFFFFu;
            floats n[2];
            pair(refined(f, uniform(h), h, call, QUERY, i), w[i], w[i + 1], n);
            for (int lane = 0; lane < LANES; lane++)
                for (int j = 0; j < 2; j++) f->query[4 * (call + lane) + i + j] = real(n[j][lane]);
        }
    }
    for (int i = 0; i < 4 * TAGS; i++) length2 = __builtin_fma(f->query[i][0], f->query[i][0], length2);
    return length2;
}

/* Scores of CHAINS * LANES keys from `call` on; the smallest of their radius words says whether some need refinement. */
ALWAYS uint32_t scores(const fixed *f, uint32_t call, int refine, floats s[CHAINS]) {
    started begun[2 * CHAINS];
    words smallest = (words){0} + 0x7FFFFFFFu;
    EACH(CHAINS, j) {
        wide low = {0}, high = {0};
        for (int i = 0; i < LANES / 2; i++) {
            low[i] = call + LANES * j + i / 2 * 4 + i % 2;
            high[i] = low[i] + 2;
        }
        begun[2 * j] = start(f, low), begun[2 * j + 1] = start(f, high);
        s[j] = real(0.0f);
    }
    for (int tag = 0; tag < TAGS; tag++) {
        wide w[2 * CHAINS][4];
        finish(f, begun, tag, w);
        EACH(2, i) EACH(CHAINS, j) {
            const words a = JOIN(w[2 * j][2 * i], w[2 * j + 1][2 * i]);
            const words b = JOIN(w[2 * j][2 * i + 1], w[2 * j + 1][2 * i + 1]), h = a & 0x7FFFFFFFu;
            smallest = SMALLER(smallest, h);
            floats v = uniform(h), n[2];
            if (refine) v = refined(f, v, h, call + LANES * j, tag, 2 * i);
            pair(v, a, b, n);
            EACH(2, k) s[j] = FMA(f->query[4 * tag + 2 * i + k], n[k], s[j]);
        }
    }
    uint32_t least = smallest[0];
    for (int i = 1; i < LANES; i++) least = smallest[i] < least ? smallest[i] : least;
    return least;
}

__attribute__((noinline)) static void slow_scores(const fixed *f, uint32_t call, floats s[CHAINS]) {
    scores(f, call, 1, s);
}

/* The sum of squared scores of `keys` keys, a multiple of 256, over the squared length of the query. */
double noise(uint32_t k0, uint32_t k1, uint32_t replicate, uint32_t keys) {
    fixed f = {.k0 = k0, .k1 = k1, .replicate = replicate};
    for (uint32_t r = 0; r < ROUNDS; r++) {
        f.even[r] = all((uint32_t)(k0 + r * 0x9E3779B9u));
        f.odd[r] = all((uint32_t)(k1 + r * 0xBB67AE85u));
    }
    for (uint32_t tag = 0; tag < TAGS; tag++) {
        const uint64_t p1 = (uint64_t)M1 * tag, p0 = (uint64_t)M0 * ((uint32_t)(p1 >> 32) ^ k0);
        f.first[tag] = all((uint32_t)p1) ^ f.even[1];
        f.second[tag] = all(p0 >> 32) ^ f.odd[1];
        f.third[tag] = all((uint32_t)p0) ^ f.odd[2];
    }
    const double length2 = draw_query(&f);
    double sums[SUMS] = {0};
    for (uint32_t call = 0; call < keys; call += CHAINS * LANES) {
        floats s[CHAINS];
        if (scores(&f, call, 0, s) < TINY) slow_scores(&f, call, s);
        EACH(CHAINS, j) {
            const floats squares = s[j] * s[j];
            for (int i = 0; i < LANES; i++) sums[(call + LANES * j + i) % SUMS] += (double)squares[i];
        }
    }
    for (int width = SUMS / 2; width; width /= 2)
        for (int i = 0; i < width; i++) sums[i] += sums[i + width];
    return sums[0] / length2;
}
