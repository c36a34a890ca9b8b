// A run's identity: written down, where whoever changes a digit makes everybody train again, and key by key.
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "record/fingerprint.hpp"
#include "support/machine.hpp"
#include "train/torch_info.hpp"

namespace labhost::fingerprint_test {
namespace {

/// What a fingerprint is made of, at fixed values; a test changes one of them.
struct Planned {
    labhost_descriptor descriptor{};
    Plugin plugin{.file = "plugins/net.so", .sha256 = "5d41402abc4b2a76", .stamp = Stamp("")};
    ResolvedParams params{.names = {"width", "p", "act", "bias"},
                          .values = {std::int64_t{128}, 0.25, std::string("relu"), true}};
    RunSettings run{.id = "net-s7", .model = "net", .seed = 7};
    Dataset dataset{.name = "mnist", .folder = "/data/mnist", .sha256 = {"440f", "3505", "8d42", "f7ae"}};
    Device device{};
    Arithmetic arithmetic{.torch = "1.13.0+cpu",
                          .blas = "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY USE_OPENMP Haswell MAX_THREADS=64",
                          .instructions = "avx2"};

    Planned() {
        plugin.descriptor = &descriptor;
        run.data.dataset = "mnist";
        dataset.train.count = 60000;
        dataset.test.count = 10000;
    }
    Planned(const Planned&) = delete;
    Planned& operator=(const Planned&) = delete;
    Planned(Planned&&) = delete;
    Planned& operator=(Planned&&) = delete;
    ~Planned() = default;

    Json inputs() const { return fingerprint_inputs(run, plugin, params, dataset, device, arithmetic); }
    std::string fingerprint() const { return fingerprint_of(inputs()); }
};

OptimizerSettings sgd(double lr, double momentum) {
    OptimizerSettings optimizer;
    optimizer.written.set("lr", lr);
    optimizer.written.set("momentum", momentum);
    return optimizer;
}

TrainerSettings every_key_changed() {
    return {.epochs = 3,
            .batch_size = 32,
            .test_batch_size = 500,
            .loss = Loss::cross_entropy,
            .device = "cuda:1",
            .threads = 2,
            .numerics = Numerics::fast,
            .precision = Precision::bf16,
            .init_from = "/weights/net.pt",
            .init_from_sha256 = "e3b0c44298fc1c14",
            .optimizer = sgd(0.1, 0.9),
            .deterministic = true,
            .timeout = 90.0,
            .memory_limit = std::uint64_t{2} << 30U,
            .checkpoint_every = 30.0,
            .on_nan = OnNan::fail};
}

DataSettings part_of_other_data() {
    return {.dataset = "/data/other",
            .normalize = {.mean = {0.1307}, .std = {0.3081}},
            .train_limit = 100,
            .test_limit = 50};
}

/// What is hashed, written down, and its hash.
void expect_identity(const Planned& planned, const std::string& text, const std::string& sha256) {
    EXPECT_EQ(nlohmann::json(planned.inputs()).dump(2), nlohmann::json::parse(text).dump(2));
    EXPECT_EQ(planned.fingerprint(), sha256);
}

TEST(Identity, OfTheDefaults) {
    expect_identity(Planned(), R"({
        "blas": "OpenBLAS 0.3.21",
        "data": {"normalize": {"mean": 0.0, "std": 1.0}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 10000, "train_limit": 60000},
        "numerics_version": 1,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "1.13.0+cpu",
        "trainer": {"batch_size": 64, "device": "cpu", "epochs": 2, "loss": "nll", "numerics": "pytorch",
          "optimizer": {"lr": 0.01, "momentum": 0.5, "name": "sgd"}, "test_batch_size": 1000, "threads": 1}})",
                    "4bfb96750b865d3be463d880af1b41cbafa607982466ee4233078a4cf1c05e4c");
}

TEST(Identity, OfEveryKeyChanged) {
    Planned planned;
    planned.run.trainer = every_key_changed();
    planned.run.data = part_of_other_data();
    planned.device = {.cuda = true, .index = 1};
    expect_identity(planned, R"({
        "blas": "OpenBLAS 0.3.21",
        "data": {"normalize": {"mean": 0.1307, "std": 0.3081}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 50, "train_limit": 100},
        "numerics_version": 2,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "1.13.0+cpu",
        "trainer": {"batch_size": 32, "deterministic": true, "device": "cuda", "epochs": 3,
          "init_from": "e3b0c44298fc1c14", "loss": "cross_entropy", "numerics": "fast", "on_nan": "fail",
          "optimizer": {"lr": 0.1, "momentum": 0.9, "name": "sgd"}, "precision": "bf16",
          "test_batch_size": 500, "threads": 2}})",
                    "51294d5f92a9836e30597ca3ea60197b05627abb590672559943cc646c073e7c");
}

TEST(Identity, OfFastNumericsOnACpu) {
    Planned planned;
    planned.run.trainer.numerics = Numerics::fast;
    expect_identity(planned, R"({
        "blas": "OpenBLAS 0.3.21",
        "data": {"normalize": {"mean": 0.0, "std": 1.0}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 10000, "train_limit": 60000},
        "numerics_version": 1,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "1.13.0+cpu",
        "trainer": {"batch_size": 64, "device": "cpu", "epochs": 2, "kernels": "avx2", "loss": "nll",
          "numerics": "fast", "optimizer": {"lr": 0.01, "momentum": 0.5, "name": "sgd"},
          "test_batch_size": 1000, "threads": 1}})",
                    "5c9131e97f0c3df1c7e6d2949e680c477aca9106b86154bf9660bdc02dadf5f4");
}

TEST(Identity, OfAGpu) {
    Planned planned;
    planned.device.cuda = true;
    planned.arithmetic.torch = "2.11.0+cu130";
    planned.arithmetic.blas = "MKL";
    expect_identity(planned, R"({
        "blas": "MKL",
        "data": {"normalize": {"mean": 0.0, "std": 1.0}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 10000, "train_limit": 60000},
        "numerics_version": 2,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "2.11.0+cu130",
        "trainer": {"batch_size": 64, "device": "cuda", "epochs": 2, "loss": "nll", "numerics": "pytorch",
          "optimizer": {"lr": 0.01, "momentum": 0.5, "name": "sgd"}, "test_batch_size": 1000, "threads": 1}})",
                    "4cb6643da9f7a26b864847ad6d09fb23f63b20cd69756ae8d30595e7789b451a");
}

TEST(Identity, OfARunThatStartsFromWeights) {
    Planned planned;
    planned.run.trainer.init_from = "/weights/net.pt";
    planned.run.trainer.init_from_sha256 = "e3b0c44298fc1c14";
    expect_identity(planned, R"({
        "blas": "OpenBLAS 0.3.21",
        "data": {"normalize": {"mean": 0.0, "std": 1.0}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 10000, "train_limit": 60000},
        "numerics_version": 1,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "1.13.0+cpu",
        "trainer": {"batch_size": 64, "device": "cpu", "epochs": 2, "init_from": "e3b0c44298fc1c14",
          "loss": "nll", "numerics": "pytorch", "optimizer": {"lr": 0.01, "momentum": 0.5, "name": "sgd"},
          "test_batch_size": 1000, "threads": 1}})",
                    "54a295ec5388190bfa53e88f893860a2f9bdfd12d2848596425545ccb730d16a");
}

TEST(Identity, OfAPartOfTheData) {
    Planned planned;
    planned.run.data.train_limit = 100;
    expect_identity(planned, R"({
        "blas": "OpenBLAS 0.3.21",
        "data": {"normalize": {"mean": 0.0, "std": 1.0}, "sha256": ["440f", "3505", "8d42", "f7ae"],
          "test_limit": 10000, "train_limit": 100},
        "numerics_version": 1,
        "params": {"act": "relu", "bias": true, "p": 0.25, "width": 128},
        "plugin": "5d41402abc4b2a76",
        "seed": 7,
        "torch": "1.13.0+cpu",
        "trainer": {"batch_size": 64, "device": "cpu", "epochs": 2, "loss": "nll", "numerics": "pytorch",
          "optimizer": {"lr": 0.01, "momentum": 0.5, "name": "sgd"}, "test_batch_size": 1000, "threads": 1}})",
                    "86c9ab355726bf9a1dd1b18bfe2f49eda6cfb9cf8dcc02004ca70e04c94e67eb");
}

/// A key, or a key within one: "stop.patience". What names an algorithm, or holds tables, is one key.
std::vector<KeyDescription> leaves(const std::vector<KeyDescription>& keys, const std::string& prefix = "") {
    std::vector<KeyDescription> found;
    for (KeyDescription key : keys) {
        key.name = prefix + key.name;
        const bool is_one = key.value.family != nullptr || key.value.type == "array of tables";
        const auto inner = is_one ? std::vector<KeyDescription>() : leaves(key.value.inner, key.name + ".");
        found.insert(found.end(), inner.begin(), inner.end());
        if (inner.empty()) found.push_back(key);
    }
    return found;
}

/// Another value than the default, in TOML; "" if there is none.
std::string other_value(const KeyDescription& key) {
    for (const std::string& choice : key.value.choices)
        if (Json(choice) != key.default_value) return fmt::format("\"{}\"", choice);
    if (!key.value.choices.empty()) return "";
    const std::string& type = key.value.type;
    if (key.name == "optimizer") return "{ name = \"adam\" }";
    if (key.name == "schedule") return "{ name = \"exponential\", gamma = 0.9 }";
    if (key.name == "groups") return "[{ match = \"*.bias\", lr = 0.5 }]";
    if (key.name == "target") return "\"price\"";
    if (key.name == "class_weights") return "[0.5, 2.0]";
    if (key.name == "pos_weight") return "[3.0]";
    if (key.name == "resize") return "[32, 32]";
    if (key.name.starts_with("normalize.")) return "0.125";
    if (key.name == "test.count" || key.name == "test.fraction" || key.name == "test.seed") {
        if (key.name == "test.count") return "5";
        return key.name == "test.seed" ? "3" : "0.125";
    }
    if (type == "metric") return "\"train.loss\"";
    if (type == "integer" && key.default_value.is_null()) return "1";
    if (type == "number" && key.default_value.is_null()) return "0.125";
    if (type == "integer") return fmt::format("{}", key.default_value.get<std::int64_t>() + 1);
    if (type == "number") return fmt::format("{}", key.default_value.get<double>() + 0.125);
    if (type == "boolean") return key.default_value.get<bool>() ? "false" : "true";
    if (type == "time" || type == "size") return "90";
    ADD_FAILURE() << "say here how the key '" << key.name << "' can be changed";
    return "";
}

template <class Settings>
void expect_each_key_to_count(const Keys<Settings>& keys, Settings RunSettings::*member) {
    for (const KeyDescription& key : leaves(described(keys))) {
        if (key.effect == Effect::content || other_value(key).empty()) continue;
        Planned planned;
        const std::string fingerprint = planned.fingerprint();
        const Json record = values_of(keys, planned.run.*member, Use::record);
        const toml::table written = toml::parse(fmt::format("{} = {}", key.name, other_value(key)));
        read_keys(keys, StrictTable(written, "", {}), "/", planned.run.*member);
        EXPECT_NE(values_of(keys, planned.run.*member, Use::record), record) << key.name << " is not recorded";
        EXPECT_EQ(planned.fingerprint() != fingerprint, key.effect != Effect::cost) << key.name;
    }
}

TEST(Fingerprint, HoldsWhatEachKeySays) {
    expect_each_key_to_count(trainer_keys(), &RunSettings::trainer);
    expect_each_key_to_count(data_keys(), &RunSettings::data);
}

/// Another value than the default, in TOML.
std::string other_value(const ArgumentDescription& argument) {
    using Kind = ArgumentType::Kind;
    const ArgumentType& type = argument.type;
    switch (type.kind) {
        case Kind::flag: return std::get<bool>(*argument.default_value) ? "false" : "true";
        case Kind::word: return fmt::format("\"{}\"", type.words.back());
        case Kind::integer: return "7";
        case Kind::integers: return "[7]";
        case Kind::pair: return argument.name == "etas" ? "[0.25, 1.5]" : "[0.5, 0.75]";
        case Kind::number: break;
    }
    return "0.625";
}

TEST(Fingerprint, HoldsEachArgumentOfAnOptimizerAndASchedule) {
    for (const auto& [key, family] : {std::pair{"optimizer", &optimizer_family()}, {"schedule", &schedule_family()}})
        for (const Algorithm& algorithm : family->all)
            for (const ArgumentDescription& argument : algorithm.arguments) {
                const auto fingerprint_with = [&, &key = key](const std::string& more) {
                    Planned planned;
                    const toml::table written =
                        toml::parse(fmt::format("{} = {{ name = \"{}\"{} }}", key, algorithm.name, more));
                    read_keys(trainer_keys(), StrictTable(written, "", {}), "/", planned.run.trainer);
                    return planned.fingerprint();
                };
                EXPECT_NE(fingerprint_with(fmt::format(", {} = {}", argument.name, other_value(argument))),
                          fingerprint_with(""))
                    << algorithm.name << " " << argument.name;
                if (!argument.default_value) continue;
                EXPECT_EQ(fingerprint_with(fmt::format(", {} = {}", argument.name, to_text(*argument.default_value))),
                          fingerprint_with(""))
                    << algorithm.name << " " << argument.name;
            }
}

/// Changes a planned run, and says whether its fingerprint is another then.
template <class Change>
bool is_another(const Change& change) {
    Planned planned;
    planned.run.trainer.init_from = "/weights/net.pt";
    planned.run.trainer.init_from_sha256 = "e3b0c44298fc1c14";
    planned.run.trainer.numerics = Numerics::fast;
    const std::string before = planned.fingerprint();
    change(planned);
    return planned.fingerprint() != before;
}

TEST(Fingerprint, HoldsWhatTheOtherKeysComeTo) {
    std::set<std::string> by_content;
    for (const auto& keys : {leaves(described(trainer_keys())), leaves(described(data_keys()))})
        for (const KeyDescription& key : keys)
            if (key.effect == Effect::content) by_content.insert(key.name);
    EXPECT_EQ(by_content, (std::set<std::string>{"device", "init_from", "dataset", "train_limit", "test_limit",
                                                 "resize", "on_damaged"}))
        << "each needs its lines below";

    EXPECT_FALSE(is_another([](Planned& p) { p.run.trainer.device = "cuda:3"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.device.index = 3; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.device.cuda = true; }));

    EXPECT_FALSE(is_another([](Planned& p) { p.run.trainer.init_from = "/elsewhere/net.pt"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.run.trainer.init_from_sha256 = "0"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.run.trainer.init_from = ""; }));

    // Images have the size that the plugin takes, and those that are left out are in no hash.
    EXPECT_FALSE(is_another([](Planned& p) { p.run.data.resize = {28, 28}; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.run.data.on_damaged = OnDamaged::skip; }));

    EXPECT_FALSE(is_another([](Planned& p) { p.run.data.dataset = "/data/mnist"; }));
    for (std::size_t file = 0; file < 4; ++file)
        EXPECT_TRUE(is_another([=](Planned& p) { p.dataset.sha256[file] = "0"; })) << file;

    EXPECT_FALSE(is_another([](Planned& p) { p.run.data.train_limit = p.dataset.train.count; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.run.data.test_limit = p.dataset.test.count; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.run.data.train_limit = 100; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.run.data.test_limit = 100; }));
}

TEST(Fingerprint, HoldsWhatElseNumbersDependOn) {
    EXPECT_TRUE(is_another([](Planned& p) { p.plugin.sha256 = "0"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.run.seed = 8; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.arithmetic.torch = "1.13.0+cu117"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.arithmetic.blas = "OpenBLAS 0.3.22 Haswell"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.arithmetic.blas = "MKL"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.arithmetic.instructions = "avx512"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.params.names[0] = "depth"; }));
    EXPECT_TRUE(is_another([](Planned& p) { p.params.values[3] = false; }));
    std::set<std::string> seen;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const double value : {0.25, 0.5, infinity, -infinity}) {
        Planned planned;
        planned.params.values[1] = value;
        EXPECT_TRUE(seen.insert(planned.fingerprint()).second) << value;
    }
}

TEST(Fingerprint, IsOfTheLibTorchAndTheKernelsHere) {
    const Arithmetic& here = arithmetic_here();
    EXPECT_EQ(here.torch, host_stamp().field("torch") + "+" + host_stamp().field("build"));
    EXPECT_EQ(here.blas, torch_info().blas);
    EXPECT_EQ(here.instructions, instruction_set());
}

TEST(Fingerprint, HoldsTheProcessorOnlyWhereItsOwnKernelsSum) {
    EXPECT_FALSE(is_another([](Planned& p) { p.arithmetic.blas = "OpenBLAS 0.3.21 SkylakeX"; }));
    for (const bool fast_on_a_gpu : {false, true}) {
        Planned planned;
        planned.run.trainer.numerics = fast_on_a_gpu ? Numerics::fast : Numerics::pytorch;
        planned.device.cuda = fast_on_a_gpu;
        const std::string before = planned.fingerprint();
        planned.arithmetic.instructions = "avx512";
        EXPECT_EQ(planned.fingerprint(), before);
    }
}

TEST(Fingerprint, LeavesNamesAndPlacesOut) {
    EXPECT_FALSE(is_another([](Planned& p) { p.run.id = "other"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.run.model = "other"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.plugin.file = "elsewhere/net.so"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.dataset.name = "other"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.dataset.folder = "/elsewhere"; }));
    EXPECT_FALSE(is_another([](Planned& p) { p.run.reference.test_loss = {0.5}; }));
}

TEST(Fingerprint, IsOfSortedKeys) {
    EXPECT_EQ(fingerprint_of(Json{{"a", 1}, {"b", 2}}), fingerprint_of(Json{{"b", 2}, {"a", 1}}));
    EXPECT_NE(fingerprint_of(Json{{"a", 1}}), fingerprint_of(Json{{"a", 2}}));
    EXPECT_EQ(fingerprint_of(Json::object()).size(), 64U);
}

/// In run.json, to the byte: where-conditions, reports and claims read it of runs of any age.
TEST(Record, OfTheDefaults) {
    EXPECT_EQ(to_json(TrainerSettings{}).dump(),
              R"({"epochs":2,"batch_size":64,"test_batch_size":1000,"loss":"nll","device":"auto",)"
              R"("threads":1,"numerics":"pytorch","optimizer":{"name":"sgd","lr":0.01,"momentum":0.5}})");
    EXPECT_EQ(to_json(DataSettings{.dataset = "mnist"}).dump(),
              R"({"dataset":"mnist","normalize":{"mean":0.0,"std":1.0}})");
}

TEST(Record, OfEveryKeyChanged) {
    EXPECT_EQ(to_json(every_key_changed()).dump(),
              R"({"epochs":3,"batch_size":32,"test_batch_size":500,"loss":"cross_entropy",)"
              R"("device":"cuda:1","threads":2,"numerics":"fast","optimizer":{"name":"sgd","lr":0.1,)"
              R"("momentum":0.9},"precision":"bf16","init_from":"/weights/net.pt",)"
              R"("deterministic":true,"on_nan":"fail","timeout":90.0,"memory_limit":2147483648,)"
              R"("checkpoint_every":30.0})");
    EXPECT_EQ(to_json(part_of_other_data()).dump(),
              R"({"dataset":"/data/other","normalize":{"mean":0.1307,"std":0.3081},"train_limit":100,)"
              R"("test_limit":50})");
}

}  // namespace
}  // namespace labhost::fingerprint_test
