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

/// Samples that a run will take which stops once its relative standard error is at most `stable` (0: never), by a shorter
/// run of it: the error falls with the root of their number.
[[nodiscard]] std::int64_t samples_until_stable(const std::vector<Explanation>& probe, double stable,
                                                std::int64_t most);

}  // namespace pellucid::explain
