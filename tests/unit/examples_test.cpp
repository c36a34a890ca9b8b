// Arrays made into examples: types, layouts, labels, and data sets by their files.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <ranges>

#include "data/dataset.hpp"
#include "data/examples.hpp"
#include "data/normalization.hpp"
#include "data/picture.hpp"
#include "data/random_split.hpp"
#include "data/trained_examples.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/npy_files.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost::examples_test {
namespace {

using testing::bytes_of;
using testing::expect_error;
using testing::npy;
using Sizes = std::vector<std::int64_t>;
using Members = std::vector<std::pair<std::string, std::string>>;

std::string bytes(std::size_t count) {
    std::string values(count, '\0');
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<char>(i % 251);
    return values;
}

std::string labels(const std::vector<std::int64_t>& values) {
    return npy("<i8", fmt::format("({},)", values.size()), bytes_of(values));
}

class ArrayData : public ::testing::Test {
protected:
    Dataset load(const Members& members, DataSettings settings = {}) {
        const auto file = folder_ / "d.npz";
        testing::write_npz(file, members);
        settings.dataset = file.native();
        settings.where = Location{"e.toml", 2, 1};
        return load_dataset(settings, "/nowhere");
    }
    /// As training and test data alike.
    Dataset load_both(const std::string& inputs, const std::string& targets, const DataSettings& settings = {}) {
        return load(
            {{"x_train.npy", inputs}, {"y_train.npy", targets}, {"x_test.npy", inputs}, {"y_test.npy", targets}},
            settings);
    }
    void refuse(const std::string& inputs, const std::string& targets, const std::string& words) {
        expect_error(ExitCode::usage, words, [&] { load_both(inputs, targets); });
    }
    testing::TemporaryFolder folder_;
};

TEST_F(ArrayData, OnlyBytesAreBytes) {
    const Dataset images = load_both(npy("|u1", "(2, 3, 3)", bytes(18)), labels({0, 1}));
    EXPECT_TRUE(images.train.is_bytes());
    EXPECT_EQ(images.train.sizes, (Sizes{3, 3}));
    const Dataset integers = load_both(npy("<i4", "(2, 2)", bytes_of<std::int32_t>({1, 2, 300, -4})), labels({0, 1}));
    EXPECT_EQ(integers.train.reals, (std::vector<float>{1, 2, 300, -4}));
    const Dataset column = load_both(npy("<f8", "(2,)", bytes_of<double>({0.1, 0.2})), labels({0, 1}));
    EXPECT_EQ(column.train.sizes, (Sizes{1}));
    EXPECT_EQ(column.train.reals, (std::vector<float>{0.1F, 0.2F}));
}

TEST_F(ArrayData, ChannelsComeFirst) {
    const std::string rows = std::string("\0\1\2\3\4\5\6\7\10\11\12\13", 12);  // 0 to 11
    const auto channels_first = std::vector<std::uint8_t>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
    EXPECT_EQ(load_both(npy("|u1", "(1, 2, 2, 3)", rows), labels({0})).train.bytes, channels_first);
    EXPECT_EQ(load_both(npy("|u1", "(1, 2, 2, 3)", rows), labels({0})).train.sizes, (Sizes{3, 2, 2}));
    EXPECT_EQ(load_both(npy("|u1", "(1, 3, 2, 2)", rows), labels({0})).train.bytes[1], 1) << "they did before";
    const std::string either = npy("|u1", "(1, 3, 4, 3)", bytes(36));
    refuse(either, labels({0}), "its shape, 1x3x4x3, does not tell which axis the channels are; write data.layout");
    refuse(npy("|u1", "(1, 2, 2, 2)", bytes(8)), labels({0}), "write data.layout");
    expect_error(ExitCode::usage, "only the second axis can be the channels",
                 [&] { load_both(npy("|u1", "(1, 3, 2, 2)", bytes(12)), labels({0}), {.layout = Layout::nhwc}); });
    expect_error(ExitCode::usage, "data.layout is of arrays with four axes",
                 [&] { load_both(npy("|u1", "(1, 3)", bytes(3)), labels({0}), {.layout = Layout::nhwc}); });
    EXPECT_EQ(load_both(either, labels({0}), {.layout = Layout::nhwc}).train.sizes, (Sizes{3, 3, 4}));
    EXPECT_EQ(load_both(either, labels({0}), {.layout = Layout::nchw}).train.sizes, (Sizes{3, 4, 3}));
}

TEST_F(ArrayData, LabelsAreWholeNumbersOneForEachExample) {
    const std::string two = npy("<f4", "(2, 2)", bytes_of<float>({1, 2, 3, 4}));
    EXPECT_EQ(load_both(two, npy("<f8", "(2, 1)", bytes_of<double>({1.0, 0.0}))).train.labels, (Sizes{1, 0}));
    refuse(two, npy("<f8", "(2,)", bytes_of<double>({1.0, 0.5})), "the label of example 1 is 0.5, no whole number");
    refuse(two, labels({0, -1}), "the label of example 1 is -1; a class is a number from 0");
    refuse(two, labels({0, 1, 2}), "holds 3 labels, but");
    refuse(two, npy("<i8", "(2, 2)", bytes_of<std::int64_t>({0, 1, 1, 0})), "labels are one for each example (2)");
}

TEST_F(ArrayData, OtherTargetsThanClassesAreNumbersForEachOutput) {
    const std::string two = npy("<f4", "(2, 2)", bytes_of<float>({1, 2, 3, 4}));
    const auto load_as = [&](TargetKind kind, const std::string& targets) {
        const auto file = folder_ / "d.npz";
        testing::write_npz(file, {{"data.npy", two}, {"target.npy", targets}});
        return load_dataset({.dataset = file.native(), .test = PartSettings{.count = 1}}, "/nowhere", kind);
    };
    const Dataset reals = load_as(TargetKind::reals, npy("<f8", "(2,)", bytes_of<double>({0.5, -7.25})));
    EXPECT_EQ(reals.train.outputs, 1);
    EXPECT_EQ(reals.train.targets.size(), 1U);
    EXPECT_EQ(reals.train.targets[0] + reals.test.targets[0], -6.75F);
    EXPECT_TRUE(reals.train.labels.empty());
    const std::string flags = npy("|b1", "(2, 3)", std::string("\1\0\0\0\1\1", 6));
    EXPECT_EQ(load_as(TargetKind::labels, flags).test.outputs, 3);
    expect_error(ExitCode::usage, "target 1 of example 0 is 2; with loss = \"bce_with_logits\" each is 0 or 1",
                 [&] { load_as(TargetKind::labels, npy("|u1", "(2, 2)", std::string("\1\2\0\1", 4))); });
    expect_error(ExitCode::usage, "target 0 of example 1 is inf; leave such examples out", [&] {
        load_as(TargetKind::reals, npy("<f8", "(2,)", bytes_of<double>({0.5, 1e300})));
    });
    expect_error(ExitCode::usage, "targets are [N, outputs], or [N] of one output",
                 [&] { load_as(TargetKind::reals, npy("|u1", "(2, 1, 1)", "ab")); });
}

TEST_F(ArrayData, WhatIsNotFiniteOrOfNoShapeIsRefused) {
    const float nan = std::nanf("");
    refuse(npy("<f4", "(2, 2)", bytes_of<float>({1, 2, nan, 4})), labels({0, 1}),
           "example 1 holds nan, at its value 0");
    refuse(npy("<f8", "(2, 1)", bytes_of<double>({1, 1e300})), labels({0, 1}), "example 1 holds inf");
    refuse(npy("|u1", "(0, 2)", ""), labels({}), "holds no examples");
    refuse(npy("|u1", "()", "a"), labels({0}), "is a single number");
    refuse(npy("|u1", "(1, 1, 1, 1, 1, 1)", "a"), labels({0}), "has more than 4 axes beside that of the examples");
}

TEST_F(ArrayData, NamesOfMedMnistKerasAndScikitLearn) {
    const std::string x = npy("|u1", "(4, 2)", bytes(8));
    const std::string y = labels({0, 1, 0, 1});
    const Dataset med = load({{"train_images.npy", x},
                              {"train_labels.npy", y},
                              {"val_images.npy", x},
                              {"val_labels.npy", y},
                              {"test_images.npy", x},
                              {"test_labels.npy", y}});
    EXPECT_EQ(med.validation.value().count, 4);
    expect_error(ExitCode::usage, "data.validation: the data set",
                 [&] { check_fits_data({.validation = PartSettings{.count = 1}}, med); });
    const Dataset drawn =
        load({{"data.npy", x}, {"target.npy", y}}, {.test = PartSettings{.fraction = 0.25, .seed = 3}});
    EXPECT_EQ(drawn.train.count, 3);
    const auto order = random_permutation(4, 3);
    EXPECT_EQ(drawn.test.labels, (Sizes{order[3] % 2}));
    EXPECT_EQ(*drawn.train.bytes_of(0), order[0] * 2);
    EXPECT_EQ(*drawn.test.bytes_of(0), order[3] * 2);
    EXPECT_EQ(drawn.train.bytes.data(), drawn.test.bytes.data()) << "held once";
    expect_error(ExitCode::usage, "e.toml:2:1: error: the data set ", [&] { load({{"X.npy", x}, {"y.npy", y}}); });
    expect_error(ExitCode::usage, "has no test part: add data.test", [&] { load({{"X.npy", x}, {"y.npy", y}}); });
    expect_error(ExitCode::usage, "has a test part of its own",
                 [&] { load_both(x, y, {.test = PartSettings{.count = 1}}); });
    expect_error(ExitCode::usage, "has x_train, but no y_train beside it (there are x_train)", [&] {
        load({{"x_train.npy", x}});
    });
    expect_error(ExitCode::usage, "has y_test, but no x_test beside it", [&] {
        load({{"x_train.npy", x}, {"y_train.npy", y}, {"x_tset.npy", x}, {"y_test.npy", y}});
    });
    expect_error(ExitCode::usage, "has no arrays to train on", [&] { load({{"images.npy", x}}); });
}

TEST_F(ArrayData, ChangesItsHashWithItsContent) {
    const std::string y = labels({0, 1});
    const Dataset a = load_both(npy("|u1", "(2, 2)", "abcd"), y);
    const Dataset b = load_both(npy("|u1", "(2, 2)", "abce"), y);
    EXPECT_NE(a.sha256, b.sha256);
    EXPECT_EQ(a.sha256, load_both(npy("|u1", "(2, 2)", "abcd"), y).sha256);
}

class Csv : public ::testing::Test {
protected:
    Dataset load(const std::string& text, const std::string& target = "kind") {
        const DataSettings settings{.dataset = folder_.write("t.csv", text).native(),
                                    .test = PartSettings{.count = 1},
                                    .target = target,
                                    .where = Location{"e.toml", 2, 1}};
        return load_dataset(settings, "/nowhere");
    }
    void refuse(const std::string& text, const std::string& words, const std::string& target = "kind") {
        expect_error(ExitCode::usage, words, [&] { load(text, target); });
    }
    testing::TemporaryFolder folder_;
};

TEST_F(Csv, HasNumbersUnderNamesOneOfWhichIsTheTarget) {
    const Dataset data = load("a,kind,b\n1,0,2.5\n-3e1,1,4\n5,0,+6\n");
    EXPECT_EQ(data.train.sizes, (Sizes{2}));
    EXPECT_EQ(data.train.count + data.test.count, 3);
    std::vector<float> all;
    for (const Split* split : {&data.train, &data.test})
        for (std::int64_t i = 0; i < split->count; ++i)
            all.insert(all.end(), split->reals_of(i), split->reals_of(i) + 2);
    std::ranges::sort(all);
    EXPECT_EQ(all, (std::vector<float>{-30, 1, 2.5, 4, 5, 6}));
    EXPECT_EQ(load("\xEF\xBB\xBF\"a, \"\"x\"\"\" , kind\r\n\"1\",0\r\n\r\n 2 ,1").train.count, 1)
        << "quotes, Windows' line ends, an empty line, no line end";
}

TEST_F(Csv, DamagedIsRefusedWithItsLine) {
    refuse("a,kind\n1,0\n2\n", "t.csv:3: error: has 1 cells, the line of names 2");
    refuse("a,kind\n1,0\nx y,1\n", "t.csv:3: error: column 'a' holds 'x y', no number");
    refuse("a,kind\n1,0\n,1\n", "t.csv:3: error: column 'a' is empty");
    refuse("a,kind\n1,0\n\"2,1\n", "t.csv:3: error: has a cell in quotes that does not end");
    refuse("a,kind\n\"1\"2,0\n", "t.csv:2: error: has something behind a cell in quotes");
    refuse("a,a\n1,0\n", "has two columns named 'a'");
    refuse(",a,kind\n0,1,0\n", "has a column without a name, as the index that pandas writes");
    refuse("a;kind\n1;0\n", "has no line of names, separated by commas");
    refuse("a,kind\n+-1,0\n", "column 'a' holds '+-1', no number");
    refuse("", "has no line of names");
    refuse("a,kind\n", "holds no examples");
    refuse("a,kind\n1,0\nnan,1\n", "example 1 holds nan");
    refuse("a,kind\n1,0\n2,1\n",
           "e.toml:2:1: error: data.target = 'kinds' is no column; write target = \"COLUMN\", one of a, kind; did you "
           "mean "
           "'kind'?",
           "kinds");
    refuse("a,kind\n1,0\n2,1\n", "data.target is not written", "");
}

TEST(CifarFolder, HasImagesOfThreeChannels) {
    const testing::TemporaryFolder folder;
    const auto record = [](char label, char value) { return label + std::string(3072, value); };
    for (int i = 1; i <= 5; ++i)
        folder.write(fmt::format("data_batch_{}.bin", i), record(static_cast<char>(i), 'a') + record(9, 'b'));
    folder.write("test_batch.bin", record(3, 'c'));
    const DataSettings settings{.dataset = folder.path().native()};
    const Dataset data = load_dataset(settings, "/nowhere");
    EXPECT_EQ(data.train.sizes, (Sizes{3, 32, 32}));
    EXPECT_EQ(data.train.labels, (Sizes{1, 9, 2, 9, 3, 9, 4, 9, 5, 9}));
    EXPECT_EQ(*(data.test.bytes.end() - 1), 'c');
    folder.write("data_batch_2.bin", record(10, 'a'));
    expect_error(ExitCode::usage, "data_batch_2.bin: error: is damaged: record 0 has the label 10",
                 [&] { load_dataset(settings, "/nowhere"); });
    folder.write("data_batch_2.bin", "short");
    expect_error(ExitCode::usage, "its 5 bytes are no whole number of records of 3073",
                 [&] { load_dataset(settings, "/nowhere"); });
}

TEST(CifarFolder, OfAHundredClassesHasItsFineLabels) {
    const testing::TemporaryFolder folder;
    const auto record = [](char coarse, char fine, char value) {
        return std::string{coarse, fine} + std::string(3072, value);
    };
    folder.write("train.bin", record(1, 99, 'a') + record(2, 7, 'b'));
    const DataSettings settings{.dataset = folder.path().native(), .where = Location{"e.toml", 2, 1}};
    expect_error(ExitCode::usage, "has no test part: add data.test", [&] { load_dataset(settings, "/nowhere"); });
    folder.write("test.bin", record(3, 42, 'c'));
    const Dataset data = load_dataset(settings, "/nowhere");
    EXPECT_EQ(data.train.labels, (Sizes{99, 7}));
    EXPECT_EQ(data.test.labels, (Sizes{42}));
    EXPECT_EQ(data.train.bytes[3072], 'b');
    folder.write("x_train.npy", npy("|u1", "(1, 2)", "ab"));
    expect_error(ExitCode::usage, "holds files of several kinds", [&] { load_dataset(settings, "/nowhere"); });
}

TEST_F(ArrayData, PartsAreOfOneKind) {
    const std::string y = labels({0, 1});
    const auto with_test = [&](const std::string& inputs) {
        return Members{{"x_train.npy", npy("|u1", "(2, 2)", "abcd")},
                       {"y_train.npy", y},
                       {"x_test.npy", inputs},
                       {"y_test.npy", y}};
    };
    expect_error(ExitCode::usage, "the examples to train on are 2, those to test with 3",
                 [&] { load(with_test(npy("|u1", "(2, 3)", "abcdef"))); });
    expect_error(ExitCode::usage, "one are bytes, which are divided by 255", [&] {
        load(with_test(npy("<f4", "(2, 2)", bytes_of<float>({1, 2, 3, 4}))));
    });
}

TEST(StratifiedSplit, HasOfEachClassItsShareInTheOrderOfThePermutation) {
    // 6, 3 and 1 examples; a part of 4 has 2.4, 1.2 and 0.4: one is missing, and the first of the two that are 0.4
    // short gets it.
    const Sizes labels{0, 0, 0, 1, 0, 1, 0, 2, 1, 0, 0};
    const PartSettings part{.count = 4, .seed = 7, .stratify = true};
    const TwoParts parts = split_off(10, part, labels);
    const auto classes_of = [&](const Sizes& examples) {
        Sizes counts(3);
        for (const std::int64_t example : examples)
            ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(example)])];
        return counts;
    };
    EXPECT_EQ(classes_of(parts.part), (Sizes{3, 1, 0}));
    EXPECT_EQ(classes_of(parts.rest), (Sizes{3, 2, 1}));
    const Sizes order = random_permutation(10, 7);
    const auto place = [&](std::int64_t example) { return std::ranges::find(order, example); };
    EXPECT_TRUE(std::ranges::is_sorted(parts.part, {}, place));
    EXPECT_TRUE(std::ranges::is_sorted(parts.rest, {}, place));
    for (const std::int64_t kept : parts.part) {  // the part is what comes last, in each class
        const auto is_of_its_class = [&](std::int64_t rest) {
            return labels[static_cast<std::size_t>(kept)] == labels[static_cast<std::size_t>(rest)];
        };
        for (const std::int64_t rest : parts.rest | std::views::filter(is_of_its_class))
            EXPECT_GT(place(kept), place(rest));
    }
    EXPECT_EQ(split_off(10, {.count = 4, .seed = 7}, labels).part, random_split(10, 4, 7).part);
}

TEST(Picture, OfRealsGoesFromTheLeastToTheGreatest) {
    const Split reals{.count = 2, .sizes = {1, 3}, .reals = {5, 5, 5, -1, 0, 2}};
    EXPECT_TRUE(is_picture(reals));
    EXPECT_EQ(pixels_of(reals, 0), (std::vector<std::uint8_t>{0, 0, 0}));
    EXPECT_EQ(pixels_of(reals, 1), (std::vector<std::uint8_t>{0, 85, 255}));
    const Split drawn = taken_from(taken_from(reals, Sizes{1, 0}), Sizes{0});
    EXPECT_EQ(pixels_of(drawn, 0), (std::vector<std::uint8_t>{0, 85, 255})) << "drawn of what was drawn";
    EXPECT_FALSE(is_picture(Split{.sizes = {13}}));
    EXPECT_FALSE(is_picture(Split{.sizes = {2, 8, 8}}));
}

TEST(BalancedWeights, AreByHowRareAClassIsAmongTheExamplesThatAreTrainedOn) {
    const Dataset dataset{.train = {.count = 7, .labels = {0, 1, 0, 0, 1, 2, 0}}};
    DataSettings settings{.train_limit = 6, .class_weights = {.balanced = true, .where = Location{"e.toml", 3, 4}}};
    BalancedWeights weights;
    weights.fill_in(settings, dataset, 3);
    EXPECT_EQ(settings.class_weights.values, (std::vector<double>{6 / (3 * 3.0), 6 / (3 * 2.0), 6 / (3 * 1.0)}));
    settings.train_limit = 5;
    expect_error(ExitCode::usage, "e.toml:3:4: error: data.class_weights = \"balanced\", but no example of class 2",
                 [&] { weights.fill_in(settings, dataset, 3); });
}

TEST(Normalization, IsOfTheExamplesThatAreTrainedOn) {
    Split split{.count = 4, .sizes = {2}, .reals = {1, 5, 3, 5, 100, 5, 5, 5}};
    const NormalizeSettings found = normalization_of(split, std::vector<std::int64_t>{0, 1, 3});
    EXPECT_EQ(found.mean, (std::vector<double>{3, 5}));
    EXPECT_DOUBLE_EQ(found.std[0], std::sqrt(8.0 / 3.0));
    EXPECT_EQ(found.std[1], 1.0) << "of what does not vary";
    const Split alike{.count = 60000, .sizes = {1}, .bytes = std::vector<std::uint8_t>(60000, 19)};
    std::vector<std::int64_t> all(60000);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(normalization_of(alike, all).std, (std::vector<double>{1.0})) << "19 / 255 is no double";
    Split images{.count = 2, .sizes = {2, 1, 2}, .bytes = {0, 255, 51, 51, 255, 0, 51, 51}};
    const NormalizeSettings of_bytes = normalization_of(images, std::vector<std::int64_t>{0, 1});
    EXPECT_EQ(of_bytes.mean, (std::vector<double>{0.5, 0.2}));
    EXPECT_EQ(of_bytes.std, (std::vector<double>{0.5, 1.0}));

    const Dataset dataset{.train = split};
    DataSettings settings{.normalize = {.automatic = true}, .train_limit = 2};
    Normalizations normalizations;
    normalizations.fill_in(settings, dataset, TargetKind::classes);
    EXPECT_EQ(settings.normalize.mean, (std::vector<double>{2, 5}));
}

}  // namespace
}  // namespace labhost::examples_test
