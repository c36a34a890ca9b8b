// Text: numbers, suggestions, globs, names.
#include <gtest/gtest.h>

#include "support/text.hpp"

namespace labhost::text_test {
namespace {

TEST(Count, IsDigitsAlone) {
    EXPECT_EQ(parse_count("0"), 0U);
    EXPECT_EQ(parse_count("007"), 7U);
    EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "one", "\xd9\xa1"}) {
        EXPECT_EQ(parse_count(bad), std::nullopt) << bad;
        EXPECT_FALSE(is_digits(bad)) << bad;
    }
    EXPECT_EQ(parse_count("18446744073709551616"), std::nullopt);
    EXPECT_TRUE(is_digits("18446744073709551616"));  // digits they are
}

TEST(Count, IsNotAboveTheMost) {
    EXPECT_EQ(parse_count("999", 999), 999U);
    EXPECT_EQ(parse_count("1000", 999), std::nullopt);
}

TEST(LowerCase, IsThatOfAscii) {
    EXPECT_EQ(to_lower("PENDING_[aZ]@"), "pending_[az]@");
    EXPECT_EQ(to_lower("\xc3\x84"), "\xc3\x84");
}

TEST(Trimmed, TakesSpacesOffTheEndsOnly) {
    EXPECT_EQ(trimmed(" \t a  b\r\n"), "a  b");
    EXPECT_EQ(trimmed("a"), "a");
    EXPECT_EQ(trimmed(" \t\r\n"), "");
    EXPECT_EQ(trimmed(""), "");
}

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
}  // namespace labhost::text_test
