// What LibTorch says of operators that give other bits each time is noted, and ours are taken as they are.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/determinism.hpp"

namespace labhost {
namespace {

struct Kept final : c10::WarningHandler {
#if TORCH_VERSION_MAJOR >= 2
    void process(const c10::Warning& warning) override { words += warning.msg(); }
#else
    void process(const c10::SourceLocation&, const std::string& message, bool) override { words += message; }
#endif
    std::string words{};
};

/// Without a GPU too: put_ has no deterministic form anywhere.
void put() { torch::zeros({3}).put_(torch::zeros({1}, torch::kInt64), torch::ones({1})); }

class Determinism : public ::testing::Test {
protected:
    void TearDown() override { at::globalContext().setDeterministicAlgorithms(false, false); }
};

TEST_F(Determinism, TheOperatorIsNamed) {
    EXPECT_EQ(nondeterministic_operator("put_ does not have a deterministic implementation, but you set"), "put_");
    EXPECT_EQ(nondeterministic_operator("Error: a b\nx_cuda does not have a deterministic implementation"), "x_cuda");
    EXPECT_EQ(nondeterministic_operator("CUDA error: out of memory"), "");
}

TEST_F(Determinism, OperatorsAreNotedOnceAndOtherWarningsGoOn) {
    Kept kept;
    NondeterminismNoted noted(&kept);
    const torch_warnings::WarningHandlerGuard guard(&noted);
    ask_for_determinism(/*refuse=*/false);
    put();
    put();
    TORCH_WARN("another");
    EXPECT_EQ(noted.operators(), std::set<std::string>{"put_"});
    EXPECT_NE(kept.words.find("another"), std::string::npos);
    EXPECT_EQ(kept.words.find("put_"), std::string::npos);
}

TEST_F(Determinism, RefusedTheyThrowButForOurs) {
    ask_for_determinism(/*refuse=*/true);
    EXPECT_THROW(put(), c10::Error);
    {
        const EachPlaceOnce known;
        EXPECT_NO_THROW(put());
    }
    EXPECT_THROW(put(), c10::Error);
}

TEST_F(Determinism, OursAskForNothingThatWasNotAskedFor) {
    { const EachPlaceOnce known; }
    EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
}

}  // namespace
}  // namespace labhost
