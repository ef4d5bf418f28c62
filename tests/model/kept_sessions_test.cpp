// Compiled graphs under one limit: which go, which stay, and that what was asked of them does not change.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/nets.hpp"
#include "model/network.hpp"

namespace pellucid::model {
namespace {

GradientSession named(const std::string& name) {
    GradientSession session;
    session.layer = name;
    return session;
}

TEST(KeptSessions, TheOneNotUsedForTheLongestTimeGoes) {
    KeptSessions kept(250);
    kept.keep("a", named("a"), 100);
    kept.keep("b", named("b"), 100);
    ASSERT_NE(kept.find("a"), nullptr);  // used after b
    kept.keep("c", named("c"), 100);
    EXPECT_EQ(kept.find("b"), nullptr);
    ASSERT_NE(kept.find("a"), nullptr);
    EXPECT_EQ(kept.find("a")->layer, "a");
    EXPECT_EQ(kept.find("c")->layer, "c");
    EXPECT_EQ(kept.bytes(), 200U);
}

TEST(KeptSessions, TheNewestStaysHoweverLarge) {
    KeptSessions kept(250);
    kept.keep("a", named("a"), 100);
    kept.keep("huge", named("huge"), 1000);
    EXPECT_EQ(kept.count(), 1U);
    ASSERT_NE(kept.find("huge"), nullptr);
    kept.keep("a", named("a"), 100);
    EXPECT_EQ(kept.find("huge"), nullptr);
    EXPECT_EQ(kept.bytes(), 100U);
}

TEST(KeptSessions, OneKeptAgainTakesTheFormersPlace) {
    KeptSessions kept(250);
    kept.keep("a", named("a"), 100);
    kept.keep("b", named("b"), 100);
    kept.keep("a", named("another a"), 150);
    EXPECT_EQ(kept.find("a")->layer, "another a");
    ASSERT_NE(kept.find("b"), nullptr);
    EXPECT_EQ(kept.bytes(), 250U);
}

TEST(KeptSessions, WeightsCountAsSinglePrecision) {
    // 3 x 4 weights and 4 of the bias; the engine widens what is stored narrower.
    EXPECT_EQ(weight_bytes(*nets::linear(3, 4, 1).model()), (12U + 4U) * sizeof(float));
}

TEST(KeptSessions, AModelWithRoomForOneAnswersAsWithRoomForAll) {
    const nets::Folder folder;
    const auto path = folder.save(nets::linear(4, 3, 1).model(nets::End::kSoftmax), "net");
    const Input input = nets::sample({1, 4}, nets::values(4, 2));
    LoadOptions narrow;
    narrow.cache = false;
    narrow.session_bytes = 1;
    const Model wide = nets::load(path), tight = Model::load(path, narrow);
    for (const Score score : {Score::kLogit, Score::kProbability, Score::kLogProbability, Score::kLogit}) {
        const ScoreTensor tensor{0, score, false};
        const auto wanted = forward_session(wide, tensor)->run_one({input.tensors.at("x")}).front();
        const auto found = forward_session(tight, tensor)->run_one({input.tensors.at("x")}).front();
        ASSERT_EQ(found.shape(), wanted.shape());
        EXPECT_TRUE(std::equal(wanted.values().begin(), wanted.values().end(), found.values().begin()));
    }
    EXPECT_EQ(tight.impl().sessions.count(), 1U);
    EXPECT_GT(wide.impl().sessions.count(), 2U);
}

}  // namespace
}  // namespace pellucid::model
