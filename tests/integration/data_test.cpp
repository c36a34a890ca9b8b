// Data of other kinds than MNIST's, as people bring them; parity/data.py holds their numbers against Python's.
#include <fmt/format.h>

#include "data/images/decode.hpp"
#include "helpers/image_files.hpp"
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
    /// How many folders of runs there are.
    std::int64_t runs_of(const std::string& experiment) {
        return std::ranges::count_if(std::filesystem::directory_iterator(folder_ / "runs" / experiment),
                                     [](const auto& entry) { return entry.is_directory(); });
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

TEST_F(Data, ALossOfTheModelsOwnIsTheOnlyMetricOfItsOutputs) {
    const std::string x = npy("<f8", "(60, 64)", bytes_of(std::vector<double>(60 * 64, 0.25)));
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", vectors(60).second}});
    const std::string data =
        "data.dataset = \"d.npz\"\ndata.test.count = 10\ntrainer.loss = \"model\"\nexperiment.seeds = [1, 2]\n";
    const std::string claim =
        "[[claim]]\nsays = \"s\"\ntest = \"about\"\nof = \"autoencoder64\"\nvalue = 0\nmargin = 9\n";
    expect_refusal(
        train(data + claim, "model = \"autoencoder64\""), 2,
        "e.toml:6:1: error: the claim is on 'autoencoder64', which has a loss of its model's own; say by what it is "
        "judged");
    for (const std::string metric : {"test.mae", "test.accuracy", "test.f1"})
        expect_refusal(train(data + claim + "metric = \"" + metric + "\"", "model = \"autoencoder64\""), 2,
                       metric + " is no metric of a run with trainer.loss = \"model\"");
    // With another it is a regression, whose targets are the data's.
    expect_refusal(
        train("data.dataset = \"d.npz\"\ndata.test.count = 10\ntrainer.loss = \"mse\"", "model = \"autoencoder64\""), 2,
        "plugin 'autoencoder64' has 64 outputs, the examples of ");
    const ProcessResult result = train(data + claim + "metric = \"test.loss\"", "model = \"autoencoder64\"");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("run" + std::string(15, ' ') + "train loss  test loss  seconds\n"), std::string::npos)
        << result.out;
    const auto run = run_folder("e", "autoencoder64-s1");
    EXPECT_LT(std::filesystem::file_size(run / "checkpoint.pt"), 50'000U)
        << "outputs that nobody asks for are not kept";
    EXPECT_EQ(json::parse(read_file(run / "predictions.json")),
              json({{"outputs", 64}, {"targets", json::array()}, {"predicted", json::array()}}));
    EXPECT_EQ(labhost({"report", "runs/e"}).exit_code, 0);
}

TEST_F(Data, ALossOfTheModelsOwnTakesFoldersOfImages) {
    for (const char* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"}) {
        std::filesystem::create_directories((folder_ / "pictures" / name).parent_path());
        folder_.write(std::string("pictures/") + name, testing::plain_png(10, 20, 30));
    }
    const std::string data = "data = { dataset = \"./pictures/\", test = { count = 1 } }\ntrainer.loss = ";
    expect_refusal(
        train(data + "\"mse\"", "model = \"autoencoder8x8\""), 2,
        "a folder of images tells their classes, which go with trainer.loss = \"nll\", \"cross_entropy\" or \"model\"");
    const ProcessResult result = train(data + "\"model\"", "model = \"autoencoder8x8\"");
    EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(Data, ALossOfTheModelsOwnMayTellClassesApart) {
    const std::string x = npy("<f8", "(60, 64)", bytes_of(std::vector<double>(60 * 64, 0.25)));
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", vectors(60).second}});
    const std::string data = "data.dataset = \"d.npz\"\ndata.test.count = 10\ntrainer.loss = \"model\"\n";
    expect_refusal(train(data + "data.class_weights = \"balanced\"", "model = \"focal64\""), 2,
                   "data.class_weights goes with loss = \"nll\" or \"cross_entropy\", not with model");
    const ProcessResult result = train(data +
                                           "experiment.seeds = [1, 2]\n[[claim]]\nsays = \"s\"\ntest = \"about\"\n"
                                           "of = \"focal64\"\nvalue = 10\nmargin = 99\nmetric = \"test.accuracy\"\n",
                                       "model = \"focal64\"");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("test.accuracy"), std::string::npos) << result.out;
    EXPECT_TRUE(json::parse(read_file(run_folder("e", "focal64-s1") / "predictions.json")).contains("confusion"));
}

TEST_F(Data, ALossOfTheModelsOwnThatIsNoneIsToldInItsWords) {
    const std::string x = npy("<f8", "(60, 64)", bytes_of(std::vector<double>(60 * 64, 0.25)));
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", vectors(60).second}});
    const std::string data = "data.dataset = \"d.npz\"\ndata.test.count = 10\ntrainer.loss = \"model\"\n";
    expect_refusal(train(data, "model = \"vector64\""), 2,
                   "plugin 'vector64' brings none: give its class a public `Tensor loss(");
    const auto fault = [](const std::string& name) {
        return "model = \"faulty_loss64\"\nparams.fault = \"" + name + "\"";
    };
    expect_refusal(train(data, fault("throws")), 1, "plugin 'faulty_loss64' failed in loss: no loss today");
    expect_refusal(train(data, fault("vector")), 1,
                   "returned Float [50] from loss; it is a scalar, the mean over the batch");
    expect_refusal(train(data, fault("double")), 1, "returned Double [] on cpu from loss; it is float32 []");
    expect_refusal(train(data, fault("constant")), 1, "returned a loss that depends on no parameter");
}

TEST_F(Data, ALossOfTheModelsOwnIsSeenAndValidated) {
    const auto plugin = [](const char* name) { return std::string(LABHOST_TEST_PLUGINS "/") + name + ".so"; };
    const auto descriptor = [&](const char* name) {
        return json::parse(labhost({"inspect", plugin(name), "--json"}).out).at("descriptor");
    };
    EXPECT_EQ(descriptor("autoencoder64").value("loss", false), true);
    EXPECT_FALSE(descriptor("vector64").contains("loss"));
    EXPECT_NE(labhost({"inspect", plugin("focal64")}).out.find("trainer.loss = \"model\""), std::string::npos);

    for (const char* name : {"autoencoder64", "autoencoder8x8", "focal64"}) {
        const ProcessResult valid = labhost({"validate", plugin(name)});
        EXPECT_EQ(valid.exit_code, 0) << valid.out;
        EXPECT_NE(valid.out.find("Success    output"), std::string::npos) << valid.out;
    }
    const ProcessResult sum = labhost({"validate", plugin("summing64"), "--test", "output"});
    EXPECT_NE(sum.out.find("Warning    output"), std::string::npos) << sum.out;
    EXPECT_NE(sum.out.find("of the same ones twice"), std::string::npos) << sum.out;
    const ProcessResult draws = labhost({"validate", plugin("draws64"), "--test", "output"});
    EXPECT_EQ(draws.exit_code, 1);
    EXPECT_NE(draws.out.find("evaluating one batch twice gives two losses"), std::string::npos) << draws.out;
    // The width of its targets is not in the plugin.
    const ProcessResult wide = labhost({"validate", plugin("quantiles10"), "--test", "output"});
    EXPECT_EQ(wide.exit_code, 1);
    EXPECT_NE(wide.out.find(
                  "one target, not 3; if its data have another number of targets than it has outputs, say --targets N"),
              std::string::npos)
        << wide.out;
    const ProcessResult said = labhost({"validate", plugin("quantiles10"), "--targets", "1"});
    EXPECT_EQ(said.exit_code, 0) << said.out;
    for (const char* targets : {"0", "-1", "many"})
        expect_refusal(labhost({"validate", plugin("quantiles10"), "--targets", targets}), 2,
                       "give a whole number from 1 to 1000000");
    const ProcessResult none = labhost({"validate", plugin("vector64"), "--loss", "model"});
    EXPECT_EQ(none.exit_code, 4) << none.out;
    EXPECT_NE((none.out + none.err).find("it brings no loss of its own"), std::string::npos) << none.out << none.err;
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

/// Two classes with 12 examples each to train on and 4 to test with, of 32 x 24 pixels.
void write_images(const testing::TemporaryFolder& folder) {
    for (const auto& [part, count] : {std::pair{"train", 12}, {"test", 4}})
        for (int label = 0; label < 2; ++label)
            for (int i = 0; i < count; ++i) {
                std::vector<std::uint8_t> pixels(24 * 32 * 3, static_cast<std::uint8_t>(50 + 100 * label + i));
                pixels[static_cast<std::size_t>(i) * 7] = 255;
                folder.write(fmt::format("d/{}/{}/{}.png", part, label == 0 ? "ash" : "birch", i),
                             testing::png_file(24, 32, pixels));
            }
}

TEST_F(Data, FoldersOfImagesAreTrainedOnAtTheModelsSize) {
    write_images(folder_);
    const std::string data = "data = { dataset = \"./d/\", normalize = \"auto\" }";
    const std::string model = "model = \"colour28\"";
    const ProcessResult result = train(data, model);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("decoding 32 images to 3x28x28 into "), std::string::npos) << result.err;
    const json record = json::parse(read_file(run_folder("e", "colour28-s1") / "run.json"));
    EXPECT_EQ(record.at("classes"), (json{"ash", "birch"}));
    EXPECT_FALSE(record.contains("left_out"));
    const ProcessResult plan = labhost({"plan", (folder_ / "e.toml").native(), "--plugins", LABHOST_TEST_PLUGINS});
    EXPECT_EQ(plan.err.find("decoding"), std::string::npos) << plan.err;
    EXPECT_NE(plan.out.find("d/: 24 to train, 8 to test; 1 steps an epoch; "), std::string::npos) << plan.out;
    EXPECT_NE(plan.out.find("1 finished"), std::string::npos) << plan.out;

    // The same data, whatever their folder and files are called.
    std::filesystem::rename(folder_ / "d/train/ash/0.png", folder_ / "d/train/ash/00.png");
    std::filesystem::rename(folder_ / "d", folder_ / "moved");
    const std::string moved = "data = { dataset = \"./moved/\", normalize = \"auto\" }";
    EXPECT_NE(train(moved, model).out.find("colour28-s1"), std::string::npos);
    EXPECT_EQ(runs_of("e"), 1) << "nothing is trained twice";

    folder_.write("moved/train/ash/1.png", "no image");
    const ProcessResult damaged = train(moved, model);
    EXPECT_EQ(damaged.exit_code, 2);
    EXPECT_NE(damaged.err.find("moved/train/ash/1.png: error: it cannot be decoded: it is neither"), std::string::npos)
        << damaged.err;
    const std::string skipped = "data = { dataset = \"./moved/\", normalize = \"auto\", on_damaged = \"skip\" }";
    const ProcessResult left_out = train(skipped, model + "\nname = \"s\"");
    EXPECT_EQ(left_out.exit_code, 0) << left_out.err;
    EXPECT_NE(left_out.err.find("1 of the files of "), std::string::npos) << left_out.err;
    EXPECT_EQ(json::parse(read_file(run_folder("e", "s-s1") / "run.json")).at("left_out").size(), 1U);
}

TEST_F(Data, FoldersOfImagesMustFitTheModel) {
    write_images(folder_);
    const std::string data = "data.dataset = \"./d/\"\n";
    expect_refusal(train(data + "data.resize = [20, 10]", "model = \"colour28\""), 2,
                   "takes examples of 3x28x28, those of ");
    expect_refusal(train(data, "model = \"vector13\""), 2, "such a model declares .input = {3, height, width}");
    expect_refusal(train(data + "data.resize = [28.5, 28]", "model = \"colour28\""), 2,
                   "e.toml:3:15: error: data.resize must be two whole numbers, [height, width]");
    expect_refusal(train("data = { dataset = \"mnist\", resize = [28, 28] }", "model = \"sdk_1_0\""), 2,
                   "data.resize is of folders of images");
    expect_refusal(train("data = { dataset = \"mnist\", on_damaged = \"skip\" }", "model = \"sdk_1_0\""), 2,
                   "data.on_damaged = \"skip\" is of folders of images");
}

TEST_F(Data, WeightsMustFitTheModelAndTheLoss) {
    const auto [x, y] = vectors(60);
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", y}});
    const std::string data = "data.dataset = \"./d.npz\"\ndata.test.count = 10\n";
    const std::string model = "model = \"vector13\"";
    expect_refusal(train(data + "data.class_weights = [1, 2]", model), 2,
                   "data.class_weights has 2 weights, and plugin 'vector13' tells 3 classes apart");
    expect_refusal(train(data + "data.class_weights = 2", model), 2, "must be an array with a weight for each class");
    expect_refusal(train(data + "data.class_weights = \"even\"", model), 2, "must be \"balanced\", or an array");
    expect_refusal(train(data + "data.pos_weight = 2", model), 2,
                   "data.pos_weight goes with loss = \"bce_with_logits\"");
    expect_refusal(train(data + "data.class_weights = [1, 2, 3]\ntrainer.loss = \"mse\"", "model = \"reals13\""), 2,
                   "data.class_weights goes with loss = \"nll\" or \"cross_entropy\", not with mse");
    EXPECT_EQ(train(data + "data.class_weights = \"balanced\"", model).exit_code, 0);
    const json weights =
        json::parse(read_file(run_folder("e", "vector13-s1") / "run.json")).at("data").at("class_weights");
    EXPECT_EQ(weights.size(), 3U);
    // Written out, these are the same run.
    EXPECT_NE(train(data + "data.class_weights = " + weights.dump(), model).out.find("vector13-s1"), std::string::npos);
    EXPECT_EQ(runs_of("e"), 1);
}

TEST_F(Data, SaysWhatADataSetHolds) {
    write_images(folder_);
    const ProcessResult images = labhost({"data", "./d/", "--sheet", "sheet.png"});
    ASSERT_EQ(images.exit_code, 0) << images.err;
    EXPECT_NE(images.out.find("24 to train, 8 to test; each 3x24x32 bytes"), std::string::npos) << images.out;
    EXPECT_NE(images.out.find("birch"), std::string::npos) << images.out;
    const std::string png = read_file(folder_ / "sheet.png");
    const Image sheet = decode_image({reinterpret_cast<const std::uint8_t*>(png.data()), png.size()}, 3);
    EXPECT_EQ(sheet.height, 2 + 2 * 26);
    EXPECT_EQ(sheet.width, 2 + 16 * 34);
    EXPECT_EQ(sheet.bytes[0], 255) << "white between them";
    const auto red = [&](std::int64_t y, std::int64_t x) {
        return sheet.bytes[static_cast<std::size_t>((y * sheet.width + x) * 3)];
    };
    EXPECT_EQ(red(10, 10), 50);
    EXPECT_EQ(red(36, 44), 151);

    const auto [x, y] = vectors(60);
    testing::write_npz(folder_ / "d.npz", {{"data.npy", x}, {"target.npy", y}});
    const json vectors = json::parse(labhost({"data", "d.npz", "--json"}).out);
    EXPECT_EQ(vectors.at("example"), (json{13}));
    EXPECT_EQ(vectors.at("parts").at("train").at("of_class"), (json{20, 20, 20}));
    EXPECT_EQ(vectors.at("mean").size(), 13U);
    expect_refusal(labhost({"data", "d.npz", "--sheet", "x.png"}), 2, "--sheet is of images");
    expect_refusal(labhost({"data", "d.npz", "--size", "3x4x4"}), 2, "--size is of folders of images");
    const ProcessResult reals = labhost({"data", "d.npz", "--kind", "reals"});
    EXPECT_NE(reals.out.find("least"), std::string::npos) << reals.out << reals.err;
    const auto [few, targets] = std::pair{npy("<f8", "(3, 1)", bytes_of<double>({1, 2, 3})),
                                          npy("<f8", "(3,)", bytes_of<double>({151, 75, 141}))};
    testing::write_npz(folder_ / "r.npz", {{"data.npy", few}, {"target.npy", targets}});
    const ProcessResult regression = labhost({"data", "r.npz"});
    EXPECT_NE(regression.out.find("122.3       151"), std::string::npos) << "as its targets look: " << regression.out;
    expect_refusal(labhost({"data", "mnits"}), 2,
                   "labhost data: error: unknown data set 'mnits'; did you mean 'mnist'?");
    EXPECT_NE(labhost({"data", "mnist"}).out.find("60000 to train, 10000 to test; each 28x28 bytes"),
              std::string::npos);
}

}  // namespace
}  // namespace labhost
