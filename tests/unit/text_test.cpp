// Text: suggestions, globs, names.
#include <gtest/gtest.h>

#include "support/text.hpp"

namespace labhost {
namespace {

TEST(DidYouMean, NamesTheNearestOrNothing) {
    const std::vector<std::string> names{"net", "net1", "resnet", "epochs"};
    EXPECT_EQ(did_you_mean("ney", names), "; did you mean 'net'?");
    EXPECT_EQ(did_you_mean("epcohs", names), "; did you mean 'epochs'?");
    EXPECT_EQ(did_you_mean("transformer", names), "");
    EXPECT_EQ(did_you_mean("x", {}), "");
}

TEST(Glob, MatchesLikeAShell) {
    EXPECT_TRUE(glob_matches("net2-p0.*-s1", "net2-p0.25-s1"));
    EXPECT_TRUE(glob_matches("net?-s1", "net4-s1"));
    EXPECT_TRUE(glob_matches("net[13]-s*", "net3-s12"));
    EXPECT_FALSE(glob_matches("net", "net-s1"));
}

TEST(Split, LeavesOutEmptyParts) {
    EXPECT_EQ(split("a::b:", ':'), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(split("", ',').empty());
}

TEST(FileName, IsPlain) {
    EXPECT_TRUE(is_file_name("net2-p0.25_s1"));
    for (const char* bad : {"", ".", "..", "a/b", "a b", "<img>", "\xc3\xa9"}) EXPECT_FALSE(is_file_name(bad)) << bad;
}

TEST(Duration, ReadsLikeAClock) {
    EXPECT_EQ(duration_text(0.2), "0:01");
    EXPECT_EQ(duration_text(760), "12:40");
    EXPECT_EQ(duration_text(3723), "1:02:03");
    EXPECT_EQ(duration_text(-1), "0:00");
}

}  // namespace
}  // namespace labhost
