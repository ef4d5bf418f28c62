#pragma once

// What the rooms that touch graphs include everywhere; compiled once (see cmake/rooms.cmake).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openvino/core/model.hpp"
#include "openvino/core/node.hpp"
#include "openvino/openvino.hpp"
#include "openvino/opsets/opset16.hpp"
