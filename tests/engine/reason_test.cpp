// What of the engine's words reaches a user, and which devices are asked for in vain.

#include <gtest/gtest.h>

#include "engine/core.hpp"
#include "engine/nets.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace {

namespace op = ov::opset16;
using namespace pellucid;
using namespace pellucid::engine;

TEST(EngineReason, LeavesOutPlacesInTheEnginesSource) {
    const std::runtime_error thrown(
        "Exception from src/core/src/model.cpp:12:\n"
        "Check 'backward_compatible_check(a, b[0])' failed at src/core/include/reshape.hpp:325:\n"
        "While validating node 'opset1::Reshape Reshape_12 (opset1::Relu a[0]:f32[2,8]) -> (f32[1,8])' with "
        "friendly_name 'head/reshape':\n"
        "Shape inference input shapes {[2,8],[2]}\n"
        "Requested output shape [1,8] is incompatible with input shape\n");
    EXPECT_EQ(
        engine_reason(thrown),
        "at 'head/reshape': Shape inference input shapes {[2,8],[2]} Requested output shape [1,8] is incompatible "
        "with input shape");
}

TEST(EngineReason, KeepsWordsOnTheLineOfACheck) {
    EXPECT_EQ(engine_reason(std::runtime_error("Check 'false' failed at src/plugin.cpp:9: no such thing")),
              "no such thing");
    EXPECT_EQ(engine_reason(std::runtime_error("plain words: 'quoted' at 3:4")), "plain words: 'quoted' at 3:4");
    EXPECT_EQ(engine_reason(std::runtime_error("Check 'x' failed at a/b.cpp:1:\n")), "no reason given");
}

TEST(EngineReason, OfAGraphThatCannotBeReshaped) {
    const auto x = nets::rows("x", {8});
    const auto shape = op::Constant::create(ov::element::i64, {2}, {1, 8});
    const auto model = nets::named({std::make_shared<op::Reshape>(x, shape, false)}, {x});
    try {
        model->reshape(ov::PartialShape{2, 8});
        FAIL() << "the engine takes it now: find another graph";
    } catch (const std::exception& error) {
        const std::string reason = engine_reason(error);
        for (const char* inside : {"Exception from", "Check '", ".cpp", ".hpp", "While validating"}) {
            EXPECT_EQ(reason.find(inside), std::string::npos) << inside << " in: " << reason;
        }
        EXPECT_NE(reason, "no reason given") << error.what();
    }
}

TEST(Device, ThatIsNotThereIsRefusedWithThoseThatAre) {
    for (const char* device : {"TOASTER", "CPU.7", ""}) {
        try {
            check_device(device);
            ADD_FAILURE() << device;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
            EXPECT_NE(std::string(error.what()).find("it can use: CPU"), std::string::npos) << error.what();
        }
    }
    EXPECT_NO_THROW(check_device("CPU"));
    EXPECT_NO_THROW(check_device("HETERO:CPU"));
    CompileOptions options;
    options.device = "TOASTER";
    EXPECT_THROW(static_cast<void>(compile_properties(options)), Error);
}

}  // namespace
