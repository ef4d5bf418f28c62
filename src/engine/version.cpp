#include "pellucid/version.hpp"

#include "openvino/core/version.hpp"

namespace pellucid {

std::string version() { return PELLUCID_VERSION; }

std::string engine_version() { return ov::get_openvino_version().buildNumber; }

}  // namespace pellucid
