#include <algorithm>

#include "core/suggest.hpp"
#include "model/card_names.hpp"
#include "model/interpret.hpp"
#include "model/logits.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

/// A card against the network that it is said to describe.
class Completion {
public:
    Completion(const Interpretation& found, const ov::Model& network, std::string origin,
               std::vector<std::string>& notes)
        : found_(found),
          network_(network),
          inputs_(inputs_of(network)),
          outputs_(outputs_of(network)),
          origin_(std::move(origin)),
          notes_(notes) {}

    [[nodiscard]] std::vector<InputCard> inputs(const std::vector<InputCard>& given) const {
        std::vector<InputCard> cards = found_.card.inputs;
        std::vector<bool> said(cards.size(), false);
        for (std::size_t at = 0; at < given.size(); ++at) {
            const std::string path = "inputs[" + std::to_string(at) + "]";
            const std::size_t index = find(given[at].name, inputs_, path, "input");
            refuse_twice(said, index, path);
            cards[index] = filled(given[at], index, path);
        }
        for (std::size_t index = 0; index < cards.size(); ++index) {
            if (!said[index]) {
                notes_.push_back("the card says nothing of an input: " + found_.input_notes[index].all());
            }
        }
        return cards;
    }

    [[nodiscard]] std::vector<OutputCard> outputs(const std::vector<OutputCard>& given) const {
        std::vector<OutputCard> cards = found_.card.outputs;
        std::vector<bool> said(cards.size(), false);
        for (std::size_t at = 0; at < given.size(); ++at) {
            const std::string path = "outputs[" + std::to_string(at) + "]";
            const std::size_t index = find(given[at].name, outputs_, path, "output");
            refuse_twice(said, index, path);
            cards[index] = filled(given[at], index, path);
        }
        for (std::size_t index = 0; index < cards.size(); ++index) {
            if (!said[index]) {
                notes_.push_back("the card says nothing of an output: " + found_.output_notes[index]);
            }
        }
        return cards;
    }

private:
    [[noreturn]] void fail(const std::string& what, const std::string& remedy = {}) const {
        throw Error(ErrorCode::kUnreadable, "card '" + origin_ + "': " + what, remedy);
    }

    void refuse_twice(std::vector<bool>& said, std::size_t index, const std::string& path) const {
        if (said[index]) {
            fail(path + " describes what another entry describes already");
        }
        said[index] = true;
    }

    [[nodiscard]] std::size_t find(const std::string& name, const std::vector<TensorInfo>& tensors,
                                   const std::string& path, const std::string& role) const {
        if (name.empty() && tensors.size() == 1) {
            return 0;
        }
        std::vector<std::string> names;
        for (std::size_t index = 0; index < tensors.size(); ++index) {
            if (tensors[index].name == name) {
                return index;
            }
            names.push_back(tensors[index].name);
        }
        if (name.empty()) {
            fail(path + " has no name, and the network has " + std::to_string(tensors.size()) + " " + role + "s",
                 core::did_you_mean(name, names));
        }
        fail(path + ".name: the network has no " + role + " '" + name + "'", core::did_you_mean(name, names));
    }

    [[nodiscard]] InputCard filled(InputCard card, std::size_t index, const std::string& path) const {
        const TensorInfo& info = inputs_[index];
        const InputCard& guess = found_.card.inputs[index];
        card.name = info.name;
        if (card.modality != Modality::kImage) {
            return card;
        }
        if (card.layout.empty()) {
            if (guess.layout.empty()) {
                fail(path + ".layout is missing, and the shape " + to_string(info.shape) + " does not tell it");
            }
            card.layout = guess.layout;
            notes_.push_back("the card gives no layout for '" + info.name + "': " + card.layout + " from its shape");
        }
        if (card.layout.size() != info.shape.size()) {
            fail(path + ".layout is " + card.layout + ", and the network takes " + to_string(info.shape));
        }
        card.height = side(card.height, card.layout.find('H'), info, path + ".height");
        card.width = side(card.width, card.layout.find('W'), info, path + ".width");
        const std::size_t channel = card.layout.find('C');
        const auto channels = static_cast<std::int64_t>(channels_of(card));
        const std::int64_t taken = channel == std::string::npos ? 1 : info.shape[channel];
        if (taken >= 0 && taken != channels) {
            fail(path + ": a " + card.color + " picture has " + std::to_string(channels) +
                     " channels, and the network takes " + to_string(info.shape) + " as " + card.layout,
                 taken == 1 ? "say \"color\": \"gray\"" : "");
        }
        return card;
    }

    [[nodiscard]] std::int64_t side(std::int64_t said, std::size_t axis, const TensorInfo& info,
                                    const std::string& path) const {
        constexpr std::int64_t kUsualSide = 224;
        const std::int64_t taken = info.shape[axis];
        if (said > 0 && taken >= 0 && said != taken) {
            fail(path + " is " + std::to_string(said) + ", and the network takes " + to_string(info.shape));
        }
        if (said > 0 || taken >= 0) {
            return said > 0 ? said : taken;
        }
        notes_.push_back("neither card nor graph gives a size for '" + info.name + "': " + std::to_string(kUsualSide) +
                         " was chosen");
        return kUsualSide;
    }

    [[nodiscard]] OutputCard filled(OutputCard card, std::size_t index, const std::string& path) const {
        const TensorInfo& info = outputs_[index];
        card.name = info.name;
        const auto rank = static_cast<int>(info.shape.size());
        card.kind = kind_of(card, index);
        refuse_independent(card, index, path);
        const bool classes = card.kind != OutputKind::kOther && card.kind != OutputKind::kBoxes;
        if (!card.class_axis && (classes || !card.labels.empty()) && rank > 1) {
            card.class_axis = found_.card.outputs[index].class_axis.value_or(1);
        }
        if (card.class_axis) {
            const int axis = *card.class_axis < 0 ? *card.class_axis + rank : *card.class_axis;
            if (axis < 1 || axis >= rank) {
                fail(path + ".class_axis is " + std::to_string(*card.class_axis) + ", and the network answers " +
                     to_string(info.shape));
            }
            card.class_axis = axis;
            check_labels(card, info.shape[static_cast<std::size_t>(axis)], path);
        }
        return card;
    }

    /// As the card says, but where the graph is seen to answer probabilities: a softmax more would be wrong.
    [[nodiscard]] OutputKind kind_of(const OutputCard& card, std::size_t index) const {
        const auto made = made_in_graph(network_.get_results()[index]->input_value(0));
        if (card.kind != OutputKind::kLogits || !made || !find_logits(network_, index, 1).found.empty()) {
            return card.kind;
        }
        notes_.push_back("the card calls output '" + card.name +
                         "' logits, and the graph makes it of softmaxes or sigmoids: it is taken as " + name_of(*made));
        return *made;
    }

    void refuse_independent(const OutputCard& card, std::size_t index, const std::string& path) const {
        const std::string found = find_logits(network_, index, 1).found;
        if (card.independent && found != "sigmoid" && !found.empty()) {
            fail(path + ".independent is true, and a " + found + " over the classes ends the graph",
                 "leave it out, or export the model with a sigmoid or none");
        }
    }

    void check_labels(const OutputCard& card, std::int64_t classes, const std::string& path) const {
        const auto count = static_cast<std::int64_t>(card.labels.size());
        const bool yes_or_no = classes == 1 && count == 2;
        if (count > 0 && classes >= 0 && count != classes && !yes_or_no) {
            fail(path + ".labels has " + std::to_string(count) + " labels, and the network answers " +
                 std::to_string(classes) + " classes");
        }
    }

    const Interpretation& found_;
    const ov::Model& network_;
    std::vector<TensorInfo> inputs_, outputs_;
    std::string origin_;
    std::vector<std::string>& notes_;
};

}  // namespace

Card complete(const Card& given, const Interpretation& found, const ov::Model& network, const std::string& origin,
              std::vector<std::string>& notes) {
    const Completion completion(found, network, origin, notes);
    Card card = given;
    card.task = given.task.empty() ? found.card.task : given.task;
    card.inputs = completion.inputs(given.inputs);
    card.outputs = completion.outputs(given.outputs);
    return card;
}

}  // namespace pellucid::model
