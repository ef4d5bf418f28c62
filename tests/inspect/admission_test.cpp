// What inspect says of a method is what explain then does, for small networks of every shape that comes.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "openvino/op/add.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/convolution.hpp"
#include "openvino/op/gather.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/relu.hpp"
#include "openvino/op/round.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/pass/serialize.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
namespace op = ov::op;
using nlohmann::json;
using Value = ov::Output<ov::Node>;

Value constant(const ov::Shape& shape) {
    std::vector<float> values(ov::shape_size(shape));
    for (std::size_t at = 0; at < values.size(); ++at) {
        values[at] = 0.25F * static_cast<float>(static_cast<int>(at * 7 % 11) - 5);
    }
    return op::v0::Constant::create(ov::element::f32, shape, values);
}

Value linear(const Value& x, std::size_t from, std::size_t to) {
    return std::make_shared<op::v1::Add>(std::make_shared<op::v0::MatMul>(x, constant({from, to})), constant({1, to}));
}

Value relu(const Value& x) { return std::make_shared<op::v0::Relu>(x); }

Value convolved(const Value& x, std::size_t from, std::size_t to, std::size_t axes = 2) {
    ov::Shape kernel{to, from};
    kernel.resize(2 + axes, 3);
    const ov::Strides one(axes, 1);
    const ov::CoordinateDiff pad(axes, 1);
    return std::make_shared<op::v1::Convolution>(x, constant(kernel), one, pad, pad, one);
}

Value mean(const Value& x, const std::vector<std::int64_t>& axes) {
    return std::make_shared<op::v1::ReduceMean>(x, op::v0::Constant::create(ov::element::i64, {axes.size()}, axes),
                                                false);
}

/// Inputs without their batch, and what is made of them.
struct Net {
    const char* name;
    std::vector<Shape> inputs;
    std::function<Value(const ov::OutputVector&)> make;
    ov::element::Type type = ov::element::f32;
};
void PrintTo(const Net& net, std::ostream* out) { *out << net.name; }

const std::vector<Net>& nets() {
    static const std::vector<Net> all{
        {"perceptron", {{6}}, [](const auto& x) { return linear(relu(linear(x[0], 6, 5)), 5, 3); }},
        {"picture",
         {{3, 12, 12}},
         [](const auto& x) { return linear(mean(relu(convolved(x[0], 3, 4)), {2, 3}), 4, 3); }},
        {"gray_probabilities",
         {{1, 12, 12}},
         [](const auto& x) -> Value {
             return std::make_shared<op::v8::Softmax>(linear(mean(relu(convolved(x[0], 1, 4)), {2, 3}), 4, 3), 1);
         }},
        {"segmentation", {{3, 12, 12}}, [](const auto& x) { return convolved(relu(convolved(x[0], 3, 4)), 4, 3); }},
        {"series", {{2, 16}}, [](const auto& x) { return linear(mean(relu(convolved(x[0], 2, 4, 1)), {2}), 4, 3); }},
        {"regression", {{6}}, [](const auto& x) { return linear(relu(linear(x[0], 6, 5)), 5, 1); }},
        {"tokens",
         {{5}},
         [](const auto& x) {
             const auto rows = std::make_shared<op::v8::Gather>(constant({9, 4}), x[0],
                                                                op::v0::Constant::create(ov::element::i64, {}, {0}));
             return linear(mean(rows, {1}), 4, 3);
         },
         ov::element::i64},
        {"two_inputs",
         {{6}, {4}},
         [](const auto& x) -> Value {
             return std::make_shared<op::v1::Multiply>(linear(x[0], 6, 3), linear(x[1], 4, 3));
         }},
        {"steps",
         {{6}},
         [](const auto& x) {
             using Mode = op::v5::Round::RoundMode;
             return linear(std::make_shared<op::v5::Round>(linear(x[0], 6, 5), Mode::HALF_TO_EVEN), 5, 3);
         }},
    };
    return all;
}

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "pellucid-inspect-XXXXXX").string();
        path = mkdtemp(name.data());
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path path;
};

fs::path save(const Net& net, const Folder& folder) {
    ov::ParameterVector parameters;
    ov::OutputVector inputs;
    for (const Shape& shape : net.inputs) {
        std::vector<ov::Dimension> extents{-1};
        extents.insert(extents.end(), shape.begin(), shape.end());
        parameters.push_back(std::make_shared<op::v0::Parameter>(net.type, ov::PartialShape(extents)));
        parameters.back()->set_friendly_name("x" + std::to_string(parameters.size()));
        inputs.push_back(parameters.back());
    }
    const auto model = std::make_shared<ov::Model>(ov::OutputVector{net.make(inputs)}, parameters, net.name);
    const std::string stem = (folder.path / net.name).string();
    ov::pass::Serialize(stem + ".xml", stem + ".bin").run_on_model(model);
    return stem + ".xml";
}

Input sample_of(const Model& model, const Net& net) {
    Input input;
    input.source = "sample";
    for (std::size_t index = 0; index < net.inputs.size(); ++index) {
        Shape shape = net.inputs[index];
        shape.insert(shape.begin(), 1);
        Array values(shape);
        for (std::size_t at = 0; at < values.size(); ++at) {
            values[at] = net.type.is_real() ? 0.1F * static_cast<float>(at % 13) - 0.3F : static_cast<float>(at % 9);
        }
        input.tensors.emplace(model.inputs()[index].name, values);
    }
    return input;
}

/// Few samples: whether it runs is asked, not how well.
std::map<std::string, std::string> cheap(const MethodRow& row) {
    std::map<std::string, std::string> options;
    for (const OptionField& field : row.options()) {
        if (field.name == "num_samples") {
            options["num_samples"] = "12";
        }
    }
    return options;
}

class Admission : public ::testing::TestWithParam<Net> {};

TEST_P(Admission, IsWhatExplainDoes) {
    const Folder folder;
    LoadOptions load;
    load.cache = false;
    const Model model = Model::load(save(GetParam(), folder), load);
    const Input input = sample_of(model, GetParam());
    for (const MethodRow& row : methods()) {
        Request request;
        request.model = &model;
        request.input = &input;
        request.targets = {Target::index(0)};
        request.options = cheap(row);
        const std::string reason = row.refuse(model, {});
        std::string met = "it ran";
        try {
            const auto explanations = run(row, request);
            EXPECT_EQ(explanations.size(), 1U) << row.name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << row.name << ": " << error.what();
            met = error.what();
        }
        EXPECT_EQ(met == "it ran", reason.empty()) << row.name << " is told '" << reason << "', and " << met;
    }
}

INSTANTIATE_TEST_SUITE_P(Nets, Admission, ::testing::ValuesIn(nets()),
                         [](const ::testing::TestParamInfo<Net>& each) { return std::string(each.param.name); });

int shell(const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Inspect, NamesTheOptionThatAdmitsAMethod) {
    const Folder folder;
    const fs::path model = save(nets().front(), folder);
    const std::string cli = "cd '" + folder.path.string() + "' && PELLUCID_CACHE=cache '" PELLUCID_CLI "' ";
    ASSERT_EQ(shell(cli + "inspect perceptron.xml --json > inspected.json"), 0);
    ASSERT_EQ(shell(cli + "inspect perceptron.xml > inspected.txt"), 0);
    std::ifstream file(folder.path / "inspected.json");
    const json inspected = json::parse(file);
    std::map<std::string, json> methods;
    for (const json& method : inspected.at("methods")) {
        methods[method.at("name")] = method;
    }
    EXPECT_FALSE(methods.at("lime").at("admitted"));
    EXPECT_EQ(methods.at("lime").at("admitted_with"), "segments");
    EXPECT_FALSE(methods.at("grad-cam").contains("admitted_with"));
    std::ifstream text(folder.path / "inspected.txt");
    const std::string shown{std::istreambuf_iterator<char>(text), {}};
    EXPECT_NE(shown.find("with segments"), std::string::npos) << shown;

    core::write_npy(folder.path / "x.npy", Array({1, 6}, {1, 2, 3, 4, 5, 6}));
    core::write_npy(folder.path / "groups.npy", Array({1, 6}, {0, 0, 1, 1, 2, 2}));
    const std::string explain = cli + "explain perceptron.xml x.npy --quiet --method lime ";
    EXPECT_EQ(shell(explain + "2> /dev/null > /dev/null"), 4);
    EXPECT_EQ(shell(explain + "--set segments=groups.npy --set num_samples=20 > /dev/null"), 0);
}

}  // namespace
}  // namespace pellucid
