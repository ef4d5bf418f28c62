#pragma once

#include <string>

#include "pellucid/input.hpp"
#include "pellucid/model.hpp"

namespace pellucid {

/// Reads a picture (through the card's preprocessing), .npy or .npz (exactly as the model takes it).
/// @param source  a path, or "-" for standard input
/// @param as      image or npy, whatever the name says; empty: by extension
/// Throws Error(kUnreadable) for what cannot be read or does not fit the model.
[[nodiscard]] Input load_input(const Model& model, const std::string& source, const std::string& as = {});

}  // namespace pellucid
