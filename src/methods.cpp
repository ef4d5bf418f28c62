// The one table of methods. A new method is its file under explain/ and a line here.

#include "pellucid/methods.hpp"

#include <algorithm>
#include <array>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid {

namespace explain {
MethodRow saliency_row();
MethodRow input_x_gradient_row();
MethodRow integrated_gradients_row();
MethodRow smoothgrad_row();
MethodRow grad_cam_row();
MethodRow occlusion_row();
MethodRow lime_row();
}  // namespace explain

std::span<const MethodRow> methods() {
    static const std::array kRows{
        explain::saliency_row(),   explain::input_x_gradient_row(), explain::integrated_gradients_row(),
        explain::smoothgrad_row(), explain::grad_cam_row(),         explain::occlusion_row(),
        explain::lime_row(),
    };
    return kRows;
}

const MethodRow& method(std::string_view name) {
    std::vector<std::string> names;
    for (const MethodRow& row : methods()) {
        if (row.name == name) {
            return row;
        }
        names.emplace_back(row.name);
    }
    throw Error(ErrorCode::kUsage, "unknown method '" + std::string(name) + "'", core::did_you_mean(name, names));
}

}  // namespace pellucid
