// A table that is read strictly: what its getters take, and every refusal to the letter.
#include "config/strict_table.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "helpers/expect_error.hpp"

namespace labhost::strict_table_test {
namespace {

constexpr std::int64_t any = std::numeric_limits<std::int64_t>::min();
constexpr double infinite = std::numeric_limits<double>::infinity();

/// A file's table, as `read` takes it.
class File {
public:
    explicit File(std::string_view text, std::string_view source = "e.toml")
        : toml_(toml::parse(text, source)), table(toml_, "", {"e.toml"}) {}

private:
    toml::table toml_;

public:
    StrictTable table;
};

/// What `read` throws of this text, without its exit code; "" if it throws nothing.
template <class Read>
std::string refusal(std::string_view text, Read read) {
    File file(text);
    try {
        read(file.table);
        file.table.finish();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), ExitCode::usage);
        return e.what();
    }
    return "";
}

TEST(StrictTable, GivesWhatIsThereAndNothingElse) {
    File file(
        "text = \"a\"\nwhole = 3\nreal = 0.5\nlist = [1, 2.5]\n[inner]\nx = 1\n[[many]]\ny = 1\n[[many]]\ny = 2\n");
    StrictTable& table = file.table;
    EXPECT_EQ(table.string("text"), "a");
    EXPECT_EQ(table.one_of("text", {"b", "a"}), "a");
    EXPECT_EQ(table.integer("whole", any), 3);
    EXPECT_EQ(table.number("whole", 0.0, 9.0), 3.0);
    EXPECT_EQ(table.number("real", 0.0, 9.0), 0.5);
    EXPECT_EQ(table.numbers("list"), (std::vector<double>{1.0, 2.5}));
    EXPECT_NE(table.node("real"), nullptr);
    auto inner = table.table("inner");
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->integer("x", any), 1);
    auto many = table.tables("many");
    ASSERT_EQ(many.size(), 2U);
    EXPECT_EQ(many[0].integer("y", any), 1);
    EXPECT_EQ(many[1].integer("y", any), 2);
    EXPECT_EQ(table.tables("inner").size(), 1U) << "a table is an array of one";
    EXPECT_NO_THROW(table.finish());

    EXPECT_FALSE(table.string("no"));
    EXPECT_FALSE(table.one_of("no", {"a"}));
    EXPECT_FALSE(table.integer("no", any));
    EXPECT_FALSE(table.number("no", 0.0, 1.0));
    EXPECT_FALSE(table.numbers("no"));
    EXPECT_FALSE(table.table("no"));
    EXPECT_TRUE(table.tables("no").empty());
    EXPECT_EQ(table.node("no"), nullptr);
}

TEST(StrictTable, NamesTheTypeThatIsThere) {
    const std::vector<std::pair<std::string, std::string>> types{{"{}", "a table"},
                                                                 {"[]", "an array"},
                                                                 {"\"a\"", "a string"},
                                                                 {"1", "an integer"},
                                                                 {"1.5", "a real number"},
                                                                 {"true", "a boolean"},
                                                                 {"1979-05-27", "a date or time"},
                                                                 {"07:32:00", "a date or time"}};
    for (const auto& [value, type] : types) {
        const std::string text = "\n  x = " + value;
        const auto expect = [&](const std::string& wanted, auto read) {
            const std::string words = "e.toml:2:7: error: x must be " + wanted + ", not " + type;
            EXPECT_EQ(refusal(text, read), words) << value;
        };
        if (type != "a string") expect("a string", [](StrictTable& t) { t.string("x"); });
        if (type != "a string") expect("a string", [](StrictTable& t) { t.one_of("x", {"a"}); });
        if (type != "an integer") expect("an integer", [](StrictTable& t) { t.integer("x", any); });
        if (type != "an integer" && type != "a real number")
            expect("a number", [](StrictTable& t) { t.number("x", 0.0, 9.0); });
        if (type != "an array") expect("an array of numbers", [](StrictTable& t) { t.numbers("x"); });
        if (type != "a table") expect("a table", [](StrictTable& t) { t.table("x"); });
        if (type != "a table" && type != "an array")
            expect("a table or an array of tables", [](StrictTable& t) { t.tables("x"); });
    }
}

TEST(StrictTable, HoldsIntegersToTheirBounds) {
    const auto within = [](std::int64_t low, std::int64_t high) {
        return [=](StrictTable& t) { t.integer("x", low, high); };
    };
    for (const char* text : {"x = 1", "x = 2", "x = 3"}) EXPECT_EQ(refusal(text, within(1, 3)), "");
    EXPECT_EQ(refusal("x = 0", within(1, 3)), "e.toml:1:5: error: x = 0 must be between 1 and 3");
    EXPECT_EQ(refusal("x = 4", within(1, 3)), "e.toml:1:5: error: x = 4 must be between 1 and 3");
    const auto from_one = [](StrictTable& t) { t.integer("x", 1); };
    EXPECT_EQ(refusal("x = 9223372036854775807", from_one), "");
    EXPECT_EQ(refusal("x = 0", from_one), "e.toml:1:5: error: x = 0 must be at least 1");
}

TEST(StrictTable, HoldsNumbersToTheirBounds) {
    const auto within = [](StrictTable& t) { t.number("x", 0.25, 0.75); };
    for (const char* text : {"x = 0.25", "x = 0.5", "x = 0.75"}) EXPECT_EQ(refusal(text, within), "");
    EXPECT_EQ(refusal("x = 0.2", within), "e.toml:1:5: error: x = 0.2 must be between 0.25 and 0.75");
    EXPECT_EQ(refusal("x = 1", within), "e.toml:1:5: error: x = 1 must be between 0.25 and 0.75");
    EXPECT_EQ(refusal("x = nan", within), "e.toml:1:5: error: x = nan must be between 0.25 and 0.75");
    const auto positive = [](StrictTable& t) { t.number("x", 0.0, infinite); };
    EXPECT_EQ(refusal("x = 1e300", positive), "");
    EXPECT_EQ(refusal("x = inf", positive), "e.toml:1:5: error: x = inf must be finite and at least 0");
    EXPECT_EQ(refusal("x = -1.5", positive), "e.toml:1:5: error: x = -1.5 must be finite and at least 0");
}

TEST(StrictTable, PlacesAValueWhereItBegins) {
    EXPECT_EQ(refusal("y = 1\nx = [\n  1,\n]\n", [](StrictTable& t) { t.string("x"); }),
              "e.toml:2:5: error: x must be a string, not an array");
}

TEST(StrictTable, SaysWhatIsAllowedAndNear) {
    const auto read = [](StrictTable& t) { t.one_of("x", {"cpu", "cuda"}); };
    EXPECT_EQ(refusal("x = \"cuda\"", read), "");
    EXPECT_EQ(refusal("x = \"cdua\"", read),
              "e.toml:1:5: error: x must be one of cpu, cuda, not 'cdua'; did you mean 'cuda'?");
}

TEST(StrictTable, RefusesTheElementThatIsWrong) {
    EXPECT_EQ(refusal("x = [1, true]", [](StrictTable& t) { t.numbers("x"); }),
              "e.toml:1:9: error: x must hold numbers only, not a boolean");
    EXPECT_EQ(refusal("x = [{}, 1]", [](StrictTable& t) { t.tables("x"); }),
              "e.toml:1:10: error: x must hold tables only, not an integer");
}

TEST(StrictTable, NamesInnerKeysInFull) {
    const std::string text = "[a.b]\nx = 1\ny = 2\n[[c]]\nx = 1\n";
    const auto ask = [](StrictTable& t) {
        t.tables("c")[0].node("x");
        return t.table("a")->table("b").value();
    };
    EXPECT_EQ(refusal(text, [&](StrictTable& t) { ask(t).string("x"); }),
              "e.toml:2:5: error: a.b.x must be a string, not an integer");
    EXPECT_EQ(refusal(text, [&](StrictTable& t) { ask(t).fail("no", "is missing"); }),
              "e.toml:1:1: error: a.b.no is missing");
    EXPECT_EQ(refusal(text, [](StrictTable& t) { t.tables("c")[0].string("x"); }),
              "e.toml:5:5: error: c.x must be a string, not an integer");
    EXPECT_EQ(refusal(text,
                      [&](StrictTable& t) {
                          StrictTable inner = ask(t);
                          inner.node("x");
                          inner.finish();
                      }),
              "e.toml:3:1: error: unknown key 'y' in a.b; did you mean 'x'?");
    File file(text);
    StrictTable inner = ask(file.table);
    EXPECT_EQ(inner.name_of("x"), "a.b.x");
    EXPECT_EQ(inner.where().text(), "e.toml:1:1");
    EXPECT_EQ(inner.where("y").text(), "e.toml:3:1");
    EXPECT_EQ(inner.where("no").text(), "e.toml:1:1");
    EXPECT_EQ(&inner.raw(), file.table.raw()["a"]["b"].as_table());
}

TEST(StrictTable, RefusesTheFirstKeyThatNobodyAskedFor) {
    const auto none = [](StrictTable&) {};
    EXPECT_EQ(refusal("", none), "");
    EXPECT_EQ(refusal("third = 1\nsecond = 1\nfirst = 1\n", none), "e.toml:1:1: error: unknown key 'third'");
    EXPECT_EQ(refusal("third = 1\nsecond = 1\nfirst = 1\n", [](StrictTable& t) { t.node("third"); }),
              "e.toml:2:1: error: unknown key 'second'");
    EXPECT_EQ(refusal("x = { zz = 1, aa = 2 }", [](StrictTable& t) { t.table("x")->finish(); }),
              "e.toml:1:7: error: unknown key 'zz' in x");
    EXPECT_EQ(refusal("epohcs = 1", [](StrictTable& t) { t.node("epochs"); }),
              "e.toml:1:1: error: unknown key 'epohcs'; did you mean 'epochs'?");
}

/// Words of other programs, where the key that they mean may be there.
TEST(StrictTable, KnowsWhatPeopleWriteElsewhere) {
    const std::vector<std::pair<std::string, std::string>> words{
        {"learning_rate", "lr"}, {"num_epochs", "epochs"}, {"n_epochs", "epochs"},   {"num_threads", "threads"},
        {"criterion", "loss"},   {"plugin", "model"},      {"parameters", "params"}, {"description", "title"}};
    for (const auto& [word, key] : words) {
        EXPECT_EQ(refusal(word + " = 1", [&](StrictTable& t) { t.node(key); }),
                  "e.toml:1:1: error: unknown key '" + word + "'; did you mean '" + key + "'?");
        EXPECT_EQ(refusal(word + " = 1", [&](StrictTable& t) { t.node("zzzzzz"); }),
                  "e.toml:1:1: error: unknown key '" + word + "'");
    }
    EXPECT_EQ(refusal("learning_rat = 1", [](StrictTable& t) { t.node("lr"); }),
              "e.toml:1:1: error: unknown key 'learning_rat'; did you mean 'lr'?");
}

TEST(StrictTable, TellsTheOptionThatSetAValue) {
    File set("x = 1", "--set x=1");
    testing::expect_error(ExitCode::usage, "--set x=1: error: x must be a string, not an integer",
                          [&] { set.table.string("x"); });
    EXPECT_EQ(set.table.where("x").line, 0U);
    EXPECT_EQ(set.table.where("x").column, 0U);
    const toml::table made{{"x", 1}};
    const Location fallback{"given.toml", 3, 4};
    EXPECT_EQ(StrictTable(made, "", fallback).where("x").text(), "given.toml:3:4") << "made, not parsed";
    EXPECT_EQ(location_of({{2, 5}, {2, 6}, nullptr}, fallback).text(), "given.toml:2:5");
}

}  // namespace
}  // namespace labhost::strict_table_test
