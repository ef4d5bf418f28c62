#include <fmt/format.h>

#include "cli/read_apart.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "core/files.hpp"
#include "model/draft.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

void add_card(CLI::App& app) {
    struct Options {
        std::string model, preset, labels, output;
        bool force = false, json = false, quiet = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("card", "a draft of the card: what the model takes and answers");
    verb->add_option("MODEL", options->model, "a network (.onnx, .xml, .tflite, .pb)")->required();
    verb->add_option(
            "--preset", options->preset,
            "how pixels are scaled: imagenet (unit scale, then ImageNet's mean and deviation), tf (-1 to 1), unit "
            "(0 to 1)")
        ->check(CLI::IsMember({"imagenet", "tf", "unit"}));
    verb->add_option("--labels", options->labels, "imagenet, or a file: a label a line, or a JSON list")
        ->check(not_empty());
    verb->add_option("--output", options->output, "where to write it (default: beside the model); - is standard output")
        ->check(not_empty());
    verb->add_flag("--force", options->force, "write over a card that is there");
    verb->add_flag("--json", options->json, "the card on stdout, nothing written");
    verb->add_flag("--quiet", options->quiet, "errors only on stderr");
    verb->footer(
        "Examples:\n"
        "  pellucid card model.onnx --preset imagenet --labels imagenet\n"
        "  pellucid card model.onnx --preset unit --labels names.txt --output -\n"
        "\nEvery guess is marked in the card's notes: read them, then correct the file.");
    verb->callback([options] {
        const Model model = load_model(options->model);
        const Card card = model::draft(model, options->preset, options->labels);
        if (options->json || options->output == "-") {
            print_results(fmt::format("{}\n", card.to_json()));
            return;
        }
        std::filesystem::path path = options->output;
        if (path.empty()) {
            path = std::filesystem::path(options->model).replace_extension(".card.json");
        }
        std::error_code failure;   // a path that cannot even be looked at is refused by the writing
        if (std::filesystem::exists(path, failure) && !options->force) {
            throw Error(ErrorCode::kUsage, "there is a card at " + path.string(), "write over it with --force");
        }
        core::write_whole(path, card.to_json() + "\n");
        for (const std::string& note : card.notes) {
            say("note: " + note, options->quiet);
        }
        print_results(fmt::format("{}\n", path.string()));
    });
}

}  // namespace pellucid::cli
