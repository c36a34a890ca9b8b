// Damaged or unfitting data: one clear message, exit code 2, and nothing trained.
#include "helpers/idx_files.hpp"
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

}  // namespace
}  // namespace labhost
