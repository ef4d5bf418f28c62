#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "explain/layout.hpp"
#include "pellucid/input.hpp"

namespace pellucid::explain {

/// What stands for "absent": one tensor for each input of the network, in its order.
struct Baseline {
    std::vector<Array> tensors;
    std::string description;   ///< in the user's units: "zero (colour 127, 127, 127)"
};

/// `spec`: zero (of the network's tensor), black, white, mean (the picture's mean colour), blur (Gaussian), noise (uniform
/// colours), a number (a value of the tensor), or a .npy/.npz of the input's shape. What stands for whole numbers is rounded
/// to them.
/// @param replaced  the inputs that it is made for; the others are held: their tensors are the input's own
/// Throws Error(kUsage) for an unknown name, or where a picture is needed and there is none; Error(kUnsupported) for a value
/// that an input's type cannot hold.
[[nodiscard]] Baseline make_baseline(const InputSpace& space, const Input& input, const std::string& spec,
                                     std::uint64_t seed, const std::vector<std::size_t>& replaced);

/// The same for a comma-separated list.
[[nodiscard]] std::vector<Baseline> make_baselines(const InputSpace& space, const Input& input,
                                                   const std::string& specs, std::uint64_t seed,
                                                   const std::vector<std::size_t>& replaced);

/// Whether all of the text is a finite number, and which.
[[nodiscard]] bool parse_value(const std::string& spec, double& value);

/// Inputs of floating-point type: those that a path can lead through.
[[nodiscard]] std::vector<std::size_t> real_inputs(const InputSpace& space);

/// Rounds values to what the input's type holds; whether that changed any.
/// Throws Error(kUnsupported), naming `spec`, for one that it cannot hold.
bool fit_to_type(std::span<float> values, const TensorInfo& info, const std::string& spec);

/// What the documentation of an option that takes a baseline says.
inline constexpr const char* kBaselineDoc =
    "zero (of the network's tensor), black, white, mean, blur, noise, a value of the tensor, or a .npy file";

}  // namespace pellucid::explain
