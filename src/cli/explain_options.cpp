#include "cli/explain_options.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "cli/terminal.hpp"
#include "core/suggest.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

CLI::App* declare_explain(CLI::App& app, const std::shared_ptr<ExplainOptions>& options) {
    CLI::App* verb = app.add_subcommand("explain", "why this answer, for these inputs");
    verb->add_option(
            "MODEL", options->model,
            "a network (.onnx, .xml, .tflite, .pb), or program:COMMAND for a black box (docs/how-to/black-box.md)")
        ->required();
    verb->add_option("INPUT", options->inputs, "pictures, .npy, .npz; - is standard input, with --as");
    verb->add_option("--method", options->methods, "one or several, separated by commas; see pellucid methods")
        ->required();
    verb->add_option(
        "--target", options->target,
        "top1, top5, INDEX, LABEL, A,B, margin:A-B, mask:FILE, OUTPUT[0,:,5].sum (default top1; LIME's: its "
        "top_labels)");
    verb->add_option("--score", options->score, "logit, probability or log-probability (default: the method's)");
    verb->add_option("--output", options->output, "folder for the results")->check(not_empty())->capture_default_str();
    verb->add_option("--set", options->set, "KEY=VALUE, an option of a method; METHOD.KEY=VALUE where several run")
        ->expected(1)
        ->take_all();
    verb->add_option("--seed", options->seed, "of all that is random")
        ->check(whole_number(std::numeric_limits<std::uint64_t>::max()))
        ->capture_default_str();
    verb->add_option("--budget", options->budget, "of each method on each input: 30s, 5min, or 2000 model evaluations");
    verb->add_option("--memory", options->memory,
                     "bound on rows in flight, such as 2GiB (default: a quarter of the machine's)");
    verb->add_option("--threads", options->threads, "processor threads (default, and 0: all)")
        ->check(whole_number(1024));
    verb->add_option("--device", options->device, "where the network runs")->check(not_empty())->capture_default_str();
    verb->add_option("--precision", options->precision, "f32, bf16 or f16")
        ->check(CLI::IsMember({"f32", "bf16", "f16"}))
        ->capture_default_str();
    verb->add_option("--card", options->card, "what the model takes and answers (default: the card beside the model)")
        ->check(not_empty());
    verb->add_option("--as", options->as, "read every input as image, npy or npz, whatever its name")
        ->check(not_empty());
    verb->add_option("--text", options->text,
                     "a text in place of INPUT (no network that takes texts is supported yet)");
    verb->add_option("--shape", options->row_shape, "with program: the shape of one row, such as 3,224,224")
        ->check(not_empty());
    verb->add_flag("--plan", options->plan, "print evaluations, seconds and peak memory, and stop");
    verb->add_flag("--json", options->json, "one JSON document on stdout in place of the table");
    verb->add_flag("--quiet", options->quiet, "errors only on stderr");
    verb->footer(
        "Examples:\n"
        "  pellucid explain model.onnx photo.jpg --method grad-cam\n"
        "  pellucid explain model.onnx a.png b.png --method integrated-gradients,lime --target \"tabby cat\"\n"
        "  pellucid explain model.onnx photo.jpg --method lime --set num_samples=3000 --budget 30s\n"
        "  pellucid explain model.onnx photo.jpg --method occlusion --set window=24 --set stride=8 --plan\n"
        "\nFor each input and method, under the output folder: explanation.json, attribution.npy, overlay.png.");
    return verb;
}

std::vector<const MethodRow*> named_methods(const std::string& names) {
    std::vector<const MethodRow*> rows;
    std::size_t begin = 0;
    while (begin <= names.size()) {
        const std::size_t comma = std::min(names.find(',', begin), names.size());
        const MethodRow* row = &method(model::trimmed(std::string_view(names).substr(begin, comma - begin)));
        if (std::find(rows.begin(), rows.end(), row) != rows.end()) {
            throw Error(ErrorCode::kUsage, "--method names " + std::string(row->name) + " twice");
        }
        rows.push_back(row);
        begin = comma + 1;
    }
    return rows;
}

namespace {

bool has_option(const MethodRow& row, const std::string& name) {
    const auto fields = row.options();
    return std::any_of(fields.begin(), fields.end(), [&name](const OptionField& field) { return field.name == name; });
}

std::vector<std::string> all_options(const std::vector<const MethodRow*>& rows) {
    std::vector<std::string> names;
    for (const MethodRow* row : rows) {
        for (const OptionField& field : row->options()) {
            names.push_back(field.name);
        }
    }
    return names;
}

}  // namespace

std::map<std::string, std::string> options_for(const MethodRow& row, const std::vector<const MethodRow*>& rows,
                                               const std::vector<std::string>& set) {
    std::map<std::string, std::string> options;
    std::set<std::string> seen;
    for (const std::string& text : set) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error(ErrorCode::kUsage, "--set is '" + text + "'", "it takes KEY=VALUE, such as num_samples=2000");
        }
        std::string key = text.substr(0, equals);
        if (!seen.insert(key).second) {
            throw Error(ErrorCode::kUsage, "--set names " + key + " twice");
        }
        const std::size_t dot = key.find('.');
        if (dot != std::string::npos) {
            const MethodRow& named = method(key.substr(0, dot));
            if (std::find(rows.begin(), rows.end(), &named) == rows.end()) {
                throw Error(ErrorCode::kUsage, "--set " + text + " is for " + std::string(named.name) +
                                                   ", which is not among the methods of this run");
            }
            key = key.substr(dot + 1);
            if (!has_option(named, key)) {
                const auto names = all_options({&named});
                throw Error(ErrorCode::kUsage, std::string(named.name) + " has no option '" + key + "'",
                            names.empty() ? "it has none" : core::did_you_mean(key, names));
            }
            if (&named == &row) {
                options[key] = text.substr(equals + 1);
            }
            continue;
        }
        const std::vector<std::string> names = all_options(rows);
        if (std::find(names.begin(), names.end(), key) == names.end()) {
            const std::string whose = rows.size() == 1 ? std::string(row.name) + " has" : "none of these methods has";
            throw Error(ErrorCode::kUsage, whose + (rows.size() == 1 ? " no" : " an") + " option '" + key + "'",
                        names.empty() ? "see pellucid methods" : core::did_you_mean(key, names));
        }
        if (has_option(row, key) && options.count(key) == 0) {
            options[key] = text.substr(equals + 1);
        }
    }
    return options;
}

}  // namespace pellucid::cli
