// The trainer: one model, one data set, epochs of training and testing, as PyTorch's own loop would do them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/enum_text.hpp"
#include "support/error.hpp"

namespace labhost {

/// Loss and accuracy, or errors, over one pass; in training of the outputs before each step.
struct PassMetrics {
    double loss = 0.0;  ///< mean over the examples (and outputs): each batch's sum in float32, their sum in double
    std::optional<double> accuracy{};       ///< of classes: percent
    std::optional<std::int64_t> correct{};  ///< of classes
    std::int64_t count = 0;                 ///< examples
    std::optional<double> mae{};            ///< of a regression: the mean of |output - target|
    std::optional<double> rmse{};           ///< the root of the mean of (output - target)^2, over all outputs
    std::optional<double> r2{};             ///< mean over the outputs of 1 - residual / total sum of squares
};

struct EpochMetrics {
    std::int64_t epoch = 0;  ///< from 1
    PassMetrics train{};
    std::optional<PassMetrics> validation{};  ///< where a part of the training data is kept for it
    PassMetrics test{};
    std::optional<double> f1{};  ///< of the test: macro, 0 to 1; unknown of runs of earlier versions, as are the next
    std::optional<double> f1_micro{};  ///< of several labels, over all of them
    std::optional<double> top5{};  ///< percent of the test whose label is among the five likeliest of over ten classes
    std::optional<double> lr{};    ///< of the first group, at the epoch's begin
    double seconds = 0.0;          ///< wall time of all passes
};

/// A pass over data within an epoch, in this order.
enum class Pass { train, validation, test };
template <>
inline constexpr std::array texts_of<Pass>{EnumText{Pass::train, "training"}, EnumText{Pass::validation, "validation"},
                                           EnumText{Pass::test, "test"}};

/// The value of a metric of an epoch, "validation.loss"; nothing if the epoch has none of that name.
std::optional<double> metric_of(const EpochMetrics& epoch, std::string_view name);

/// What a model makes of the test examples.
struct Predictions {
    /// An example that it takes for another class.
    struct Mistake {
        std::int64_t example = 0;  ///< in the test data, from 0
        std::int64_t label = 0;
        std::int64_t predicted = 0;
        std::vector<double> probabilities{};  ///< of each class: the softmax of the outputs
    };
    std::int64_t classes = 0;               ///< 0: of a regression, or of several labels, which have outputs
    std::vector<std::int64_t> confusion{};  ///< [classes, classes]: how many examples of a label were taken for a class
    std::vector<Mistake>
        mistakes{};  ///< from the one whose label is given the least probability; up to `most_mistakes`

    std::int64_t outputs = 0;
    std::vector<float> targets{};    ///< [n, outputs], of the first `most_examples` test examples
    std::vector<float> predicted{};  ///< the same: the model's outputs

    static constexpr std::size_t most_mistakes = 24;
    static constexpr std::size_t most_examples = 2000;  ///< of whose outputs there are up to `most_values`
    static constexpr std::size_t most_values = 100'000;
    static constexpr std::int64_t most_counted = 1000;  ///< of more classes there is no `confusion`
};

/// Where a run is; told after every batch.
struct Progress {
    std::int64_t epoch;  ///< from 1
    std::int64_t epochs;
    Pass pass;
    std::int64_t batch;  ///< done in this pass
    std::int64_t batches;
    std::int64_t examples;  ///< done in this pass
    double loss;            ///< mean over them; on a GPU over those of a moment ago
};

/// Where the time of a run went.
struct ProfileReport {
    std::string table{};  ///< for people: seconds by phase and by operator
    std::string trace{};  ///< the first steps, in Chrome's trace format (chrome://tracing, ui.perfetto.dev)
};

/// A step does what a CUDA graph cannot hold, such as reading a value back. What LibTorch leaves behind then (its
/// random generator, its allocator) is of no more use: the run must resume in another process, without graphs, and this
/// trainer must not even be destroyed.
class NotCaptured : public Error {
public:
    explicit NotCaptured(const std::string& why) : Error(ExitCode::run_failed, why) {}
};

/// The GPU, or what drives it, refused or broke. Whose fault that is, it does not say (see blame_for). What CUDA leaves
/// in this process then need not work any more: runs resume in another one.
class GpuFault : public Error {
public:
    enum class Kind {
        out_of_memory,
        device,
    };
    GpuFault(Kind kind, int code, const std::string& words)
        : Error(ExitCode::run_failed, words), kind_(kind), code_(code) {}
    Kind kind() const { return kind_; }
    int code() const { return code_; }  ///< a cudaError, 0 if it is not known

private:
    Kind kind_;
    int code_;
};

/// A checkpoint is sound and this run's, but was made on another GPU: see why_not_on_this_gpu.
class OtherGpu : public Error {
public:
    explicit OtherGpu(const std::string& why) : Error(ExitCode::usage, why) {}
};

/// [worker | child] Trains one run; all but what `checkpoint` returns in the thread that made it. The order of its
/// random draws is part of its contract: manual_seed(seed); build the model; manual_seed(seed); then per epoch a pass
/// over the training data, one over what is kept to validate with, and one over the test data, each beginning with the
/// draws of Loader::begin_pass. With one
/// thread on a CPU the numbers are those of PyTorch's Python, bit for bit.
class Trainer {
public:
    Trainer() = default;
    virtual ~Trainer() = default;
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;
    Trainer(Trainer&&) = delete;
    Trainer& operator=(Trainer&&) = delete;

    /// The rest of the epoch under way, or the next one. `on_step` is told after every batch; if it gives false, the
    /// epoch stops there, to be resumed, and nothing is returned. Throws Error (run_failed) if the plugin fails or
    /// returns something else than it declared, or the loss is not a number where that is a failure; NotCaptured;
    /// GpuFault.
    virtual std::optional<EpochMetrics> run_epoch(const std::function<bool(const Progress&)>& on_step) = 0;

    /// Whether its training steps are replayed from a CUDA graph by now.
    virtual bool captured() const = 0;

    /// Whether no epoch is left: all are done, or trainer.stop has ended it.
    virtual bool finished() const = 0;

    /// The epoch whose weights and predictions it leaves: the last one, or with keep = "best" the best so far. 0: none.
    virtual std::int64_t kept_epoch() const = 0;

    /// The epochs that are done.
    virtual const std::vector<EpochMetrics>& history() const = 0;

    /// Why no checkpoint of it can hold all that its numbers depend on; "" if one can.
    virtual std::string why_not_resumable() const = 0;

    /// Copies all that is needed to resume from here to the same bits. What is returned makes a file's content of it,
    /// at any time and in any thread, while training continues. `seconds`: spent so far, for `restore` to give back.
    /// `fingerprint`: of the run.
    virtual std::function<std::string()> checkpoint(double seconds, const std::string& fingerprint) = 0;

    /// Where a run resumes.
    struct Restored {
        Progress progress;
        double seconds;
    };
    /// Takes up the state of a checkpoint. Throws Error (usage), saying what is wrong, if the file is damaged or
    /// another run's, and OtherGpu; this trainer is of no more use then.
    virtual Restored restore(const std::filesystem::path& file, const std::string& fingerprint) = 0;

    /// Keeps account of where time goes, from now on: slower, and the same numbers.
    virtual void start_profile() = 0;
    /// Of the time since then.
    virtual ProfileReport profile() const = 0;

    /// Of the kept epoch's test. Only after an epoch of this trainer, or when restored at the end of the last epoch.
    virtual Predictions predictions() const = 0;

    /// Operators that it used on a GPU though they give other bits each time, LibTorch having no other form of them:
    /// "grid_sampler_2d_backward_cuda". With trainer.deterministic they are refused instead.
    virtual const std::set<std::string>& nondeterministic_operators() const = 0;

    /// The kept epoch's weights, as a file that torch.load reads as a state_dict.
    virtual std::string state_dict() const = 0;
};

}  // namespace labhost
