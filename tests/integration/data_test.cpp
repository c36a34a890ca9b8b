// Data of other kinds than MNIST's, as people bring them; parity/data.py holds their numbers against Python's.
#include <fmt/format.h>

#include "helpers/npy_files.hpp"
#include "program.hpp"

namespace labhost {
namespace {

using nlohmann::json;
using testing::bytes_of;
using testing::npy;

class Data : public testing::ProgramTest {
protected:
    /// Vectors of 13 columns, of classes 0 to 2.
    static std::pair<std::string, std::string> vectors(std::size_t count) {
        std::vector<double> values;
        std::vector<std::int64_t> labels;
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t column = 0; column < 13; ++column)
                values.push_back(static_cast<double>((i * 31 + column * 17) % 101));
            labels.push_back(static_cast<std::int64_t>(i % 3));
        }
        return {npy("<f8", fmt::format("({}, 13)", count), bytes_of(values)),
                npy("<i8", fmt::format("({},)", count), bytes_of(labels))};
    }
    ProcessResult train(const std::string& data, const std::string& run, std::vector<std::string> more = {}) {
        more.insert(more.begin(),
                    {folder_.write("e.toml", "trainer.epochs = 2\n" + data + "\n[[run]]\n" + run).native(), "--plugins",
                     LABHOST_TEST_PLUGINS});
        return labhost(more);
    }
};

TEST_F(Data, APluginOfSdk10TrainsInThisHost) {
    const std::string mnist = "data = { dataset = \"mnist\", train_limit = 64, test_limit = 10 }";
    const ProcessResult result = train(mnist, "model = \"sdk_1_0\"");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::string about = labhost({"inspect", LABHOST_TEST_PLUGINS "/sdk_1_0.so"}).out;
    EXPECT_NE(about.find("1 x 28 x 28 (channels, height, width)"), std::string::npos) << about;
    EXPECT_NE(about.find("classes   10"), std::string::npos) << "what follows its descriptor is not read: " << about;
}

TEST_F(Data, WhatTheDataBringAndComeToIsRecorded) {
    const auto [x, y] = vectors(60);
    testing::write_npz(folder_ / "d.npz", {{"x_train.npy", x},
                                           {"y_train.npy", y},
                                           {"x_val.npy", x},
                                           {"y_val.npy", y},
                                           {"x_test.npy", x},
                                           {"y_test.npy", y}});
    const std::string data = "data = { dataset = \"./d.npz\", normalize = \"auto\" }\ntrainer.keep = \"best\"";
    const ProcessResult plan =
        labhost({"plan", folder_.write("e.toml", data + "\n[[run]]\nmodel = \"vector13\"").native(), "--plugins",
                 LABHOST_TEST_PLUGINS});
    EXPECT_NE(plan.out.find("d.npz: 60 to train, 60 to validate, 60 to test"), std::string::npos)
        << plan.out << plan.err;
    const ProcessResult result = train(data, "model = \"vector13\"");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto run = run_folder("e", "vector13-s1");
    const json normalize = json::parse(read_file(run / "run.json")).at("data").at("normalize");
    EXPECT_EQ(normalize.at("auto"), true);
    EXPECT_EQ(normalize.at("mean").size(), 13U);
    EXPECT_EQ(normalize.at("std").size(), 13U);
    const json predictions = json::parse(read_file(run / "predictions.json"));
    EXPECT_FALSE(predictions.contains("height"));
    for (const json& mistake : predictions.at("mistakes")) EXPECT_EQ(mistake.at("values").size(), 13U);
    EXPECT_TRUE(json::parse(read_file(run / "metrics.jsonl").substr(0, read_file(run / "metrics.jsonl").find('\n')))
                    .contains("validation.loss"));
    const ProcessResult again = train(data, "model = \"vector13\"");
    EXPECT_NE(again.err.find("finished before; --force runs it again"), std::string::npos) << again.err;
}

TEST_F(Data, OfARegressionHaveErrorsForAccuracy) {
    const auto [x, y] = vectors(60);
    const std::string targets = npy("<f8", "(60, 3)", bytes_of(std::vector<double>(180, 0.5)));
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", targets}});
    const std::string data =
        "data.dataset = \"d.npz\"\ndata.test.count = 10\ndata.normalize = \"auto\"\ntrainer.loss = \"mse\"\n"
        "experiment.seeds = [1, 2]\n[[claim]]\nsays = \"s\"\ntest = \"about\"\nof = \"reals13\"\nvalue = 0\nmargin = 1";
    const ProcessResult result = train(data, "model = \"reals13\"");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("run         train loss  test loss     mae    rmse      r2  seconds"), std::string::npos)
        << result.out;
    EXPECT_NE(result.out.find("test.loss"), std::string::npos) << "what a claim is on: " << result.out;
    const json predictions = json::parse(read_file(run_folder("e", "reals13-s1") / "predictions.json"));
    EXPECT_EQ(predictions.at("outputs"), 3);
    EXPECT_EQ(predictions.at("predicted").size(), 10U);
    EXPECT_EQ(predictions.at("targets").at(9), json({0.5, 0.5, 0.5}));
    const ProcessResult sorted = labhost({"results", "runs", "--sort", "test.rmse"});
    EXPECT_EQ(sorted.exit_code, 0) << sorted.err;
    EXPECT_EQ(labhost({"report", "runs/e"}).exit_code, 0);
    EXPECT_EQ(labhost({"validate", LABHOST_TEST_PLUGINS "/reals13.so"}).exit_code, 0);
}

TEST_F(Data, ALossGoesWithWhatTheModelDeclares) {
    const auto [x, y] = vectors(60);
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", y}});
    const std::string data = "data.dataset = \"d.npz\"\ndata.test.count = 10\ntrainer.loss = ";
    expect_refusal(
        train(data + "\"mse\"", "model = \"vector13\""), 2,
        "trainer.loss = \"mse\" is of models that declare .outputs, and plugin 'vector13' declares .classes");
    expect_refusal(train(data + "\"nll\"", "model = \"reals13\""), 2,
                   "trainer.loss = \"nll\" is of models that declare .classes, and plugin 'reals13' declares .outputs");
    expect_refusal(train(data + "\"l1\"", "model = \"reals13\""), 2,
                   "plugin 'reals13' has 3 outputs, the examples of ");
    expect_refusal(train(data + "\"mse\"\ntrainer.keep = \"best\"\ntrainer.keep_metric = \"test.accuracy\"",
                         "model = \"reals10\""),
                   2, "plugin 'reals10' takes examples of 10");
}

TEST_F(Data, WhatDoesNotFitNamesBothShapesAndWhatWould) {
    const auto [x, y] = vectors(60);
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", y}});
    const std::string data = "data.dataset = \"d.npz\"\ndata.test.count = 10";
    expect_refusal(train(data, "model = \"vector64\""), 2,
                   "e.toml:5:1: error: plugin 'vector64' takes examples of 64, those of " +
                       (folder_ / "d.npz").native() + " are 13; such a model declares .input = {13}");
    expect_refusal(train(data + "\ndata.augment.random_horizontal_flip = 0.5", "model = \"vector13\""), 2,
                   "data.augment is of images of bytes");
    expect_refusal(train(data + "\ndata.normalize.mean = [1.0, 2.0]", "model = \"vector13\""), 2,
                   "data.normalize.mean has 2 entries; the examples of ");
    expect_refusal(train("data.dataset = \"d.npz\"", "model = \"vector13\""), 2, "has no test part: add data.test");
    expect_refusal(train("data.dataset = \"no.npz\"", "model = \"vector13\""), 2, "data.dataset: there is no ");
    expect_refusal(train("data.dataset = \"./e.toml\"", "model = \"vector13\""), 2,
                   "e.toml is neither a .npz nor a .csv file");
}

}  // namespace
}  // namespace labhost
