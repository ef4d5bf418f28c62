#include <gtest/gtest.h>

#include "explain/fields.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

struct ExampleOptions {
    std::int64_t count = 3;
    double share = 0.5;
    bool deep = false;
    std::string kind = "round";
    std::string file;
};
void describe(ExampleOptions& options, Fields& fields) {
    fields.integer("count", options.count, {1, 10}, "how many");
    fields.number("share", options.share, {0, 1}, "how much");
    fields.flag("deep", options.deep, "whether");
    fields.choice("kind", options.kind, {"round", "square"}, "which");
    fields.text("file", options.file, "where");
}

namespace {

std::string refusal(const std::map<std::string, std::string>& given) {
    try {
        static_cast<void>(parse_fields<ExampleOptions>("example", given));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUsage);
        return error.what();
    }
    return {};
}

TEST(Fields, ReadsEveryType) {
    const auto options = parse_fields<ExampleOptions>(
        "example", {{"count", "7"}, {"share", "0.25"}, {"deep", "yes"}, {"kind", "square"}, {"file", "a,b"}});
    EXPECT_EQ(options.count, 7);
    EXPECT_EQ(options.share, 0.25);
    EXPECT_TRUE(options.deep);
    EXPECT_EQ(options.kind, "square");
    EXPECT_EQ(options.file, "a,b");
}

TEST(Fields, RefusesWhatDoesNotFit) {
    for (const auto& given : std::vector<std::map<std::string, std::string>>{{{"count", "0"}},
                                                                             {{"count", "2.5"}},
                                                                             {{"count", "many"}},
                                                                             {{"count", ""}},
                                                                             {{"share", "nan"}},
                                                                             {{"share", "1.5"}},
                                                                             {{"deep", "maybe"}},
                                                                             {{"kind", "oval"}},
                                                                             {{"cuont", "2"}}}) {
        EXPECT_FALSE(refusal(given).empty()) << given.begin()->first << "=" << given.begin()->second;
    }
    EXPECT_EQ(refusal({{"count", "10"}}), "");
}

TEST(Fields, SuggestsTheNearName) { EXPECT_NE(refusal({{"cuont", "2"}}).find("count"), std::string::npos); }

TEST(Fields, RecordsWhatReadsBackAsTheSame) {
    ExampleOptions options;
    options.share = 0.1;
    const auto again = parse_fields<ExampleOptions>("example", field_values(options));
    EXPECT_EQ(again.share, 0.1);
    EXPECT_EQ(again.kind, "round");
}

}  // namespace
}  // namespace pellucid::explain
