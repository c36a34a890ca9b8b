// Data sets: four files that must fit together, genuine where they are known by name.
#include <gtest/gtest.h>

#include "data/catalog.hpp"
#include "data/dataset.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/idx_files.hpp"

namespace labhost {
namespace {

using testing::expect_error;

class DatasetFolder : public ::testing::Test {
protected:
    DatasetFolder() { testing::write_dataset(folder_, 20, 10, 6); }
    Dataset load() { return load_dataset(settings_, "/nowhere"); }
    void refuse(const std::string& words) {
        expect_error(ExitCode::usage, words, [&] { load(); });
    }
    testing::TemporaryFolder folder_;
    DataSettings settings_{.dataset = folder_.path().native(), .where = Location{"e.toml", 2, 1}};
};

TEST_F(DatasetFolder, IsHeldAsBytes) {
    const Dataset data = load();
    EXPECT_EQ(data.train.count, 20);
    EXPECT_EQ(data.test.count, 10);
    EXPECT_EQ(data.train.sizes, (std::vector<std::int64_t>{6, 6}));
    EXPECT_EQ(data.train.bytes.size(), 20U * 36U);
    EXPECT_TRUE(data.train.is_bytes());
    EXPECT_EQ(data.train.largest_label, 9);
    EXPECT_EQ(data.sha256.size(), 4U);
}

TEST_F(DatasetFolder, RefusesFilesThatDoNotFitTogether) {
    folder_.write("train-labels-idx1-ubyte", testing::labels("\1\2\3"));
    refuse("holds 3 labels, but");
    testing::write_dataset(folder_, 20, 10, 6);
    folder_.write("t10k-images-idx3-ubyte", testing::images(10, 7, 7));
    refuse("the examples to train on are 6x6, those to test with 7x7");
}

TEST_F(DatasetFolder, RefusesAMissingFile) {
    std::filesystem::remove(folder_ / "t10k-labels-idx1-ubyte");
    refuse("e.toml:2:1: error: the data set " + folder_.path().native() + " has no file t10k-labels-idx1-ubyte");
}

TEST_F(DatasetFolder, LimitsMustNotExceedIt) {
    settings_.train_limit = 21;
    expect_error(ExitCode::usage, "data.train_limit = 21, but the data set has 20 examples",
                 [&] { check_fits_data(settings_, load()); });
}

TEST(DatasetByName, SaysHowToGetWhatIsMissing) {
    const testing::TemporaryFolder empty;
    expect_error(ExitCode::usage, "get it with: labhost fetch mnist",
                 [&] { load_dataset({.dataset = "mnist"}, empty.path()); });
    expect_error(ExitCode::usage, "unknown data set 'mnits'; did you mean 'mnist'?",
                 [&] { load_dataset({.dataset = "mnits"}, empty.path()); });
}

TEST(DatasetByName, MustBeGenuine) {
    const testing::TemporaryFolder root;
    std::filesystem::create_directory(root / "mnist");
    const testing::TemporaryFolder made;
    testing::write_dataset(made, 20, 10, 28);
    std::filesystem::copy(made.path(), root / "mnist", std::filesystem::copy_options::recursive);
    expect_error(ExitCode::usage, "this is not the train-images-idx3-ubyte of mnist: its SHA-256 is ",
                 [&] { load_dataset({.dataset = "mnist"}, root.path()); });
}

}  // namespace
}  // namespace labhost
