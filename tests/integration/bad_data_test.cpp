// Damaged or unfitting data: one clear message, exit code 2, and nothing trained.
#include <cmath>

#include "helpers/idx_files.hpp"
#include "helpers/image_files.hpp"
#include "helpers/npy_files.hpp"
#include "program.hpp"

namespace labhost {
namespace {

class BadData : public testing::ProgramTest {
protected:
    BadData() { testing::write_dataset(data_, 128, 100, 28); }

    ProcessResult train(const std::string& model = "net") {
        return labhost({folder_
                            .write("e.toml", "data.dataset = \"" + data_.path().native() +
                                                 "\"\ntrainer.epochs = 1\n"
                                                 "trainer.device = \"cpu\"\n[[run]]\nmodel = \"" +
                                                 model + "\"\n")
                            .native()});
    }
    std::string bytes(const std::string& name) { return read_file(data_ / name); }

    testing::TemporaryFolder data_;
};

TEST_F(BadData, SoundDataTrains) { EXPECT_EQ(train().exit_code, 0); }

TEST_F(BadData, TruncatedFile) {
    data_.write("train-images-idx3-ubyte", bytes("train-images-idx3-ubyte").substr(0, 5000));
    expect_refusal(train(), 2,
                   "train-images-idx3-ubyte: error: is truncated: its header promises 100352 values, it holds 4984");
}

TEST_F(BadData, OversizedFile) {
    data_.write("t10k-labels-idx1-ubyte", bytes("t10k-labels-idx1-ubyte") + "more");
    expect_refusal(train(), 2, "t10k-labels-idx1-ubyte: error: is too long: there are bytes after the 100 values");
}

TEST_F(BadData, WrongMagic) {
    data_.write("train-labels-idx1-ubyte", bytes("train-images-idx3-ubyte"));
    expect_refusal(train(), 2,
                   "train-labels-idx1-ubyte: error: its shape is 128x28x28; labels are one for each example (128)");
    data_.write("train-labels-idx1-ubyte", "PNG and so on, and so on");
    expect_refusal(train(), 2, "train-labels-idx1-ubyte: error: is no IDX file: its magic number is 0x504e4720");
}

TEST_F(BadData, LabelsOutOfRange) {
    std::string values(128, '\0');
    values[77] = 10;
    data_.write("train-labels-idx1-ubyte", testing::labels(values));
    expect_refusal(train(), 2,
                   "labels out of range: " + (data_ / "train-labels-idx1-ubyte").native() +
                       " has the label 10 (example 77), plugin 'net' tells 10 classes apart (0 to 9)");
    for (const char* file : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) std::filesystem::remove(data_ / file);
    expect_refusal(train("net\"\ndata.test.fraction = 0.5\ndata.test.seed = 3 #"), 2, "(example 77)");
}

TEST_F(BadData, ImagesOfAnotherShape) {
    testing::write_dataset(data_, 128, 100, 32);
    expect_refusal(train(), 2,
                   "e.toml:5:1: error: plugin 'net' takes examples of 1x28x28, those of " + data_.path().native() +
                       " are 1x32x32; such a model declares .input = {1, 32, 32}");
}

TEST_F(BadData, MissingDataSet) {
    const ProcessResult result = labhost({experiment("[[run]]\nmodel = \"net\"\n"), "--data", folder_.path().native()});
    expect_refusal(result, 2, "(train-images-idx3-ubyte is missing); get it with: labhost fetch mnist");
}

TEST_F(BadData, LimitBeyondTheData) {
    expect_refusal(labhost({experiment("[[run]]\nmodel = \"net\"\n"), "--set", "data.train_limit=60001"}), 2,
                   "data.train_limit = 60001, but the data set has 60000 examples");
}

/// A data set of which one file is damaged.
struct Damaged {
    std::string file;  ///< written last, over a sound one
    std::string content;
    std::string says;     ///< after its path
    std::string dataset;  ///< of the folder; the damaged file's kind
    std::string model = "vector13";
};

/// Each is refused before anything is trained, by its place: the file, and the array, line or example in it.
TEST_F(BadData, TwentyFourDamagedFiles) {
    using testing::bytes_of;
    using testing::npy;
    using testing::npy_with;
    const std::vector<double> sound(26, 0.5);
    const std::string x = npy("<f8", "(2, 13)", bytes_of(sound));
    const std::string y = npy("<i8", "(2,)", bytes_of<std::int64_t>({0, 2}));
    auto with = [&](std::size_t at, double value) {
        std::vector<double> values = sound;
        values[at] = value;
        return npy("<f8", "(2, 13)", bytes_of(values));
    };
    const auto zip_of = [&](const std::vector<std::pair<std::string, std::string>>& members) {
        testing::write_npz(data_ / "made.zip", members);
        return bytes("made.zip");
    };
    const std::string npz = zip_of({{"data.npy", x}, {"target.npy", y}});
    std::string flipped = npz;
    flipped[60] ^= 0x55;
    const std::string table = "a,b,kind\n1,2,0\n3,4,1\n";
    const std::string record = '\1' + std::string(3072, 'a');
    const std::string png = testing::plain_png(1, 2, 3);
    const std::vector<Damaged> all{
        {"npy/data.npy", "no array", ": error: ", "npy/"},
        {"npy/data.npy", x.substr(0, 20), ": error: ", "npy/"},
        {"npy/data.npy", x.substr(0, x.size() - 9), ": error: ", "npy/"},
        {"npy/data.npy", x + "more", ": error: ", "npy/"},
        {"npy/data.npy", npy("|O", "(2, 13)", ""), ": error: ", "npy/"},
        {"npy/data.npy", npy("<f8", "(2, -13)", bytes_of(sound)), ": error: ", "npy/"},
        {"npy/data.npy", npy("<f8", "(999999999999, 13)", ""), ": error: ", "npy/"},
        {"npy/data.npy", with(14, std::nan("")), ": error: example 1 holds nan, at its value 1", "npy/"},
        {"npy/data.npy", with(3, 1e300), ": error: example 0 holds inf, at its value 3", "npy/"},
        {"npy/target.npy", npy("<i8", "(3,)", bytes_of<std::int64_t>({0, 1, 2})), ": error: holds 3 labels, but ",
         "npy/"},
        {"npy/target.npy", npy("<f8", "(2,)", bytes_of<double>({0, 1.5})), ": error: the label of example 1 is 1.5",
         "npy/"},
        {"npy/target.npy", npy("<i8", "(2,)", bytes_of<std::int64_t>({0, -1})), ": error: the label of example 1 is -1",
         "npy/"},
        {"npy/target.npy", npy("<i8", "(2, 2)", bytes_of<std::int64_t>({0, 1, 2, 0})), ": error: its shape is 2x2",
         "npy/"},
        {"d.npz", npz.substr(0, npz.size() / 2), ": error: cannot be read as a zip archive", "d.npz"},
        {"d.npz", flipped, ": data.npy: error: is damaged", "d.npz"},
        {"d.npz", zip_of({{"data.npy", x}}), ": error: has data, but no target beside it", "d.npz"},
        {"d.csv", table + "5,six,0\n", ":4: error: ", "d.csv"},
        {"d.csv", table + "5,6\n", ":4: error: ", "d.csv"},
        {"d.csv", table + "5,,1\n", ":4: error: ", "d.csv"},
        {"cifar/data_batch_3.bin", record.substr(1), ": error: is no file of CIFAR-10", "cifar/", "colour32"},
        {"cifar/test_batch.bin", record + '\12' + record.substr(1), ": error: is damaged: record 1 has the label 10",
         "cifar/", "colour32"},
        {"pets/test/dog/1.png", png.substr(0, png.size() / 2), ": error: it cannot be decoded: it is truncated",
         "pets/", "colour28"},
        {"pets/train/cat/1.png", "GIF89a", ": error: it cannot be decoded: it is neither a PNG nor a JPEG", "pets/",
         "colour28"},
        {"pets/train/cat/1.png", testing::jpeg_file(16, 16, std::vector<std::uint8_t>(768, 9)).substr(0, 300),
         ": error: it cannot be decoded: ", "pets/", "colour28"},
    };
    ASSERT_EQ(all.size(), 24U);
    for (const Damaged& damaged : all) {
        SCOPED_TRACE(damaged.file + damaged.says);
        data_.write("npy/data.npy", x);
        data_.write("npy/target.npy", y);
        for (int i = 1; i <= 5; ++i) data_.write(fmt::format("cifar/data_batch_{}.bin", i), record);
        data_.write("cifar/test_batch.bin", record);
        for (const char* name : {"train/cat/1", "train/dog/1", "test/cat/1", "test/dog/1"})
            data_.write(fmt::format("pets/{}.png", name), png);
        data_.write(damaged.file, damaged.content);
        const bool has_test = damaged.dataset == "cifar/" || damaged.dataset == "pets/";
        const std::string more = damaged.dataset == "d.csv" ? "data.target = \"kind\"\n" : "";
        const std::string text =
            fmt::format("data.dataset = \"{}\"\n{}{}[[run]]\nmodel = \"{}\"\n", (data_ / damaged.dataset).native(),
                        has_test ? "" : "data.test.count = 1\n", more, damaged.model);
        expect_refusal(labhost({folder_.write("e.toml", text).native(), "--plugins", LABHOST_TEST_PLUGINS}), 2,
                       (data_ / damaged.file).native() + damaged.says);
    }
}

}  // namespace
}  // namespace labhost
