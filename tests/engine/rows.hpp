#pragma once

// Rows and folds that the tests of the executor share.

#include <cstring>
#include <vector>

#include "core/random.hpp"
#include "engine/stream.hpp"

namespace nets {

inline pellucid::engine::CompileOptions uncached(int threads = 2) {
    pellucid::engine::CompileOptions options;
    options.threads = threads;
    options.cache = false;
    return options;
}

/// Uniform rows in [-1, 1], a stream a row.
class RandomRows final : public pellucid::engine::Rows {
public:
    RandomRows(std::int64_t count, std::uint64_t seed) : count_(count), seed_(seed) {}
    [[nodiscard]] std::int64_t count() const override { return count_; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        pellucid::core::RandomStream random(seed_, 0, static_cast<std::uint64_t>(row));
        for (const auto& input : inputs) {
            for (float& value : input) {
                value = 2.0F * random.uniform() - 1.0F;
            }
        }
    }

private:
    std::int64_t count_;
    std::uint64_t seed_;
};

/// Keeps every answer, its outputs one after another.
class Keep final : public pellucid::engine::Fold {
public:
    void answer(std::int64_t row, std::span<const std::span<const float>> outputs) override {
        order.push_back(row);
        std::vector<float> flat;
        for (const auto& output : outputs) {
            flat.insert(flat.end(), output.begin(), output.end());
        }
        answers.push_back(std::move(flat));
    }
    bool done(std::int64_t rows) override {
        asked.push_back(rows);
        return rows == stop_at;
    }
    std::vector<std::int64_t> order, asked;
    std::vector<std::vector<float>> answers;
    std::int64_t stop_at = -1;
};

inline bool same_bits(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t row = 0; row < a.size(); ++row) {
        if (a[row].size() != b[row].size() || std::memcmp(a[row].data(), b[row].data(), a[row].size() * 4) != 0) {
            return false;
        }
    }
    return true;
}

inline std::vector<std::vector<float>> answers(pellucid::engine::Session& session, std::int64_t rows,
                                               std::uint64_t memory = 0) {
    Keep keep;
    pellucid::engine::StreamOptions options;
    options.budget.memory_bytes = memory;
    pellucid::engine::stream(session, RandomRows(rows, 5), keep, options);
    return keep.answers;
}

}  // namespace nets
