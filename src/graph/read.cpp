#include "graph/read.hpp"

#include <new>
#include <set>

#include "core/files.hpp"
#include "graph/onnx_file.hpp"
#include "openvino/frontend/manager.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/util/multi_subgraph_base.hpp"
#include "openvino/opsets/opset.hpp"
#include "openvino/pass/constant_folding.hpp"
#include "openvino/pass/manager.hpp"
#include "ops/register.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {

namespace {

namespace fs = std::filesystem;

struct Format {
    const char* extension;
    const char* name;       ///< as `inspect` says it
    const char* front_end;  ///< as OpenVINO calls it
};
/// Those of which a sample is read in the tests.
constexpr std::array kFormats{Format{".onnx", "onnx", "onnx"}, Format{".xml", "ir", "ir"},
                              Format{".tflite", "tflite", "tflite"}, Format{".pb", "tensorflow", "tf"}};

[[noreturn]] void refuse(const fs::path& path, const std::string& why, const std::string& remedy = {}) {
    throw Error(ErrorCode::kUnreadable, "cannot read the model " + path.string() + ": " + why, remedy);
}

const Format& format_of(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    for (const Format& format : kFormats) {
        if (extension == format.extension) {
            return format;
        }
    }
    refuse(path, "its extension '" + extension + "' is none that Pellucid reads",
           "it reads .onnx, .xml (OpenVINO), .tflite and .pb (a frozen graph of TensorFlow)");
}

void check_file(const fs::path& path) {
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    if (!fs::exists(status)) {
        refuse(path, "there is no such file");
    }
    if (fs::is_directory(status)) {
        refuse(path, "it is a folder");
    }
    if (!fs::is_regular_file(status)) {   // it is read twice: by the checks, then by the engine
        refuse(path, "it is a pipe or a device", "copy the network into a file");
    }
    if (fs::file_size(path, failure) == 0 && !failure) {
        refuse(path, "it is empty");
    }
}

/// A file named in a model must lie in the model's folder: a model that comes from elsewhere may not read other files.
void check_external(const fs::path& path, const std::string& location) {
    const fs::path relative = fs::path(location).lexically_normal();
    if (relative.is_absolute() || relative.empty() || *relative.begin() == "..") {
        refuse(path, "its weights lie outside its folder, in '" + location + "'",
               "put them beside the model and name them without a path");
    }
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    std::error_code failure;
    if (!fs::is_regular_file(folder / relative, failure)) {
        refuse(path, "the file of its weights, '" + location + "', is not beside it");
    }
    const fs::path real = fs::canonical(folder / relative, failure);
    const fs::path inside = real.lexically_relative(fs::canonical(folder, failure));
    if (inside.empty() || *inside.begin() == "..") {
        refuse(path, "its weights lie outside its folder, behind the link '" + location + "'");
    }
}

void check_onnx(const fs::path& path, ReadModel& read) {
    const std::vector<std::byte> bytes = core::read_whole(path);
    const OnnxOutline outline = outline_onnx(bytes);
    if (!outline.well_formed) {
        refuse(path, "it is truncated, or no ONNX model");
    }
    for (const std::string& location : outline.external) {
        check_external(path, location);
    }
    read.opset = "onnx " + std::to_string(outline.opset);
    read.faults = find_engine_faults(bytes);
}

void check_tensorflow(const fs::path& path) {
    if (!is_frozen_graph(core::read_whole(path))) {
        refuse(path, "it is truncated, or no frozen graph of TensorFlow");
    }
}

std::string check_ir(const fs::path& path) {
    const IrOutline outline = outline_ir(core::read_whole(path, std::size_t{1} << 30U));
    if (!outline.begins) {
        refuse(path, "it is no OpenVINO model (there is no <net> in it)");
    }
    if (!outline.ends) {
        refuse(path, "it is truncated (its <net> has no end)");
    }
    std::error_code failure;
    if (!fs::is_regular_file(fs::path(path).replace_extension(".bin"), failure)) {
        refuse(path, "the file of its weights, " + path.stem().string() + ".bin, is not beside it");
    }
    constexpr std::size_t kLongest = 9;   // digits that fit into the engine's number
    if (outline.version.size() > kLongest || outline.version.find_first_not_of("0123456789") != std::string::npos) {
        refuse(path, "its version '" + outline.version + "' is no number of a format");
    }
    return outline.version.empty() ? "ir" : "ir " + outline.version;
}

/// The part of the engine's message that tells a user something: source positions and checks are dropped.
std::string reason_of(const std::string& message) {
    std::string reason;
    std::size_t begin = 0;
    while (begin < message.size()) {
        const std::size_t end = std::min(message.find('\n', begin), message.size());
        const std::string line = message.substr(begin, end - begin);
        const bool noise = line.find_first_not_of(" \t:") == std::string::npos || line.starts_with("Check '") ||
                           line.starts_with("Exception from ") || line.find("FrontEnd API failed") != std::string::npos;
        if (!noise && reason.size() < 300) {
            reason += (reason.empty() ? "" : " ") + line;
        }
        begin = end + 1;
    }
    return reason.empty() ? message.substr(0, 200) : reason.substr(0, 400);
}

std::shared_ptr<ov::Model> convert(const fs::path& path, const Format& format) {
    try {
        ov::frontend::FrontEndManager manager;
        const auto front_end = manager.load_by_framework(format.front_end);
        if (!front_end) {
            refuse(path, std::string("this installation has no reader for ") + format.name);
        }
        for (const auto& extension : ops::extensions()) {
            front_end->add_extension(extension);
        }
        const auto loaded = front_end->load(path.string());
        if (!loaded) {
            refuse(path, std::string("it is no model of the format ") + format.name);
        }
        return front_end->convert(loaded);
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        refuse(path, "it asks for more memory than there is");
    } catch (const std::exception& error) {
        refuse(path, reason_of(error.what()));
    }
}

/// Whether a name is one that the engine's counter made: `Concat_5206`. A constant that a front end folded has that of
/// the node it was folded from; of ONNX and IR they keep the file's, which may look the same.
bool is_counted(const ov::Node& node, bool folded_inside) {
    const std::string& name = node.get_friendly_name();
    const std::size_t line = name.find_last_of('_');
    if (name == node.get_name() || !folded_inside || line == std::string::npos) {
        return name == node.get_name();
    }
    return ov::is_type<ov::op::v0::Constant>(&node) && line + 1 < name.size() &&
           name.find_first_not_of("0123456789", line + 1) == std::string::npos &&
           ov::get_opset16().contains_type(name.substr(0, line));
}

/// Names are how users and caches find nodes: the second node of a name gets a number. A node that nobody named has a
/// counter of the process in its name, which would differ from run to run: it is named by its type and its place.
void make_names_unique(ov::Model& model, bool folded_inside) {
    std::set<std::string> taken;
    std::size_t place = 0;
    for (const auto& node : model.get_ordered_ops()) {
        const bool unnamed = is_counted(*node, folded_inside);
        const std::string name =
            unnamed ? std::string(node->get_type_name()) + "#" + std::to_string(place) : node->get_friendly_name();
        std::string unique = name;
        for (int number = 2; !taken.insert(unique).second; ++number) {
            unique = name + "#" + std::to_string(number);
        }
        if (unnamed || unique != name) {
            node->set_friendly_name(unique);
        }
        if (const auto holder = ov::as_type_ptr<ov::op::util::MultiSubGraphOp>(node)) {
            for (const auto& body : holder->get_functions()) {
                make_names_unique(*body, folded_inside);
            }
        }
        ++place;
    }
}

/// What is open in number of axes has no batch, no classes and no positions that anything here could speak of.
void check_ranks(const fs::path& path, const ov::Model& model) {
    const auto check = [&path](const ov::Output<const ov::Node>& tensor, const char* what) {
        if (tensor.get_partial_shape().rank().is_dynamic()) {
            const std::string name = tensor.get_names().empty() ? "" : " '" + tensor.get_any_name() + "'";
            throw Error(ErrorCode::kUnsupported,
                        "the model " + path.string() + ": the number of axes of its " + what + name + " is open",
                        "export it with a shape; extents of axes may stay open");
        }
    };
    for (const auto& input : model.inputs()) {
        check(input, "input");
    }
    for (const auto& output : model.outputs()) {
        check(output, "output");
    }
}

/// A few bytes of a file may ask for a constant that fills the memory, and folding would make it.
void check_sizes(const fs::path& path, const ov::Model& model) {
    constexpr double kMostBytes = 0x1p33;
    for (const auto& node : model.get_ordered_ops()) {
        for (const auto& output : node->outputs()) {
            const ov::PartialShape& shape = output.get_partial_shape();
            double bytes = static_cast<double>(output.get_element_type().bitwidth()) / 8.0;
            for (std::size_t axis = 0; shape.is_static() && axis < shape.size(); ++axis) {
                bytes *= static_cast<double>(shape[axis].get_length());
            }
            if (bytes > kMostBytes) {
                refuse(path, "a tensor in it, " + node->get_friendly_name() + ", is larger than 8 GiB");
            }
        }
    }
}

}  // namespace

ReadModel read(const fs::path& path) {
    check_file(path);
    const Format& format = format_of(path);
    ReadModel read;
    read.format = format.name;
    if (read.format == "onnx") {
        check_onnx(path, read);
    } else if (read.format == "ir") {
        read.opset = check_ir(path);
    } else if (read.format == "tensorflow") {
        check_tensorflow(path);
    }
    read.model = convert(path, format);
    if (read.model->inputs().empty() || read.model->outputs().empty()) {
        refuse(path, "it has no input or no output");
    }
    check_ranks(path, *read.model);
    check_sizes(path, *read.model);
    // Before folding too: a folded constant inherits the name of what it was folded from.
    const bool folded_inside = read.format != "onnx" && read.format != "ir";
    make_names_unique(*read.model, folded_inside);
    try {
        ov::pass::Manager passes;
        passes.register_pass<ov::pass::ConstantFolding>();
        passes.run_passes(read.model);
    } catch (const std::bad_alloc&) {
        refuse(path, "it asks for more memory than there is");
    } catch (const std::exception& error) {
        refuse(path, reason_of(error.what()));
    }
    make_names_unique(*read.model, folded_inside);
    for (auto& fault : find_engine_faults(*read.model)) {
        read.faults.push_back(std::move(fault));
    }
    return read;
}

}  // namespace pellucid::graph
