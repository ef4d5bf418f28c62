#include "engine/cache.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "core/files.hpp"
#include "core/scratch.hpp"
#include "engine/compiled_session.hpp"
#include "engine/nets.hpp"
#include "engine/rows.hpp"
#include "openvino/opsets/opset16.hpp"
#include "ops/max_pool_backward/max_pool_backward.hpp"

namespace {

namespace op = ov::opset16;
namespace fs = std::filesystem;
using namespace pellucid;
using namespace pellucid::engine;

/// PELLUCID_CACHE for the length of a test.
class CacheFolder {
public:
    explicit CacheFolder(const std::string& folder) {
        const char* before = std::getenv("PELLUCID_CACHE");
        before_ = before == nullptr ? "" : before;
        ::setenv("PELLUCID_CACHE", folder.c_str(), 1);
    }
    CacheFolder(const CacheFolder&) = delete;
    CacheFolder& operator=(const CacheFolder&) = delete;
    ~CacheFolder() { ::setenv("PELLUCID_CACHE", before_.c_str(), 1); }

private:
    std::string before_;
};

struct Compiled {
    std::shared_ptr<Session> session;
    bool hit;
};

Compiled compile(const std::shared_ptr<ov::Model>& model) {
    CompileOptions options;
    options.threads = 2;
    auto session = Session::compile(model, options);
    const bool hit = dynamic_cast<CompiledSession&>(*session).from_cache();
    return {std::move(session), hit};
}

bool mentions(const Session& session, const std::string& word) {
    const auto notes = session.notes();
    return std::any_of(notes.begin(), notes.end(),
                       [&](const std::string& note) { return note.find(word) != std::string::npos; });
}

std::vector<fs::path> graphs_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".graph") {
            files.push_back(entry.path());
        }
    }
    return files;
}

TEST(GraphCache, TheSameGraphBuiltTwiceHitsWithTheSameBits) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    const Compiled first = compile(nets::small_cnn(24, 4));
    const Compiled second = compile(nets::small_cnn(24, 4));
    EXPECT_FALSE(first.hit);
    EXPECT_TRUE(second.hit);
    EXPECT_TRUE(nets::same_bits(nets::answers(*first.session, 20), nets::answers(*second.session, 20)));
    // Other weights, another precision or other shapes are other graphs.
    EXPECT_FALSE(compile(nets::small_cnn(24, 5)).hit);
    EXPECT_FALSE(compile(nets::small_cnn(25, 4)).hit);
}

/// The engine counts the nodes of a process, and calls those without a name by their number.
TEST(GraphCache, WhatWasBuiltBeforeMakesNoOtherGraph) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    const auto unnamed = [](float slope) {
        const auto x = std::make_shared<op::Parameter>(ov::element::f32, ov::PartialShape{-1, 3});
        x->set_friendly_name("x");
        x->output(0).set_names({"x"});
        const auto leaky = std::make_shared<op::PRelu>(x, op::Constant::create(ov::element::f32, {1}, {slope}));
        const auto y = std::make_shared<op::Tanh>(leaky);
        y->output(0).set_names({"y"});
        return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
    };
    EXPECT_FALSE(compile(unnamed(0.25F)).hit);
    EXPECT_TRUE(compile(unnamed(0.25F)).hit);
    EXPECT_FALSE(compile(unnamed(0.5F)).hit);
}

/// Compiles into the folder that the environment names; run by the next test in a process of its own.
TEST(GraphCache, FillsTheFolderItIsGiven) {
    const core::Scratch scratch;
    const char* given = std::getenv("PELLUCID_TEST_CACHE");
    const fs::path where = given == nullptr ? scratch.path() : fs::path(given);
    const CacheFolder folder(where.string());
    compile(nets::small_cnn(24, 4));
    EXPECT_EQ(graphs_in(where).size(), 1U);
}

TEST(GraphCache, SurvivesTheProcess) {
    const core::Scratch scratch;
    const std::string program = fs::read_symlink("/proc/self/exe").string();
    const std::string command = "PELLUCID_TEST_CACHE='" + scratch.path().string() + "' '" + program +
                                "' --gtest_filter=GraphCache.FillsTheFolderItIsGiven >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const CacheFolder folder(scratch.path().string());
    EXPECT_TRUE(compile(nets::small_cnn(24, 4)).hit);
}

TEST(GraphCache, DamagedFilesAreRebuiltNotTrusted) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    const auto wanted = nets::answers(*compile(nets::small_cnn(24, 4)).session, 20);
    ASSERT_EQ(graphs_in(scratch.path()).size(), 1U);
    const fs::path file = graphs_in(scratch.path()).front();
    const auto whole = core::read_whole(file);
    std::vector<std::vector<std::byte>> damages;
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{20}, whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
        damages.push_back(whole);
        damages.back()[at] ^= std::byte{0x10};
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{64}, std::size_t{100}, whole.size() / 2}) {
        damages.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    }
    for (const auto& damage : damages) {
        core::write_whole(file, damage, false);
        const Compiled rebuilt = compile(nets::small_cnn(24, 4));
        EXPECT_FALSE(rebuilt.hit);
        EXPECT_TRUE(mentions(*rebuilt.session, "damaged"));
        EXPECT_TRUE(nets::same_bits(wanted, nets::answers(*rebuilt.session, 20)));
        EXPECT_TRUE(compile(nets::small_cnn(24, 4)).hit);
    }
}

TEST(GraphCache, WorksWithoutAFolderAndSaysSo) {
    const CacheFolder folder("/dev/null/nowhere");
    const Compiled compiled = compile(nets::small_cnn(24, 4));
    EXPECT_FALSE(compiled.hit);
    EXPECT_TRUE(mentions(*compiled.session, "not kept"));
    EXPECT_EQ(nets::answers(*compiled.session, 3).size(), 3U);
}

TEST(GraphCache, TheWeightsAreInTheKey) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    // Far from the ends, one bit of one weight.
    const auto shifted = [](float by) {
        const auto x = nets::rows("x", {30});
        std::vector<float> values = nets::values(600, 8);
        values[300] += by;
        const auto w = op::Constant::create(ov::element::f32, {30, 20}, values);
        return nets::named({std::make_shared<op::MatMul>(x, w)}, {x});
    };
    const float bit = std::nextafter(nets::values(600, 8)[300], 10.0F) - nets::values(600, 8)[300];
    EXPECT_FALSE(compile(shifted(0.0F)).hit);
    EXPECT_FALSE(compile(shifted(bit)).hit);
    EXPECT_TRUE(compile(shifted(0.0F)).hit);
}

TEST(GraphCache, WhatIsKnownOfAGraphStandsBesideItOnTheDisk) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    // Of the graph as it was compiled nothing is kept: the next process gets one that went through the disk.
    const Compiled first = compile(nets::small_cnn(24, 4));
    first.session->make_known("checked", "at once");
    EXPECT_EQ(first.session->known("checked"), std::nullopt);
    const Compiled second = compile(nets::small_cnn(24, 4));
    EXPECT_EQ(second.session->known("checked"), std::nullopt);
    second.session->make_known("checked", "good to 0.1 %");
    EXPECT_EQ(compile(nets::small_cnn(24, 4)).session->known("checked"), "good to 0.1 %");
    EXPECT_EQ(second.session->known("another topic"), std::nullopt);
    compile(nets::small_cnn(24, 5));
    EXPECT_EQ(compile(nets::small_cnn(24, 5)).session->known("checked"), std::nullopt);
    // A graph that is built anew is a graph of which nothing is known.
    for (const fs::path& file : graphs_in(scratch.path())) {
        core::write_whole(file, std::vector<std::byte>(100), false);
    }
    EXPECT_EQ(compile(nets::small_cnn(24, 4)).session->known("checked"), std::nullopt);
}

TEST(GraphCache, WhatIsKnownIsNotBelievedOnceItIsDamaged) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    compile(nets::small_cnn(24, 4));
    compile(nets::small_cnn(24, 4)).session->make_known("checked", "good to 0.1 %");
    fs::path kept;
    for (const auto& entry : fs::recursive_directory_iterator(scratch.path())) {
        if (entry.path().extension() == ".txt") kept = entry.path();
    }
    ASSERT_FALSE(kept.empty());
    const std::vector<std::byte> good = core::read_whole(kept);
    const auto known_of = [&](const std::vector<std::byte>& bytes) {
        core::write_whole(kept, bytes, false);
        return compile(nets::small_cnn(24, 4)).session->known("checked");
    };
    EXPECT_EQ(known_of(good), "good to 0.1 %");
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::vector<std::byte> turned = good;
        turned[at] ^= std::byte{4};
        EXPECT_EQ(known_of(turned), std::nullopt) << "byte " << at;
    }
    EXPECT_EQ(known_of({}), std::nullopt);
    EXPECT_EQ(known_of(std::vector<std::byte>(5000, std::byte{'a'})), std::nullopt);  // longer than any
    EXPECT_EQ(known_of({good.begin(), good.end() - 2}), std::nullopt);
}

TEST(GraphCache, AnotherAttributeOfACustomOperatorIsAnotherGraph) {
    const core::Scratch scratch;
    const CacheFolder folder(scratch.path().string());
    // Both windows answer 4 x 4 from 8 x 8: nothing but the attribute tells the graphs apart.
    const auto pooled = [](std::size_t kernel) {
        const auto x = nets::rows("x", {2, 8, 8});
        const auto g = nets::rows("g", {2, 4, 4});
        ops::MaxPoolWindow window;
        window.kernel = {kernel, kernel};
        window.strides = {2, 2};
        window.dilations = {1, 1};
        window.pads_begin = window.pads_end = {0, 0};
        return nets::named({std::make_shared<ops::MaxPoolBackward>(x, g, window)}, {x, g});
    };
    const Compiled two = compile(pooled(2));
    const Compiled one = compile(pooled(1));
    const Compiled again = compile(pooled(2));
    EXPECT_FALSE(two.hit);
    EXPECT_FALSE(one.hit);
    EXPECT_TRUE(again.hit);
    EXPECT_TRUE(nets::same_bits(nets::answers(*two.session, 5), nets::answers(*again.session, 5)));
    EXPECT_FALSE(nets::same_bits(nets::answers(*two.session, 5), nets::answers(*one.session, 5)));
}

}  // namespace
