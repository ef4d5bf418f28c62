#include "explain/layout.hpp"

#include "pellucid/error.hpp"

namespace pellucid::explain {

InputSpace space_of(const Request& request) {
    if (request.predictor == nullptr) {
        if (request.model == nullptr) {
            throw Error(ErrorCode::kUsage, "there is no model and no predictor to explain");
        }
        return {request.model->inputs(), request.model->card()};
    }
    Shape shape = request.predictor->row_shape();
    shape.insert(shape.begin(), -1);
    return {{{"input", shape, "f32"}}, request.card == nullptr ? Card{} : *request.card};
}

const InputCard* card_of(const InputSpace& space, std::size_t index) {
    const std::string& name = space.inputs[index].name;
    for (const InputCard& card : space.card.inputs) {
        if (card.name == name || (card.name.empty() && space.inputs.size() == 1)) {
            return &card;
        }
    }
    return nullptr;
}

std::optional<PictureAxes> picture_axes(const InputSpace& space, std::size_t index) {
    const InputCard* card = card_of(space, index);
    if (card == nullptr || card->modality != Modality::kImage) {
        return std::nullopt;
    }
    const auto height = card->layout.find('H');
    const auto width = card->layout.find('W');
    if (height == std::string::npos || width == std::string::npos) {
        return std::nullopt;
    }
    const auto channel = card->layout.find('C');
    return PictureAxes{channel == std::string::npos ? -1 : static_cast<int>(channel), static_cast<int>(height),
                       static_cast<int>(width)};
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis > 1; --axis) {
        strides[axis - 2] = strides[axis - 1] * shape[axis - 1];
    }
    return strides;
}

}  // namespace pellucid::explain
