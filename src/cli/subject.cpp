#include "cli/subject.hpp"

#include <charconv>
#include <chrono>
#include <thread>

#include <fmt/chrono.h>

#include "cli/read_apart.hpp"
#include "core/files.hpp"
#include "engine/plugin.hpp"
#include "explain/layout.hpp"
#include "input/load.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

namespace {

/// Words of a command, split at spaces; single and double quotes keep them together.
std::vector<std::string> words_of(const std::string& command) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool begun = false;
    for (const char letter : command) {
        if (quote != 0) {
            quote = letter == quote ? static_cast<char>(0) : (word += letter, quote);
        } else if (letter == '\'' || letter == '"') {
            quote = letter;
            begun = true;
        } else if (letter == ' ') {
            if (begun) {
                words.push_back(word);
            }
            word.clear();
            begun = false;
        } else {
            word += letter;
            begun = true;
        }
    }
    if (begun) {
        words.push_back(word);
    }
    if (words.empty() || quote != 0) {
        throw Error(ErrorCode::kUsage, "'" + command + "' is no command", "write program:python3 predict.py");
    }
    return words;
}

Shape parse_shape(const std::string& text) {
    Shape shape;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (at < end) {
        std::int64_t extent = 0;
        const auto [stop, failure] = std::from_chars(at, end, extent);
        if (failure != std::errc{} || extent < 1 || (stop != end && *stop != ',')) {
            throw Error(ErrorCode::kUsage, "--shape is '" + text + "'", "it takes extents, such as 3,224,224");
        }
        shape.push_back(extent);
        at = stop + 1;
    }
    return shape;
}

/// The rows of a program: as --shape says, else as the card's picture is laid out.
Shape program_shape(const std::string& given, const Card& card) {
    if (!given.empty()) {
        return parse_shape(given);
    }
    if (card.inputs.empty() || card.inputs[0].layout.empty()) {
        throw Error(ErrorCode::kUsage, "a black-box program needs the shape of a row",
                    "give --shape 3,224,224, or a card with --card");
    }
    const InputCard& input = card.inputs[0];
    Shape shape;
    for (const char axis : input.layout) {
        if (axis != 'N') {
            shape.push_back(axis == 'C' ? (input.color == "gray" ? 1 : 3) : axis == 'H' ? input.height : input.width);
        }
    }
    return shape;
}

/// A program stands where a model does: one that cannot be started is to a script a model that cannot be read.
std::unique_ptr<Predictor> start(const std::vector<std::string>& command, const Shape& row_shape) {
    constexpr std::size_t kMostValues = 1U << 28U;   // a GiB a row: beyond that it is a slip of the pen
    if (element_count(row_shape) > kMostValues) {
        throw Error(ErrorCode::kUsage, "a row of shape " + to_string(row_shape) + " is too large for a program",
                    "give --shape the extents of one row");
    }
    try {
        return make_program_predictor(command, row_shape);
    } catch (const Error& error) {
        const bool not_started = error.code() == ErrorCode::kUsage && !command.front().empty();
        throw not_started ? Error(ErrorCode::kUnreadable, error.what()) : error;
    }
}

std::string now_utc() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

std::string hash_or_empty(const std::string& path) {
    std::error_code failure;
    return std::filesystem::is_regular_file(path, failure) ? core::sha256_file(path) : std::string();
}

}  // namespace

Subject::Subject(const ExplainOptions& options) : options_(options) {
    if (is_program(options.model)) {
        if (!options.card.empty()) {
            card_ = Card::read(options.card);
        }
        predictor_ = start(words_of(options.model.substr(std::string_view("program:").size())),
                           program_shape(options.row_shape, card_));
        return;
    }
    LoadOptions load;
    load.card = options.card;
    load.device = options.device;
    load.precision = options.precision;
    load.threads = options.threads;
    // While the network is read: what needs the processor, and not the network.
    const std::future<void> plugin = engine::load_plugin(options.device);
    model_hash_ = std::async(std::launch::async, hash_or_empty, options.model);
    model_ = load_model(options.model, load);
}

Subject::~Subject() {
    static auto* const left = new std::vector<Model>;
    if (model_) {
        left->push_back(*model_);
    }
}

Input Subject::load(const std::string& source) const {
    if (model_) {
        return input::load(*model_, source, options_.as);
    }
    Shape shape = predictor_->row_shape();
    shape.insert(shape.begin(), -1);
    const std::vector<TensorInfo> inputs{{"input", shape, "f32"}};
    return input::load(input::Taker{inputs, card_}, source, options_.as);
}

explain::Provenance Subject::provenance(const Input& input) const {
    explain::Provenance provenance;
    provenance.model_path = options_.model;
    provenance.model_sha256 = model_ ? model_hash_.get() : std::string();
    provenance.card_path = model_ ? model_->card_path().string() : options_.card;
    provenance.card_sha256 = hash_or_empty(provenance.card_path);
    provenance.input_path = input.source;
    provenance.input_sha256 = hash_or_empty(input.source);
    provenance.threads =
        options_.threads > 0 ? options_.threads : static_cast<int>(std::thread::hardware_concurrency());
    provenance.device = options_.device;
    provenance.precision = options_.precision;
    provenance.time = now_utc();
    return provenance;
}

int Subject::channel_axis() const {
    Request request;
    request.model = model();
    request.predictor = predictor();
    request.card = card();
    const auto axes = explain::picture_axes(explain::space_of(request), 0);
    return axes && axes->channel >= 0 ? axes->channel : 1;
}

}  // namespace pellucid::cli
