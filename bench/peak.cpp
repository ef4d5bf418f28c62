// How many single-precision operations a second all cores together can do at most: fused multiply-adds on registers and
// nothing else. What a kernel reaches is told as a share of it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr long kRounds = 100'000'000;
constexpr int kChains = 16;  // independent, so that none waits for another

#if defined(__x86_64__)
__attribute__((target("avx512f"))) float multiply_add_512() {
    __m512 sums[kChains];
    for (int chain = 0; chain < kChains; ++chain) {
        sums[chain] = _mm512_set1_ps(static_cast<float>(chain));
    }
    const __m512 factor = _mm512_set1_ps(0.999F), term = _mm512_set1_ps(0.001F);
    for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 16
        for (int chain = 0; chain < kChains; ++chain) {
            sums[chain] = _mm512_fmadd_ps(sums[chain], factor, term);
        }
    }
    float total = 0.0F;
    for (const __m512& sum : sums) {
        total += _mm512_cvtss_f32(sum);
    }
    return total;
}

__attribute__((target("avx2,fma"))) float multiply_add_256() {
    __m256 sums[kChains];
    for (int chain = 0; chain < kChains; ++chain) {
        sums[chain] = _mm256_set1_ps(static_cast<float>(chain));
    }
    const __m256 factor = _mm256_set1_ps(0.999F), term = _mm256_set1_ps(0.001F);
    for (long round = 0; round < kRounds; ++round) {
#pragma GCC unroll 16
        for (int chain = 0; chain < kChains; ++chain) {
            sums[chain] = _mm256_fmadd_ps(sums[chain], factor, term);
        }
    }
    float total = 0.0F;
    for (const __m256& sum : sums) {
        total += _mm256_cvtss_f32(sum);
    }
    return total;
}
#endif

}  // namespace

int main() {
    float (*work)() = nullptr;
    int lanes = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") != 0) {
        work = multiply_add_512;
        lanes = 16;
    } else if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
        work = multiply_add_256;
        lanes = 8;
    }
#endif
    if (work == nullptr) {
        std::fputs("peak: a processor without AVX2\n", stderr);
        return 1;
    }
    std::vector<std::thread> threads(std::max(1U, std::thread::hardware_concurrency()));
    std::vector<float> kept(threads.size());
    const auto begun = std::chrono::steady_clock::now();
    for (std::size_t at = 0; at < threads.size(); ++at) {
        threads[at] = std::thread([&kept, work, at] { kept[at] = work(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    const double operations =
        2.0 * lanes * kChains * static_cast<double>(kRounds) * static_cast<double>(threads.size());
    std::printf("%.0f GFLOP/s on %zu threads, %d floats a vector (sums %g)\n", operations / seconds.count() * 1e-9,
                threads.size(), lanes, static_cast<double>(kept[0]));
    return 0;
}
