#include "pellucid/model.hpp"

#include "engine/verify.hpp"
#include "graph/differentiate.hpp"
#include "model/interpret.hpp"
#include "model/network.hpp"
#include "pellucid/error.hpp"

namespace pellucid {

namespace {

namespace fs = std::filesystem;

/// A copy that takes one row, for a network whose first axis is open and must not vary.
std::shared_ptr<ov::Model> at_one_row(const std::shared_ptr<ov::Model>& model) {
    std::map<std::size_t, ov::PartialShape> shapes;
    for (std::size_t index = 0; index < model->inputs().size(); ++index) {
        ov::PartialShape shape = model->input(index).get_partial_shape();
        if (shape.rank().is_static() && shape.size() > 0 && shape[0].is_dynamic()) {
            shape[0] = 1;
            shapes[index] = shape;
        }
    }
    auto copy = model->clone();
    try {
        copy->reshape(shapes);
    } catch (const std::exception&) {
        return model;  // the engine says what it cannot do with it
    }
    return copy;
}

void make_network(Model::Impl& impl) {
    auto guarded = impl.read.model->clone();
    const int rewritten = graph::guard_tied_weights(guarded);
    if (rewritten > 0) {
        guarded->validate_nodes_and_infer_types();
        impl.notes.push_back(std::to_string(rewritten) +
                             " ops read weights that others read another way: they were given copies of their own");
    }
    std::string why_not;
    impl.network = engine::with_dynamic_batch(guarded, why_not);
    if (!impl.network) {
        impl.network = at_one_row(guarded);
        impl.rebatched = false;
        impl.notes.push_back("rows go one a request: " + why_not);
    }
}

/// As the file says; where it says a number of rows that need not be, -1.
std::vector<TensorInfo> infos(std::vector<TensorInfo> as_read, const std::vector<TensorInfo>& as_run) {
    for (std::size_t index = 0; index < as_read.size(); ++index) {
        Shape& shape = as_read[index].shape;
        if (!shape.empty() && shape.front() != 1) {
            shape.front() = as_run[index].shape.empty() ? shape.front() : as_run[index].shape.front();
        }
    }
    return as_read;
}

fs::path find_card(const Model::Impl& impl) {
    if (!impl.options.card.empty()) {
        return impl.options.card;
    }
    fs::path beside = impl.path;
    beside.replace_extension(".card.json");
    std::error_code error;
    for (const fs::path& path : {beside, impl.path.parent_path() / "model.card.json"}) {
        if (fs::is_regular_file(path, error)) {
            return path;
        }
    }
    return {};
}

void make_card(Model::Impl& impl) {
    model::Interpretation found = model::interpret(*impl.network);
    impl.card_path = find_card(impl);
    impl.card_given = !impl.card_path.empty();
    if (impl.card_given) {
        impl.card =
            model::complete(Card::read(impl.card_path), found, *impl.network, impl.card_path.string(), impl.notes);
        impl.kind_guessed.assign(impl.card.outputs.size(), false);
        return;
    }
    for (const model::InputNote& note : found.input_notes) {
        impl.notes.push_back("no card: " + note.all());
    }
    for (const std::string& note : found.output_notes) {
        impl.notes.push_back("no card: " + note);
    }
    impl.card = std::move(found.card);
    impl.kind_guessed = std::move(found.kind_guessed);
}

/// What the engine computes wrong without a word is refused where it is sure, and else told.
void mind_engine_faults(Model::Impl& impl) {
    for (const auto& fault : impl.read.faults) {
        const std::string text = fault.op + " (node '" + fault.node + "'): " + fault.what;
        if (fault.certain) {
            throw Error(ErrorCode::kUnsupported,
                        "the model " + impl.path.string() + " would be computed wrong, at " + text,
                        "export it without that, or explain it as a program (docs/how-to/black-box.md)");
        }
        impl.notes.push_back(text);
    }
}

}  // namespace

Model Model::load(const fs::path& path, const LoadOptions& options) {
    auto impl = std::make_shared<Impl>();
    impl->path = path;
    impl->options = options;
    impl->sessions = model::KeptSessions(options.session_bytes);
    impl->read = graph::read(path);
    mind_engine_faults(*impl);
    make_network(*impl);
    impl->inputs = infos(model::inputs_of(*impl->read.model), model::inputs_of(*impl->network));
    impl->outputs = infos(model::outputs_of(*impl->read.model), model::outputs_of(*impl->network));
    make_card(*impl);
    return Model(std::move(impl));
}

const fs::path& Model::path() const { return impl_->path; }
const LoadOptions& Model::load_options() const { return impl_->options; }
const Card& Model::card() const { return impl_->card; }
bool Model::card_was_given() const { return impl_->card_given; }
const fs::path& Model::card_path() const { return impl_->card_path; }
const std::vector<TensorInfo>& Model::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Model::outputs() const { return impl_->outputs; }
const std::vector<std::string>& Model::notes() const { return impl_->notes; }

namespace model {

engine::CompileOptions compile_options(const Model::Impl& impl, bool single_pass) {
    engine::CompileOptions options;
    options.device = impl.options.device;
    options.precision = impl.options.precision;
    options.threads = impl.options.threads;
    options.cache = impl.options.cache;
    options.single_pass = single_pass;
    options.forced_block = impl.rebatched ? 0 : 1;
    return options;
}

void check_rows(Model::Impl& impl) {
    if (impl.rows_checked || !impl.rebatched) {
        return;
    }
    impl.rows_checked = true;
    std::string why_not;
    if (!engine::rows_are_independent(impl.network, compile_options(impl, true), why_not)) {
        impl.rebatched = false;
        impl.notes.push_back("rows go one a request: " + why_not);
    }
}

}  // namespace model
}  // namespace pellucid
