#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "explain/fields.hpp"
#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// Options as the request has them, checked.
template <class Options>
Options options_of(const char* method, const Request& request) {
    return parse_fields<Options>(method, request.options);
}

/// The typed C++ call of a method: the same path as the command line's.
template <class Options>
Explanation run_typed(const MethodRow& row, const Model& model, const Input& input, const Target& target,
                      const Options& options, const RunOptions& run_options) {
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {target};
    request.options = field_values(options);
    request.run = run_options;
    return run(row, request).front();
}

}  // namespace pellucid::explain
