#pragma once

// Small networks, built in memory and saved as IR, with inputs for them.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "pellucid/error.hpp"
#include "pellucid/input.hpp"
#include "pellucid/model.hpp"

namespace nets {

/// A folder of its own, removed at the end; models saved there are not kept in the user's cache.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    /// Saves `net` as NAME.xml, and `card` beside it where there is one.
    [[nodiscard]] std::filesystem::path save(const std::shared_ptr<ov::Model>& net, const std::string& name,
                                             const std::string& card = {}) const;
    [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const;
    std::filesystem::path path;
};

/// Loads without the cache on disk.
[[nodiscard]] pellucid::Model load(const std::filesystem::path& path);

enum class End { kNone, kSoftmax, kSoftmaxReshaped, kLogSoftmax, kLogOfSoftmax, kSigmoid, kIdentityOfSoftmax };

/// x[N, n] -> y[N, m] = end(x W + b), W[n, m] row-major.
struct Linear {
    std::int64_t n = 0, m = 0;
    std::vector<float> weights, bias;
    [[nodiscard]] std::shared_ptr<ov::Model> model(End end = End::kNone) const;
    /// Ended by `head`, of z[N, m].
    using Head = std::function<ov::Output<ov::Node>(const ov::Output<ov::Node>&)>;
    [[nodiscard]] std::shared_ptr<ov::Model> model(const Head& head) const;
    /// x W + b in double.
    [[nodiscard]] std::vector<double> logits(const std::vector<float>& x) const;
};
[[nodiscard]] Linear linear(std::int64_t n, std::int64_t m, std::uint64_t seed);

/// picture[N, 3, H, W] -> a 3x3 convolution to `classes` maps, then (unless `dense`) their means: y[N, classes];
/// then `head`.
[[nodiscard]] std::shared_ptr<ov::Model> picture_net(const std::vector<std::int64_t>& shape, std::int64_t classes,
                                                     bool dense = false, const Linear::Head& head = {});
/// As picture_net, but x[N, H, W, 3].
[[nodiscard]] std::shared_ptr<ov::Model> channels_last_net(std::int64_t side, std::int64_t classes);

/// Pixels x[N, 3, 16, 16] of u8, scaled inside: y[N, 4].
[[nodiscard]] std::shared_ptr<ov::Model> byte_picture_net();

/// x[N, 4] -> x less its mean over the batch: mixes rows.
[[nodiscard]] std::shared_ptr<ov::Model> mixing_net();
/// Token ids x[N, 3] -> means of their embeddings: y[N, 4].
[[nodiscard]] std::shared_ptr<ov::Model> token_net();
/// a[N, 2], b[N, 2] -> y = 2 a + b and z = softmax(a - b).
[[nodiscard]] std::shared_ptr<ov::Model> two_by_two_net();

/// What `act` is refused with, after its code was checked; "no complaint" when it is not refused.
[[nodiscard]] std::string complaint(const std::function<void()>& act,
                                    pellucid::ErrorCode code = pellucid::ErrorCode::kUsage);

/// An input of one tensor, "x".
[[nodiscard]] pellucid::Input sample(const pellucid::Shape& shape, const std::vector<float>& values);
[[nodiscard]] std::vector<float> values(std::size_t count, std::uint64_t seed);

}  // namespace nets
