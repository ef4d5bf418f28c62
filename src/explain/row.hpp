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

/// What a typed C++ call is asked besides the method's options.
struct TypedCall {
    const Model& model;
    const Input& input;
    const Target& target;
    const RunOptions& run;
};

/// The typed C++ call of a method: the same path as the command line's.
template <class Options>
Explanation run_typed(const MethodRow& row, const Options& options, const TypedCall& call) {
    Request request;
    request.model = &call.model;
    request.input = &call.input;
    request.targets = {call.target};
    request.options = field_values(options);
    request.run = call.run;
    return run(row, request).front();
}

}  // namespace pellucid::explain
