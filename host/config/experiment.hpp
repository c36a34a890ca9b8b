// An experiment as its file describes it: settings with their types and ranges, and the list of runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/augment.hpp"
#include "config/choices.hpp"
#include "config/claims.hpp"
#include "config/location.hpp"
#include "config/optimizers.hpp"
#include "config/schedules.hpp"
#include "config/slurm.hpp"

namespace labhost {

/// Ends a run before its last epoch.
struct StopSettings {
    std::optional<std::string> metric{};  ///< as written; else validation.loss
    std::int64_t patience = 0;            ///< epochs in a row that are no better; 0: not written
    double min_delta = 0.0;               ///< by how much more than this one must be better
    SharedLocation where{};
};

/// A part of data that is not trained on: to validate with, or to test with.
struct PartSettings {
    std::optional<std::int64_t> count{};  ///< of examples; or
    std::optional<double> fraction{};
    std::uint64_t seed = 0;  ///< of the split's own generator
    bool stratify = false;   ///< of each class the same share
    SharedLocation where{};
};

/// How much an example's class weighs in the loss that is trained.
struct ClassWeights {
    std::vector<double> values{};  ///< [classes]; empty: all alike
    bool balanced = false;         ///< by how rare the classes are: plan fills them in
    SharedLocation where{};

    bool any() const { return balanced || !values.empty(); }
};

/// [trainer]; the defaults are the notebook's settings.
struct TrainerSettings {
    std::int64_t epochs = 2;
    std::int64_t batch_size = 64;
    std::int64_t test_batch_size = 1000;
    Loss loss = Loss::nll;
    std::string device = "auto";  ///< auto | cpu | cuda | cuda:N
    SharedLocation device_where{};
    int threads = 1;  ///< intra-op threads of one run
    Numerics numerics = Numerics::pytorch;
    Precision precision = Precision::float32;
    SharedLocation precision_where{};
    std::filesystem::path init_from{};  ///< a state_dict to start from; empty: the model's own initialisation
    std::string init_from_sha256{};     ///< of that file, once the run is planned
    SharedLocation init_from_where{};
    OptimizerSettings optimizer{};
    std::vector<ParameterGroup> groups{};
    std::optional<ScheduleSettings> schedule{};
    std::optional<double> clip_grad_value{};
    std::optional<double> clip_grad_norm{};
    double label_smoothing = 0.0;
    SharedLocation label_smoothing_where{};
    std::int64_t accumulate = 1;        ///< batches a step
    std::optional<double> ema_decay{};  ///< of a moving average of the weights, which tests
    std::optional<StopSettings> stop{};
    Keep keep = Keep::last;
    std::optional<std::string> keep_metric{};  ///< as written; else stop's, else validation.loss
    SharedLocation keep_where{};
    bool deterministic = false;  ///< only algorithms that give the same bits each time (CUDA has others)

    // What a run may use, and when it is given up: no part of what determines its numbers.
    std::optional<double> timeout{};              ///< seconds of one session of the run
    std::optional<std::uint64_t> memory_limit{};  ///< bytes of private memory of its process
    std::optional<double> checkpoint_every{};     ///< seconds between checkpoints within an epoch
    OnNan on_nan = OnNan::proceed;
};

/// (x - mean) / std, of bytes after they were divided by 255: one for all, or one per channel (of vectors per column).
struct NormalizeSettings {
    std::vector<double> mean{0.0};
    std::vector<double> std{1.0};
    bool automatic = false;  ///< those of the examples that are trained on: plan fills them in
    SharedLocation where{};
};

/// [data]
struct DataSettings {
    std::string dataset{};  ///< a name, or a file or folder, absolute
    NormalizeSettings normalize{};
    std::optional<Layout> layout{};             ///< of arrays with four axes whose shape does not say
    std::optional<PartSettings> test{};         ///< of the training data, where there is no other
    std::string target{};                       ///< the column of a table
    std::vector<std::int64_t> resize{};         ///< of a folder of images: [height, width]; empty: the model's input
    OnDamaged on_damaged = OnDamaged::fail;     ///< of the same
    std::optional<std::int64_t> train_limit{};  ///< the first N examples
    std::optional<std::int64_t> test_limit{};
    std::optional<PartSettings> validation{};
    ClassWeights class_weights{};
    std::vector<double> pos_weight{};  ///< of several labels: [outputs], or one for all; empty: 1
    SharedLocation pos_weight_where{};
    bool shuffle = true;     ///< the training data
    bool drop_last = false;  ///< a batch of the training data that is not whole
    AugmentSettings augment{};
    SharedLocation where{};  ///< of `dataset`
    SharedLocation train_limit_where{};
    SharedLocation test_limit_where{};
    SharedLocation drop_last_where{};
    SharedLocation resize_where{};
    /// Of a folder of images, once the run is planned: [channels, height, width], or [height, width] of greys.
    std::vector<std::int64_t> image_sizes{};
    bool own_validation = false;  ///< whether the data bring a validation part, once the run is planned

    /// Whether `dataset` is a file or a folder, rather than a name.
    bool is_path() const { return dataset.find('/') != std::string::npos; }
    bool validates() const { return validation.has_value() || own_validation; }
};

/// Published numbers, one per epoch; shown beside ours.
struct Reference {
    std::vector<double> train_loss{};
    std::vector<double> train_accuracy{};  ///< percent
    std::vector<double> test_loss{};
    std::vector<double> test_accuracy{};
};

/// A parameter of a model, as written; the plugin's descriptor decides what it must be.
using ParamValue = std::variant<bool, std::int64_t, double, std::string>;

struct WrittenParam {
    ParamValue value{};
    SharedLocation where{};
};

/// One run: everything that was asked for, after defaults, axes and overrides.
struct RunSettings {
    std::string id{};  ///< model or name, what varies, seed: "net2-p0.25-s1"
    std::string model{};
    SharedLocation model_where{};
    std::string plugin_sha256{};  ///< of the only plugin file that will do, in lower case; empty: any
    std::map<std::string, WrittenParam> params{};
    TrainerSettings trainer{};
    DataSettings data{};
    std::uint64_t seed = 1;
    Reference reference{};

    /// The id of what differs from this in the seed only: "net2-p0.25".
    std::string_view id_without_seed() const;
};

struct Experiment {
    std::string name{};
    std::string title{};
    std::filesystem::path file{};  ///< absolute
    std::vector<RunSettings> runs{};
    std::vector<Claim> claims{};
    SlurmSettings slurm{};
};

/// What the command line changes in the file.
struct Overrides {
    std::vector<std::string> set{};       ///< KEY=VALUE, dotted key, VALUE in TOML syntax
    std::vector<std::uint64_t> seeds{};   ///< replaces experiment.seeds unless empty
    std::optional<std::string> device{};  ///< replaces every run's trainer.device
    std::optional<double> timeout{};      ///< seconds; replaces every run's trainer.timeout
    std::vector<std::string> only{};      ///< globs; keeps runs whose id matches one
    std::filesystem::path folder{};       ///< that relative paths in the file are taken from; empty: the file's
};

/// Reads and checks the file; the order of runs is that of the file, then of the axes, then of the seeds.
/// Throws Error (usage) with "file:line:column: error: ..." and a suggestion where one is near.
Experiment read_experiment(const std::filesystem::path& file, const Overrides& overrides);

/// The value as ids and tables show it: 0.25, 1, true, relu.
std::string to_text(const ParamValue& value);

}  // namespace labhost
