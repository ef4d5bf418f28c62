#include "explain/document.hpp"

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "pellucid/error.hpp"
#include "pellucid/version.hpp"

namespace pellucid::explain {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kInlineErrors = 4096;  // standard errors of features stand in the document, of pixels in a file

/// JSON has no NaN: what is not finite is null.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json target_json(const Explanation& explanation) {
    Json json;
    json["index"] = explanation.target.index;
    json["label"] = explanation.target.label;
    json["output"] = explanation.target.output.empty() ? Json(nullptr) : Json(explanation.target.output);
    if (!explanation.target.reading.empty()) {
        json["reading"] = explanation.target.reading;
    }
    json["score"] = number(explanation.target.score);
    json["f_input"] = number(explanation.f_input);
    if (explanation.f_baseline) {
        json["f_baseline"] = number(*explanation.f_baseline);
    }
    if (explanation.completeness) {
        const Completeness& completeness = *explanation.completeness;
        json["completeness"] = {{"sum", number(completeness.sum)},
                                {"expected", number(completeness.expected)},
                                {"error", number(completeness.error)}};
    }
    if (!explanation.measures.empty()) {
        Json measures;
        for (const auto& [name, value] : explanation.measures) {
            measures[name] = number(value);
        }
        json["measures"] = measures;
    }
    if (explanation.standard_error && explanation.standard_error->size() <= kInlineErrors) {
        const auto values = explanation.standard_error->values();
        json["standard_error"] = std::vector<float>(values.begin(), values.end());
    }
    return json;
}

/// The value of an option as JSON where it reads as a number or a flag, else as text.
Json option_value(const std::string& text) {
    const Json parsed = Json::parse(text, nullptr, false);
    return parsed.is_number() || parsed.is_boolean() ? parsed : Json(text);
}

std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    std::string line;
    while (std::getline(info, line)) {
        if (line.starts_with("model name")) {
            return line.substr(line.find(':') + 2);
        }
    }
    return "unknown";
}

std::string instruction_set() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") != 0) {
        return "avx512";
    }
    return __builtin_cpu_supports("avx2") != 0 ? "avx2" : "sse4.2";
#else
    return "generic";
#endif
}

void add_provenance(const Provenance& provenance, Json& json) {
    json["model"] = {{"path", provenance.model_path},
                     {"sha256", provenance.model_sha256.empty() ? Json(nullptr) : Json(provenance.model_sha256)}};
    json["card"] = provenance.card_path.empty()
                       ? Json(nullptr)
                       : Json{{"path", provenance.card_path}, {"sha256", provenance.card_sha256}};
    json["input"] = {{"path", provenance.input_path},
                     {"sha256", provenance.input_sha256.empty() ? Json(nullptr) : Json(provenance.input_sha256)}};
    json["versions"] = {{"pellucid", version()}, {"openvino", engine_version()}};
    json["machine"] = {{"processor", processor()},
                       {"instruction_set", instruction_set()},
                       {"threads", provenance.threads},
                       {"device", provenance.device},
                       {"precision", provenance.precision}};
    json["time"] = provenance.time;
}

Json document(const std::vector<Explanation>& explanations, const Provenance& provenance) {
    const Explanation& first = explanations.front();
    Json json;
    json["schema"] = 1;
    json["method"] = first.method;
    json["options"] = Json::object();
    for (const auto& [name, value] : first.options) {
        json["options"][name] = option_value(value);
    }
    json["score"] = name_of(first.score);
    json["place"] = first.place;
    json["targets"] = Json::array();
    for (const Explanation& explanation : explanations) {
        json["targets"].push_back(target_json(explanation));
    }
    json["baseline"] = first.baseline.empty() ? Json(nullptr) : Json(first.baseline);
    for (const char* key : {"f_input", "f_baseline", "completeness", "measures"}) {
        if (json["targets"][0].contains(key)) {
            json[key] = json["targets"][0][key];
        }
    }
    json["attribution"] = {{"file", "attribution.npy"}, {"shape", first.attribution.shape()}};
    if (first.standard_error) {
        json["standard_error"] = {{"file", "standard_error.npy"}};
    }
    json["evaluations"] = {{"forward", first.evaluations.forward}, {"backward", first.evaluations.backward}};
    json["seconds"] = {
        {"model", first.model_seconds}, {"streams", first.stream_seconds}, {"total", first.total_seconds}};
    json["seed"] = first.seed;
    add_provenance(provenance, json);
    json["notes"] = first.notes;
    return json;
}

/// One array, with a leading axis only when there are several.
Array stacked(const std::vector<Explanation>& explanations, const std::function<const Array&(const Explanation&)>& of) {
    if (explanations.size() == 1) {
        return of(explanations.front());
    }
    Shape shape = of(explanations.front()).shape();
    shape.insert(shape.begin(), static_cast<std::int64_t>(explanations.size()));
    std::vector<float> values;
    for (const Explanation& explanation : explanations) {
        values.insert(values.end(), of(explanation).values().begin(), of(explanation).values().end());
    }
    return {shape, values};
}

}  // namespace

std::string explanation_json(const std::vector<Explanation>& explanations, const Provenance& provenance) {
    return document(explanations, provenance).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void save(const std::vector<Explanation>& explanations, const Provenance& provenance,
          const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure || !std::filesystem::is_directory(folder)) {
        throw Error(ErrorCode::kUsage,
                    "cannot make the output folder " + folder.string() +
                        (failure ? " (" + failure.message() + ")" : " (a file is in the way)"),
                    "choose another with --output");
    }
    // An earlier run's document goes first and ours comes last: a killed run leaves no document of other arrays.
    for (const char* name : {"explanation.json", "standard_error.npy", "features.npy", "further_inputs.npz"}) {
        std::filesystem::remove(folder / name, failure);
    }
    const Explanation& first = explanations.front();
    core::write_npy(folder / "attribution.npy",
                    stacked(explanations, [](const Explanation& one) -> const Array& { return one.attribution; }));
    if (first.standard_error) {
        core::write_npy(
            folder / "standard_error.npy",
            stacked(explanations, [](const Explanation& one) -> const Array& { return *one.standard_error; }));
    }
    if (first.features) {
        const auto labels = first.features->values();
        core::write_npy_int32(folder / "features.npy", first.features->shape(),
                              std::vector<std::int32_t>(labels.begin(), labels.end()));
    }
    if (!first.further_inputs.empty()) {
        core::write_npz(folder / "further_inputs.npz", first.further_inputs);
    }
    core::write_whole(folder / "explanation.json", explanation_json(explanations, provenance));
}

}  // namespace pellucid::explain
