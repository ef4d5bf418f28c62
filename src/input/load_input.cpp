#include "pellucid/load_input.hpp"

#include "input/load.hpp"

namespace pellucid {

Input load_input(const Model& model, const std::string& source, const std::string& as) {
    return input::load(model, source, as);
}

}  // namespace pellucid
