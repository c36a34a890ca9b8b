#include "engine/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "config/run_checks.hpp"
#include "engine/checkpoint.hpp"
#include "engine/cpu_memory.hpp"
#include "engine/cpu_operators.hpp"
#include "engine/determinism.hpp"
#include "engine/generators.hpp"
#include "engine/kept.hpp"
#include "engine/libtorch_errors.hpp"
#include "engine/loaders.hpp"
#include "engine/model.hpp"
#include "engine/pass_sums.hpp"
#include "engine/pickle.hpp"
#include "engine/position.hpp"
#include "engine/predictions.hpp"
#include "engine/process.hpp"
#include "engine/profiler.hpp"
#include "engine/run_context.hpp"
#include "engine/steps.hpp"
#include "engine/updates.hpp"
#include "plugin/describe.hpp"
#include "support/error.hpp"
#include "train/best_epoch.hpp"
#include "train/epoch_shape.hpp"
#include "train/used_gpu.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

/// The model with its initial weights, where it is trained.
PluginModel ready_model(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                        const torch::Device& device, bool colocated) {
    PluginModel model(plugin, params);
    if (!run.trainer.init_from.empty())
        model.load_state_dict(unpickle_state_dict(run.trainer.init_from), run.trainer.init_from.native());
    model.module().to(device);
    if (model.module().parameters().empty())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' has no parameters to train; register its layers with register_module",
                                plugin.id()));
    if (colocated && device.is_cuda() && model.has_dropout_of_cudnn())
        throw Error(
            ExitCode::run_failed,
            fmt::format("the dropout of recurrent layers of plugin '{}' needs a process of its own", plugin.id()));
    return model;
}

PassSums make_sums(const torch::Device& device, const Loaders& loaders, TargetKind kind) {
    const SummedTargets targets{.kind = kind, .outputs = loaders.train.outputs()};
    if (!device.is_cuda()) return PassSums(targets);
    std::int64_t batches = std::max(loaders.train.batches(), loaders.test.batches());
    if (loaders.validation) batches = std::max(batches, loaders.validation->batches());
    std::int64_t examples = std::max(loaders.train.limit(), loaders.test.limit());
    if (loaders.validation) examples = std::max(examples, loaders.validation->limit());
    return {device, batches, examples, targets};
}

StepKind step_kind(const TrainerSettings& settings) {
    return settings.numerics == Numerics::fast ? StepKind::fused : StepKind::of_python;
}

class TorchTrainer final : public Trainer {
    /// Runs `body` as the run.
    template <class Body>
    auto in_context(const std::string& doing, Body body) const {
        return in_our_words(doing, [&] {
            const RunContext::Scope scope(*context_);
            return body();
        });
    }

public:
    TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params, const Dataset& dataset,
                 std::unique_ptr<RunContext> context, torch::Device device, const TrainerOptions& options);

    std::optional<EpochMetrics> run_epoch(const std::function<bool(const Progress&)>& on_step) override;
    bool captured() const override { return steps_.captured(); }
    const std::vector<EpochMetrics>& history() const override { return position_.history; }
    std::string why_not_resumable() const override;
    std::function<std::string()> checkpoint(double seconds, const std::string& fingerprint) override;
    Restored restore(const std::filesystem::path& file, const std::string& fingerprint) override;
    const std::set<std::string>& nondeterministic_operators() const override { return noted_.operators(); }
    bool finished() const override;
    std::int64_t kept_epoch() const override {
        return kept_ ? kept_->epoch() : static_cast<std::int64_t>(position_.history.size());
    }
    std::string state_dict() const override {
        return in_context("on saving the weights",
                          [&] { return pickle_state_dict(kept_ ? kept_->weights() : tested_weights()); });
    }
    Predictions predictions() const override {
        return in_context("on its predictions", [&] {
            const TestOutputs& outputs = kept_ ? kept_->outputs() : outputs_;
            if (has_classes()) return outputs.predictions(loaders_.test.labels());
            if (kind_ == TargetKind::given) return Predictions{.outputs = model_.width()};
            return outputs.predictions(loaders_.test.targets());
        });
    }
    void start_profile() override;
    ProfileReport profile() const override { return profiler_ ? profiler_->report() : ProfileReport{}; }

private:
    bool pass(const std::function<bool(const Progress&)>& on_step);
    void begin_pass();
    void learn_losses(Clock::time_point step_began, bool all);
    void refuse_nan() const;
    Progress progress() const;
    std::vector<NamedPart> parts();
    bool finish_pass();
    void finish_epoch();
    NamedTensors tested_weights() const;
    /// Of how many test examples. What a model's own loss makes of its outputs, if anything, it alone knows.
    std::int64_t kept_outputs() const { return kind_ == TargetKind::given ? 0 : loaders_.test.count(); }
    bool has_classes() const { return kind_ == TargetKind::classes; }
    Loader& loader() { return loaders_.of(position_.pass); }
    const Loader& loader() const { return loaders_.of(position_.pass); }

    TrainerSettings settings_;
    TargetKind kind_;             ///< of its targets
    std::string plateau_metric_;  ///< what its schedule follows, if it follows one
    std::unique_ptr<RunContext> context_;
    torch::Device device_;
    std::string gpu_text_;   ///< of the checkpoints
    Generators generators_;  ///< seeded before the model is built
    PluginModel model_;
    EpochShape shape_;
    mutable Updates updates_;  ///< averaged weights are the model's for a moment
    Loaders loaders_;
    PassSums sums_;                    ///< of the pass
    TestOutputs outputs_;              ///< of the test under way or the last one
    std::optional<KeptEpoch> kept_{};  ///< with trainer.keep = "best"
    std::optional<CpuOperators> operators_{};
    Steps steps_;
    std::unique_ptr<Profiler> profiler_{};
    NondeterminismNoted noted_{torch_warnings::get_warning_handler()};
    Position position_{};

    // Of the pass under way.
    Clock::time_point requested_{};                    ///< when a GPU's losses were; none yet: the first are waited for
    std::optional<Clock::time_point> others_since_{};  ///< colocated: when its step ended, and others have theirs
};

TorchTrainer::TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                           const Dataset& dataset, std::unique_ptr<RunContext> context, torch::Device device,
                           const TrainerOptions& options)
    : settings_(run.trainer),
      kind_(target_kind(run.trainer.loss, output_count(*plugin.descriptor) == 0)),
      context_(std::move(context)),
      device_(device),
      gpu_text_(options.gpu),
      generators_(device, run.seed),
      model_(ready_model(run, plugin, params, device, context_->colocated())),
      shape_(epoch_shape(run, dataset)),
      updates_(model_.module(), run.trainer, step_kind(run.trainer), shape_.steps * run.trainer.epochs),
      loaders_(make_loaders(run, dataset, input_sizes(*plugin.descriptor), shape_, device)),
      sums_(make_sums(device, loaders_, kind_)),
      outputs_(kept_outputs(), device),
      steps_(run.trainer, loss_options(run, device),
             {.model = &model_, .updates = &updates_, .sums = &sums_, .outputs = &outputs_},
             options.graphs && device.is_cuda() && can_share_draws(), captured_part(run.trainer, run.data)) {
    if (run.trainer.keep == Keep::best) kept_.emplace(kept_outputs(), device);
    if (run.trainer.schedule) plateau_metric_ = plateau_metric(*run.trainer.schedule, run.data);
    // They are the process's, and give LibTorch's own bits: a colocated run does without.
    if (device.is_cpu() && !context_->colocated()) operators_.emplace(run.trainer.numerics == Numerics::fast);
    generators_.seed(run.seed);
}

std::string TorchTrainer::why_not_resumable() const {
    if (!device_.is_cuda() || !model_.has_dropout_of_cudnn()) return "";
    return fmt::format("plugin '{}' has recurrent layers with dropout, whose random state cuDNN keeps to itself",
                       model_.plugin_id());
}

Progress TorchTrainer::progress() const {
    return {.epoch = position_.epoch(),
            .epochs = settings_.epochs,
            .pass = position_.pass,
            .batch = position_.in_pass ? loader().batch() : 0,
            .batches = loader().batches(),
            .examples = sums_.examples(),
            .loss = sums_.mean_loss()};
}

void TorchTrainer::refuse_nan() const {
    if (settings_.on_nan != OnNan::fail || !std::isnan(sums_.known().loss)) return;
    const Progress now = progress();
    throw Error(
        ExitCode::run_failed,
        fmt::format("the {} loss of plugin '{}' is nan in epoch {}, at batch {} of {} (trainer.on_nan = \"fail\")",
                    to_text(now.pass), model_.plugin_id(), now.epoch, now.batch, now.batches));
}

void TorchTrainer::begin_pass() {
    give_back_freed_memory();
    loader().begin_pass();
    sums_.set({});
    requested_ = {};
    others_since_.reset();
    position_.in_pass = true;
}

/// After a step: all losses, or of a GPU from time to time those that have come, since waiting costs it time.
void TorchTrainer::learn_losses(Clock::time_point step_began, bool all) {
    constexpr std::chrono::milliseconds request_every{300};
    if (all || device_.is_cpu() || requested_ == Clock::time_point{}) {
        sums_.read_losses();
        requested_ = step_began;
        return;
    }
    sums_.poll_losses();
    if (step_began - requested_ <= request_every) return;
    sums_.request_losses();
    requested_ = step_began;
}

/// The rest of a pass; false if it was stopped.
bool TorchTrainer::pass(const std::function<bool(const Progress&)>& on_step) {
    const bool trains = position_.pass == Pass::train;
    const torch::AutoGradMode grad(trains);
    model_.module().train(trains);
    if (!position_.in_pass) begin_pass();
    for (;;) {
        const auto start = Clock::now();
        const bool more = steps_.next(loader(), position_.pass);
        learn_losses(start, /*all=*/!more);
        steps_.pause();
        const auto end = Clock::now();
        position_.seconds += std::chrono::duration<double>(end - others_since_.value_or(start)).count();
        if (context_->colocated()) others_since_ = end;
        refuse_nan();
        if (!more) break;
        if (!on_step(progress())) return false;
    }
    sums_.read(loader().resident_labels());
    position_.in_pass = false;
    return true;
}

/// Takes the sums of the pass that is done. False where it was the epoch's last.
bool TorchTrainer::finish_pass() {
    const PassMetrics metrics = sums_.metrics(loader().variation());
    EpochMetrics& epoch = position_.so_far;
    switch (position_.pass) {
        case Pass::train:
            epoch.train = metrics;
            position_.pass = loaders_.validation ? Pass::validation : Pass::test;
            return true;
        case Pass::validation:
            epoch.validation = metrics;
            position_.pass = Pass::test;
            return true;
        case Pass::test: break;
    }
    epoch.test = metrics;
    if (has_classes()) {
        const TestScores scores = outputs_.scores(loaders_.test.labels());
        epoch.f1 = scores.f1;
        epoch.top5 = scores.top5;
    } else if (kind_ == TargetKind::labels) {
        const LabelScores scores = outputs_.label_scores(loaders_.test.targets());
        epoch.f1 = scores.f1;
        epoch.f1_micro = scores.f1_micro;
    }
    return false;
}

/// Takes the epoch, whose test is done, and makes ready for the next one.
void TorchTrainer::finish_epoch() {
    EpochMetrics epoch = position_.so_far;
    epoch.epoch = position_.epoch();
    epoch.seconds = position_.seconds;
    position_.history.push_back(epoch);
    position_.pass = Pass::train;
    position_.so_far = {};
    position_.seconds = 0.0;
    sums_.set({});
    updates_.after_epoch(metric_of(epoch, plateau_metric_).value_or(std::nan("")));
    if (!kept_) return;
    const std::int64_t best = best_epoch(position_.history, keep_metric(settings_));
    if (best == epoch.epoch || (best == 0 && epoch.epoch == 1)) kept_->take(epoch.epoch, tested_weights(), outputs_);
}

/// Those that validate and test.
NamedTensors TorchTrainer::tested_weights() const {
    const AveragedWeights::Scope averaged(updates_.average());
    NamedTensors weights = model_.state_dict();
    if (updates_.average() == nullptr) return weights;
    for (auto& [name, weight] : weights) weight = weight.detach().clone();  // they are the model's only for now
    return weights;
}

bool TorchTrainer::finished() const {
    if (std::cmp_greater_equal(position_.history.size(), settings_.epochs)) return true;
    return settings_.stop && has_stopped(position_.history, stop_metric(settings_), *settings_.stop);
}

std::optional<EpochMetrics> TorchTrainer::run_epoch(const std::function<bool(const Progress&)>& on_step) {
    const std::int64_t epoch = position_.epoch();
    const bool done = in_context(fmt::format("in epoch {}", epoch), [&] {
        const torch_warnings::WarningHandlerGuard noting(&noted_);
        if (position_.pass == Pass::train && !position_.in_pass) position_.so_far.lr = updates_.lr();
        do {
            if (!pass(on_step)) return false;
        } while (finish_pass());
        return true;
    });
    if (!done) return std::nullopt;
    in_context("after an epoch", [&] { finish_epoch(); });
    return position_.history.back();
}

void TorchTrainer::start_profile() {
    profiler_ = std::make_unique<Profiler>(device_.is_cuda() ? [] { torch::cuda::synchronize(); } : [] {});
    steps_.profile_with(*profiler_);
}

/// Those that a checkpoint holds where the run is, in the order in which they are restored.
std::vector<NamedPart> TorchTrainer::parts() {
    std::vector<NamedPart> parts{
        {"position", &position_}, {"model", &model_}, {"optimizer", &updates_}, {"generator", &generators_}};
    if (position_.in_pass) {
        parts.push_back({"loader", &loader()});
        parts.push_back({"sums", &sums_});
    }
    // Elsewhere the next test makes them.
    if (finished() || (position_.pass == Pass::test && position_.in_pass)) parts.push_back({"test", &outputs_});
    if (kept_) parts.push_back({"kept", &*kept_});
    return parts;
}

std::function<std::string()> TorchTrainer::checkpoint(double seconds, const std::string& fingerprint) {
    return in_context("on saving a checkpoint", [&]() -> std::function<std::string()> {
        sums_.read(loader().resident_labels());
        position_.run_seconds = seconds;
        return [made = Checkpoint{.state = state_of(parts()), .gpu = gpu_text_, .fingerprint = fingerprint}] {
            return in_our_words("on writing a checkpoint", [&] { return pack_checkpoint(made); });
        };
    });
}

Trainer::Restored TorchTrainer::restore(const std::filesystem::path& file, const std::string& fingerprint) {
    return in_context("on reading a checkpoint", [&]() -> Restored {
        const Checkpoint read = read_checkpoint(file, fingerprint);
        if (const std::string why = why_not_on_this_gpu(read.gpu, gpu_text_); !why.empty())
            throw OtherGpu(fmt::format("{}: {}", file.native(), why));
        const StateReader state(read.state, file.native());
        position_.load(state.under("position"));  // which says what other parts there are
        for (const NamedPart& named : parts()) named.part->load(state.under(named.name));
        return {progress(), position_.run_seconds};
    });
}

}  // namespace

std::unique_ptr<Trainer> make_torch_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                                            const Dataset& dataset, const Device& device,
                                            const TrainerOptions& options) {
    keep_freed_memory();
    return in_our_words("before the first epoch", [&] {
        const torch::Device where = device.cuda
                                        ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                                        : torch::Device(torch::kCPU);
        prepare_process(run.trainer, where);
        if (options.colocated && !device.cuda && run.trainer.numerics == Numerics::fast)
            throw Error(ExitCode::run_failed, "on a CPU, runs with numerics = \"fast\" cannot share a process");
        auto context = std::make_unique<RunContext>(where, options.colocated);
        const RunContext::Scope scope(*context);
        return std::make_unique<TorchTrainer>(run, plugin, params, dataset, std::move(context), where, options);
    });
}

}  // namespace labhost
