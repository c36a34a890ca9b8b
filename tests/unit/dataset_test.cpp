// Data sets: four files that must fit together, genuine where they are known by name.
#include <gtest/gtest.h>

#include <utility>

#include "data/catalog.hpp"
#include "data/dataset.hpp"
#include "data/fetch.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/idx_files.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/process.hpp"

namespace labhost::dataset_test {
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

TEST(Catalog, KnowsTheClassesThatLabelsStandFor) {
    const auto classes = [](const char* name) { return find_in_catalog(name)->classes; };
    EXPECT_EQ(classes("emnist-letters").size(), 27U);
    EXPECT_EQ(classes("emnist-letters")[26], "z");
    EXPECT_EQ(classes("emnist-byclass").size(), 62U);
    EXPECT_EQ(classes("emnist-byclass")[61], "z");
    EXPECT_EQ(classes("emnist-balanced").size(), 47U);
    EXPECT_EQ(classes("emnist-balanced")[46], "t");
    EXPECT_EQ(classes("cifar10")[9], "truck");
    for (const CatalogEntry& entry : catalog()) {
        EXPECT_FALSE(entry.archives.empty()) << entry.name;
        for (const CatalogArchive& archive : entry.archives) EXPECT_EQ(archive.md5.size(), 32U) << archive.address;
        EXPECT_EQ(entry.files.size(), entry.format == FileFormat::idx ? 4U : entry.name == "cifar10" ? 6U : 2U);
    }
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

/// Archives from a server of the test's own, with digests of their own: those of the publishers cannot be met by files
/// that are made here.
class Fetch : public ::testing::Test {
protected:
    void make(const std::string& command) {
        const ProcessResult made = run_process({"sh", "-ec", command}, {.folder = made_.path()});
        ASSERT_EQ(made.exit_code, 0) << made.err;
    }
    CatalogArchive archive(const std::string& name) {
        return {.address = "file://" + (made_ / name).native(), .md5 = md5(read_file(made_ / name))};
    }
    void fetch(const CatalogEntry& entry) {
        fetch_dataset(entry, folder_.path(), [](const std::string&) {});
    }

    testing::TemporaryFolder made_;
    testing::TemporaryFolder folder_;
};

TEST_F(Fetch, UnpacksATarAndNotesItsHashes) {
    const std::string record = '\1' + std::string(3072, 'a');
    for (int i = 1; i <= 5; ++i) made_.write(fmt::format("c/data_batch_{}.bin", i), record);
    made_.write("c/test_batch.bin", record);
    make("tar -czf c.tar.gz c");
    CatalogEntry entry = *find_in_catalog("cifar10");
    for (CatalogFile& file : entry.files) file.member = fmt::format("c/{}", file.name);
    entry.archives = {archive("c.tar.gz")};
    EXPECT_FALSE(is_complete(entry, folder_.path()));
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path().parent_path());
    fetch_dataset(entry, folder_.path().filename(), [](const std::string&) {});  // by a relative path
    std::filesystem::current_path(before);
    EXPECT_TRUE(is_complete(entry, folder_.path()));
    // The same of an archive that lies there already.
    std::filesystem::remove(folder_ / "test_batch.bin");
    std::filesystem::copy(made_ / "c.tar.gz", folder_.path());
    entry.archives.front().address = "http://localhost:1/c.tar.gz";
    std::filesystem::current_path(folder_.path().parent_path());
    fetch_dataset(entry, folder_.path().filename(), [](const std::string&) {});
    std::filesystem::current_path(before);
    EXPECT_TRUE(is_complete(entry, folder_.path()));
    EXPECT_EQ(genuine_sha256(entry.files[5], folder_.path()), sha256(record));
    EXPECT_EQ(run_process({"sha256sum", "--check", "--quiet", "SHA256SUMS"}, {.folder = folder_.path()}).exit_code, 0);
    folder_.write("test_batch.bin", '\2' + std::string(3072, 'a'));
    EXPECT_FALSE(is_complete(entry, folder_.path()));
    expect_error(ExitCode::usage, "this is not the test_batch.bin of cifar10: its SHA-256 is ", [&] {
        check_genuine(entry, entry.files[5], folder_.path(), sha256_of(entry, folder_ / "test_batch.bin"), {});
    });
    std::filesystem::remove(folder_ / "SHA256SUMS");
    expect_error(ExitCode::usage, "was not brought there by labhost fetch",
                 [&] { check_genuine(entry, entry.files[0], folder_.path(), sha256(record), {}); });
}

TEST_F(Fetch, UnpacksAZipOfGzippedFilesThatLiesThereAlready) {
    testing::write_dataset(made_, 20, 10, 6);
    make("mkdir gzip; for f in *ubyte; do gzip -c $f > gzip/$f.gz; done; python3 -m zipfile -c g.zip gzip");
    CatalogEntry entry = *find_in_catalog("emnist-letters");
    for (CatalogFile& file : entry.files) file.member = fmt::format("gzip/{}.gz", file.name);
    entry.archives = {archive("g.zip")};
    entry.archives.front().address = "http://localhost:1/g.zip";  // which nothing answers
    expect_error(ExitCode::run_failed, "put http://localhost:1/g.zip into " + folder_.path().native() + " by hand",
                 [&] { fetch(entry); });
    std::filesystem::copy(made_ / "g.zip", folder_.path());
    fetch(entry);
    EXPECT_TRUE(is_complete(entry, folder_.path()));
    EXPECT_EQ(read_file(folder_ / "train-images-idx3-ubyte"), read_file(made_ / "train-images-idx3-ubyte"));
}

TEST_F(Fetch, TakesOnlyWhatHasTheDigest) {
    testing::write_dataset(made_, 20, 10, 6);
    make("gzip *ubyte");
    CatalogEntry entry = *find_in_catalog("kmnist");
    entry.archives.clear();
    for (const std::string_view name : idx_names) entry.archives.push_back(archive(fmt::format("{}.gz", name)));
    const std::string right = std::exchange(entry.archives[2].md5, "00000000000000000000000000000000");
    expect_error(ExitCode::run_failed, "its t10k-images-idx3-ubyte.gz has the MD5 ", [&] { fetch(entry); });
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    entry.archives[2].md5 = right;
    fetch(entry);
    EXPECT_TRUE(is_complete(entry, folder_.path()));
}

}  // namespace
}  // namespace labhost::dataset_test
