// One line of JSON in, one out: an ONNX operator test and what its derivatives are worth. tools/conformance drives it.
#include <iostream>

#include "conformance/differences.hpp"
#include "conformance/verdict.hpp"
#include "pellucid/error.hpp"

namespace pellucid::conformance {
namespace {

const char* word(Verdict verdict) {
    switch (verdict) {
        case Verdict::kRight:
            return "right";
        case Verdict::kWrong:
            return "wrong";
        case Verdict::kRefused:
            return "refused";
        case Verdict::kNone:
            return "none";
    }
    return "";
}

nlohmann::json answer(const nlohmann::json& request) {
    nlohmann::json made{{"name", request.at("name")}};
    OperatorTest test;
    try {
        test = load(request);
        static_cast<void>(compile(test.model));
    } catch (const std::exception& error) {
        const auto* refusal = dynamic_cast<const Error*>(&error);
        const bool refused = refusal != nullptr && refusal->code() == ErrorCode::kUnsupported;
        made["verdict"] = refused ? "refused" : "unread";
        made["reason"] = error.what();
        return made;
    }
    Mutant mutant = request.contains("mutant") ? Mutant(request["mutant"]) : Mutant();
    Answer found;
    try {
        found = judge(test, mutant);
    } catch (const std::exception& error) {
        found = {Verdict::kWrong, error.what(), false, false};
    }
    made["verdict"] = word(found.verdict);
    made["reason"] = found.reason;
    made["differs"] = found.differs;
    made["held"] = found.held;
    made["rules"] = nlohmann::json::object();
    for (const auto& [rule, asked] : mutant.asked()) {
        made["rules"][rule] = {{"ports", asked.ports}, {"turnable", asked.turnable}};
    }
    made["mutated"] = mutant.made();
    if (!request.contains("mutant")) made["forward"] = compare_forward(test);
    return made;
}

}  // namespace
}  // namespace pellucid::conformance

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        const auto made = pellucid::conformance::answer(nlohmann::json::parse(line));
        std::cout << made.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    }
}
