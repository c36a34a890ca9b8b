#include "engine/torch_trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "engine/autocast.hpp"
#include "engine/checkpoint.hpp"
#include "engine/cpu_memory.hpp"
#include "engine/cpu_operators.hpp"
#include "engine/cuda_graph.hpp"
#include "engine/determinism.hpp"
#include "engine/gpu_process.hpp"
#include "engine/loader.hpp"
#include "engine/loss.hpp"
#include "engine/model.hpp"
#include "engine/optimizer.hpp"
#include "engine/pass_sums.hpp"
#include "engine/pickle.hpp"
#include "engine/predictions.hpp"
#include "engine/profiler.hpp"
#include "engine/torch_gpus.hpp"
#include "engine/turn.hpp"
#include "support/error.hpp"
#include "train/gpu_fault.hpp"
#include "train/used_gpu.hpp"

namespace labhost {

namespace {

using Clock = std::chrono::steady_clock;

/// Those whose draws a run may depend on.
std::vector<std::pair<std::string, at::Generator>> generators(const torch::Device& device) {
    std::vector<std::pair<std::string, at::Generator>> all{
        {"generator.cpu", at::globalContext().defaultGenerator(torch::kCPU)}};
    if (device.is_cuda()) all.emplace_back("generator.cuda", at::globalContext().defaultGenerator(device));
    return all;
}

/// As torch::manual_seed, which seeds every GPU's generator, and so starts CUDA's driver for a run on the CPU.
void seed_draws(std::uint64_t seed, const torch::Device& device) {
    for (auto [name, generator] : generators(device)) {
        const std::lock_guard lock(generator.mutex());
        generator.set_current_seed(seed);
    }
}

PluginModel build_seeded(std::uint64_t seed, const torch::Device& device, const Plugin& plugin,
                         const ResolvedParams& params) {
    seed_draws(seed, device);
    return {plugin, params};
}

/// Runs `body`; what LibTorch throws becomes Error (run_failed) without its stack trace, and what a GPU is at fault for
/// GpuFault, also where a plugin's boundary has made a text of it.
template <class Body>
auto translated(const std::string& doing, Body body) {
    try {
        return body();
    } catch (const c10::Error& e) {
        const std::string_view said = e.what_without_backtrace();
        if (const auto name = nondeterministic_operator(said); !name.empty())
            throw Error(
                ExitCode::run_failed,
                fmt::format(
                    "LibTorch has no form of '{}' that gives the same bits each time, and trainer.deterministic = true "
                    "refuses any other; without it the run is trained, and says so {}",
                    name, doing));
        const std::string words = fmt::format("LibTorch failed {}: {}", doing, said);
        if (const auto fault = gpu_fault_of(e, words)) throw *fault;
        throw Error(ExitCode::run_failed, words);
    } catch (const Error& e) {
        if (typeid(e) != typeid(Error)) throw;
        if (const auto fault = gpu_fault_in(e.what())) throw *fault;
        throw;
    }
}

/// Whether cuDNN draws its dropout: LibTorch keeps the state of that for the whole process.
bool has_dropout_of_cudnn(const torch::nn::Module& module) {
    return std::ranges::any_of(module.modules(/*include_self=*/true), [](const auto& part) {
        const auto drops = [&](const auto* layer) { return layer != nullptr && layer->options.dropout() > 0.0; };
        return drops(part->template as<torch::nn::LSTMImpl>()) || drops(part->template as<torch::nn::GRUImpl>()) ||
               drops(part->template as<torch::nn::RNNImpl>());
    });
}

class TorchTrainer final : public Trainer {
    /// Runs `body` in the run's turn.
    template <class Body>
    auto in_turn(const std::string& doing, Body body) const {
        return translated(doing, [&] {
            const Turn turn(*own_);
            return body();
        });
    }

public:
    TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params, const Dataset& dataset,
                 std::unique_ptr<Own> own, torch::Device device, const TrainerOptions& options);

    std::optional<EpochMetrics> run_epoch(const std::function<bool(const Progress&)>& on_step) override;
    bool captured() const override { return replayed_[0].graph.captured(); }
    const std::vector<EpochMetrics>& history() const override { return history_; }
    std::string why_not_resumable() const override;
    std::function<std::string()> checkpoint(double seconds, const std::string& fingerprint) override;
    Restored restore(const std::filesystem::path& file, const std::string& fingerprint) override;
    const std::set<std::string>& nondeterministic_operators() const override { return noted_.operators(); }
    std::string state_dict() const override {
        return in_turn("on saving the weights", [&] { return pickle_state_dict(model_.state_dict()); });
    }

    Predictions predictions() const override {
        return in_turn("on its predictions", [&] { return predictions_of(outputs_, test_loader_.labels()); });
    }

    void start_profile() override;
    ProfileReport profile() const override { return profiler_ ? profiler_->report() : ProfileReport{}; }

private:
    void enter(Phase phase) {
        if (profiler_)
            profiler_->enter(testing_ && phase != Phase::data && phase != Phase::other ? Phase::test : phase);
    }
    bool pass(const std::function<bool(const Progress&)>& on_step);
    std::optional<torch::Device> gpu() const { return device_.is_cpu() ? std::nullopt : std::optional(device_); }
    bool next_step();
    void step(const Batch& batch);
    void keep(const torch::Tensor& output, const torch::Tensor& examples);
    bool outputs_are_wanted() const;
    torch::Tensor train_step(const Batch& batch, torch::Tensor& output);
    torch::Tensor test_step(const Batch& batch, torch::Tensor& output);
    torch::Tensor forward(const torch::Tensor& images);
    void refuse_nan() const;
    Loader& loader() { return testing_ ? test_loader_ : train_loader_; }
    const Loader& loader() const { return testing_ ? test_loader_ : train_loader_; }
    Progress progress() const;
    void save_optimizer(NamedTensors& tensors) const;
    void restore_optimizer(const NamedTensors& tensors);
    void restore_position(const NamedTensors& tensors);

    /// Steps of one kind of pass, replayed.
    struct Replayed {
        StepGraph graph{};
        torch::Tensor examples{};  ///< int64 [batch size], of the step
    };

    TrainerSettings settings_;
    std::unique_ptr<Own> own_;
    torch::Device device_;
    bool fast_;
    std::optional<CpuOperators> operators_;
    PluginModel model_;
    Loader train_loader_;
    Loader test_loader_;
    std::unique_ptr<torch::optim::Optimizer> optimizer_;
    std::unique_ptr<Profiler> profiler_;
    NondeterminismNoted noted_{torch_warnings::get_warning_handler()};
    std::string gpu_text_;  ///< of the checkpoints
    bool graphs_;
    std::array<Replayed, 2> replayed_;  ///< training, test

    // Where the run is.
    std::vector<EpochMetrics> history_;
    bool testing_ = false;
    bool in_pass_ = false;       ///< the loader's pass has begun
    PassSums sums_;              ///< of the pass
    torch::Tensor outputs_;      ///< float32 [test examples, classes], of the test under way or the last one
    Clock::time_point asked_{};  ///< when a GPU was asked for the sums
    PassMetrics trained_;        ///< of this epoch's training, once it tests
    double seconds_ = 0.0;       ///< spent on this epoch
    std::optional<Clock::time_point>
        others_since_{};  ///< in company: when its step ended, from when on others may have theirs
};

Loader make_loader(const Split& split, const std::optional<std::int64_t>& limit, std::int64_t batch_size,
                   const DataSettings& data, const std::optional<torch::Device>& gpu) {
    return {split, limit.value_or(split.count), batch_size, data.mean, data.std, gpu};
}

TorchTrainer::TorchTrainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                           const Dataset& dataset, std::unique_ptr<Own> own, torch::Device device,
                           const TrainerOptions& options)
    : settings_(run.trainer),
      own_(std::move(own)),
      device_(device),
      fast_(run.trainer.numerics == Numerics::fast),
      model_(build_seeded(run.seed, device, plugin, params)),
      train_loader_(make_loader(dataset.train, run.data.train_limit, run.trainer.batch_size, run.data, gpu())),
      test_loader_(make_loader(dataset.test, run.data.test_limit, run.trainer.test_batch_size, run.data, gpu())),
      gpu_text_(options.gpu),
      graphs_(options.graphs && device_.is_cuda() && can_share_draws()) {
    if (device_.is_cuda())
        sums_ = PassSums(device_, std::max(train_loader_.batches(), test_loader_.batches()),
                         std::max(train_loader_.count(), test_loader_.count()));
    // They are the process's, and give LibTorch's own bits: in company it does without.
    if (device_.is_cpu() && !own_->colocated()) operators_.emplace(fast_);
    if (!run.trainer.init_from.empty())
        model_.load_state_dict(unpickle_state_dict(run.trainer.init_from), run.trainer.init_from.native());
    auto& module = model_.module();
    module.to(device_);
    const auto parameters = module.parameters();
    if (parameters.empty())
        throw Error(ExitCode::run_failed,
                    fmt::format("plugin '{}' has no parameters to train; register its layers with register_module",
                                plugin.id()));
    if (own_->colocated() && device_.is_cuda() && has_dropout_of_cudnn(module))
        throw Error(
            ExitCode::run_failed,
            fmt::format("the dropout of recurrent layers of plugin '{}' needs a process of its own", plugin.id()));
    optimizer_ = std::make_unique<torch::optim::SGD>(
        parameters, torch::optim::SGDOptions(run.trainer.optimizer.lr).momentum(run.trainer.optimizer.momentum));
    seed_draws(run.seed, device_);
}

std::string TorchTrainer::why_not_resumable() const {
    if (!device_.is_cuda() || !has_dropout_of_cudnn(model_.module())) return "";
    return fmt::format("plugin '{}' has recurrent layers with dropout, whose random state cuDNN keeps to itself",
                       model_.plugin_id());
}

torch::Tensor TorchTrainer::forward(const torch::Tensor& images) {
    enter(Phase::forward);
    const bool bf16 = settings_.precision == Precision::bf16;
    const Autocast autocast(bf16);
    return model_.forward(images, bf16);
}

/// Gives the batch's loss, summed.
torch::Tensor TorchTrainer::train_step(const Batch& batch, torch::Tensor& output) {
    optimizer_->zero_grad();
    output = forward(batch.images);
    if (!fast_) {
        const torch::Tensor loss = loss_of(settings_.loss, output, batch.labels, at::Reduction::Mean);
        enter(Phase::backward);
        loss.backward();
        enter(Phase::optimizer);
        if (device_.is_cuda())
            step_as_python_on_a_gpu(static_cast<torch::optim::SGD&>(*optimizer_));
        else
            optimizer_->step();
        enter(Phase::metrics);
        const torch::NoGradGuard no_grad;
        return loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
    }
    // The mean's gradient from the sum, which is wanted too.
    const torch::Tensor loss = loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
    enter(Phase::backward);
    loss.backward(torch::full({}, 1.0 / static_cast<double>(batch.labels.size(0)), loss.options()));
    enter(Phase::optimizer);
    step_fused(static_cast<torch::optim::SGD&>(*optimizer_));
    return loss.detach();
}

torch::Tensor TorchTrainer::test_step(const Batch& batch, torch::Tensor& output) {
    output = forward(batch.images);
    return loss_of(settings_.loss, output, batch.labels, at::Reduction::Sum);
}

void TorchTrainer::step(const Batch& batch) {
    torch::Tensor output;
    const torch::Tensor loss = testing_ ? test_step(batch, output) : train_step(batch, output);
    enter(Phase::metrics);
    sums_.add(loss, output, batch);
    if (testing_) keep(output, batch.examples);
}

void TorchTrainer::keep(const torch::Tensor& output, const torch::Tensor& examples) {
    const torch::NoGradGuard no_grad;
    const EachPlaceOnce known;
    if (!outputs_.defined()) outputs_ = torch::empty({test_loader_.count(), output.size(1)}, output.options());
    outputs_.index_copy_(0, examples, output);
}

/// Whether a checkpoint needs the outputs: where it cannot be gone on without asking for them.
bool TorchTrainer::outputs_are_wanted() const {
    return (testing_ && in_pass_) || std::cmp_greater_equal(history_.size(), settings_.epochs);
}

/// False at the pass's end.
bool TorchTrainer::next_step() {
    const std::int64_t before = loader().position();
    if (graphs_ && loader().next_is_whole()) {
        Replayed& replayed = replayed_[testing_ ? 1 : 0];
        const torch::Tensor examples = loader().next_examples();
        if (!replayed.examples.defined()) replayed.examples = torch::empty_like(examples);
        replayed.examples.copy_(examples);
        replayed.graph.run([&] { step(loader().gather(replayed.examples)); }, model_.module());
    } else {
        Batch batch;
        enter(Phase::data);
        if (!loader().next(batch)) return false;
        step(batch);
    }
    sums_.count(loader().position() - before);
    return true;
}

Progress TorchTrainer::progress() const {
    return {.epoch = static_cast<std::int64_t>(history_.size()) + 1,
            .epochs = settings_.epochs,
            .testing = testing_,
            .batch = in_pass_ ? loader().batch() : 0,
            .batches = loader().batches(),
            .examples = sums_.examples(),
            .loss = sums_.known().mean_loss()};
}

void TorchTrainer::refuse_nan() const {
    if (settings_.on_nan != OnNan::fail || !std::isnan(sums_.known().loss)) return;
    const Progress now = progress();
    throw Error(
        ExitCode::run_failed,
        fmt::format("the {} loss of plugin '{}' is nan in epoch {}, at batch {} of {} (trainer.on_nan = \"fail\")",
                    testing_ ? "test" : "training", model_.plugin_id(), now.epoch, now.batch, now.batches));
}

/// The rest of a pass; false if it was stopped.
bool TorchTrainer::pass(const std::function<bool(const Progress&)>& on_step) {
    constexpr std::chrono::milliseconds ask_every{300};  // of a GPU
    const torch::AutoGradMode grad(!testing_);
    model_.module().train(!testing_);
    if (!in_pass_) {
        give_back_freed_memory();
        loader().begin_pass();
        sums_.set({});
        asked_ = {};  // after the first step it is waited for
        others_since_.reset();
        in_pass_ = true;
    }
    for (;;) {
        const auto start = Clock::now();
        const bool more = next_step();
        if (!more || device_.is_cpu() || asked_ == Clock::time_point{}) {
            sums_.read_losses();
            asked_ = start;
        } else {
            sums_.hear();
            if (start - asked_ > ask_every) {
                sums_.ask();
                asked_ = start;
            }
        }
        enter(Phase::other);
        const auto end = Clock::now();
        seconds_ += std::chrono::duration<double>(end - (others_since_ ? *others_since_ : start)).count();
        if (own_->colocated()) others_since_ = end;
        refuse_nan();
        if (!more) break;
        if (!on_step(progress())) return false;
    }
    sums_.read(loader().resident_labels());
    in_pass_ = false;
    return true;
}

void TorchTrainer::start_profile() {
    graphs_ = false;  // a replayed step has no phases
    profiler_ = std::make_unique<Profiler>(device_.is_cuda() ? [] { torch::cuda::synchronize(); } : [] {});
}

std::optional<EpochMetrics> TorchTrainer::run_epoch(const std::function<bool(const Progress&)>& on_step) {
    const auto epoch = static_cast<std::int64_t>(history_.size()) + 1;
    const bool done = in_turn(fmt::format("in epoch {}", epoch), [&] {
        const torch_warnings::WarningHandlerGuard noting(&noted_);
        if (!testing_) {
            if (!pass(on_step)) return false;
            trained_ = sums_.known().metrics();
            testing_ = true;
        }
        return pass(on_step);
    });
    if (!done) return std::nullopt;
    history_.push_back({.epoch = epoch, .train = trained_, .test = sums_.known().metrics(), .seconds = seconds_});
    testing_ = false;
    in_turn("after an epoch", [&] { sums_.set({}); });
    seconds_ = 0.0;
    return history_.back();
}

// ---- checkpoints

namespace {

constexpr std::int64_t fields_of_an_epoch = 10;

std::array<double, fields_of_an_epoch> fields(const EpochMetrics& m) {
    const auto number = [](std::int64_t count) { return static_cast<double>(count); };  // exact: below 2^53
    return {number(m.epoch), m.train.loss,    m.train.accuracy,       number(m.train.correct), number(m.train.count),
            m.test.loss,     m.test.accuracy, number(m.test.correct), number(m.test.count),    m.seconds};
}

PassMetrics pass_metrics(const double* field) {
    return {.loss = field[0],
            .accuracy = field[1],
            .correct = static_cast<std::int64_t>(field[2]),
            .count = static_cast<std::int64_t>(field[3])};
}

torch::Tensor doubles(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }
torch::Tensor integers(const std::vector<std::int64_t>& values) { return torch::tensor(values, torch::kInt64); }

}  // namespace

void TorchTrainer::save_optimizer(NamedTensors& tensors) const {
    std::vector<std::int64_t> has_gradient;
    for (const torch::Tensor& parameter : optimizer_->param_groups().at(0).params()) {
        has_gradient.push_back(parameter.grad().defined() ? 1 : 0);
        const torch::Tensor momentum = momentum_of(*optimizer_, parameter);
        if (momentum.defined()) tensors.emplace_back(fmt::format("momentum.{}", has_gradient.size() - 1), momentum);
    }
    tensors.emplace_back("has_gradient", integers(has_gradient));
}

void TorchTrainer::restore_optimizer(const NamedTensors& tensors) {
    auto& parameters = optimizer_->param_groups().at(0).params();
    const auto count = static_cast<std::int64_t>(parameters.size());
    const torch::Tensor has_gradient = tensor_of(tensors, "has_gradient", torch::kInt64, count);
    for (std::int64_t i = 0; i < count; ++i) {
        torch::Tensor& parameter = parameters[static_cast<std::size_t>(i)];
        // Zero, as the next step makes it; whether it is there decides between adding to it and taking its place.
        if (has_gradient[i].item<std::int64_t>() != 0) parameter.mutable_grad() = torch::zeros_like(parameter);
        const std::string name = fmt::format("momentum.{}", i);
        const auto found = std::ranges::find(tensors, name, &NamedTensors::value_type::first);
        if (found == tensors.end()) continue;
        if (found->second.sizes() != parameter.sizes())
            throw Error(ExitCode::usage, fmt::format("'{}' has another shape than its parameter", name));
        set_momentum(*optimizer_, parameter, found->second.to(parameter.device(), parameter.scalar_type()));
    }
}

std::function<std::string()> TorchTrainer::checkpoint(double seconds, const std::string& fingerprint) {
    return in_turn("on saving a checkpoint", [&]() -> std::function<std::string()> {
        const Sums& sums = sums_.read(loader().resident_labels());
        NamedTensors tensors;
        for (const auto& [name, tensor] : model_.state_dict()) tensors.emplace_back("model." + name, tensor);
        save_optimizer(tensors);
        for (auto [name, generator] : generators(device_)) {
            const std::lock_guard lock(generator.mutex());
            tensors.emplace_back(name, generator.get_state());
        }
        if (in_pass_) tensors.emplace_back("order", loader().order());
        if (outputs_are_wanted() && outputs_.defined()) tensors.emplace_back("outputs", outputs_);
        for (auto& [name, tensor] : tensors)
            tensor = tensor.detach().to(tensor.options().device(torch::kCPU), /*non_blocking=*/false, /*copy=*/true);
        std::vector<double> history;
        for (const EpochMetrics& metrics : history_) {
            const auto values = fields(metrics);
            history.insert(history.end(), values.begin(), values.end());
        }
        tensors.emplace_back("history", doubles(history));
        tensors.emplace_back("position", integers({testing_ ? 1 : 0, in_pass_ ? 1 : 0, loader().position(),
                                                   sums.correct, sums.examples, trained_.correct, trained_.count}));
        tensors.emplace_back("sums", doubles({sums.loss, trained_.loss, trained_.accuracy, seconds_, seconds}));
        return [tensors = std::move(tensors), gpu = gpu_text_, fingerprint] {
            return translated("on writing a checkpoint", [&] { return pack_checkpoint(tensors, gpu, fingerprint); });
        };
    });
}

void TorchTrainer::restore_position(const NamedTensors& tensors) {
    const torch::Tensor history = tensor_of(tensors, "history", torch::kFloat64);
    for (std::int64_t i = 0; i + fields_of_an_epoch <= history.numel(); i += fields_of_an_epoch) {
        const double* field = history.data_ptr<double>() + i;
        history_.push_back({.epoch = static_cast<std::int64_t>(field[0]),
                            .train = pass_metrics(field + 1),
                            .test = pass_metrics(field + 5),
                            .seconds = field[9]});
    }
    const torch::Tensor position = tensor_of(tensors, "position", torch::kInt64, 7);
    const torch::Tensor sums = tensor_of(tensors, "sums", torch::kFloat64, 5);
    const auto* at = position.data_ptr<std::int64_t>();
    const auto* sum = sums.data_ptr<double>();
    testing_ = at[0] != 0;
    in_pass_ = at[1] != 0;
    sums_.set({.loss = sum[0], .correct = at[3], .examples = at[4]});
    trained_ = {.loss = sum[1], .accuracy = sum[2], .correct = at[5], .count = at[6]};
    seconds_ = sum[3];
    if (in_pass_) loader().resume_pass(tensor_of(tensors, "order", torch::kInt64, loader().count()), at[2]);
    if (!outputs_are_wanted() || (in_pass_ && at[2] == 0)) return;
    const torch::Tensor outputs = tensor_of(tensors, "outputs", torch::kFloat32);
    if (outputs.dim() != 2 || outputs.size(0) != test_loader_.count())
        throw Error(ExitCode::usage, "'outputs' has another shape than the test data ask for");
    outputs_ = outputs.to(device_);
}

Trainer::Restored TorchTrainer::restore(const std::filesystem::path& file, const std::string& fingerprint) {
    return in_turn("on reading a checkpoint", [&]() -> Restored {
        const NamedTensors tensors = read_checkpoint(file, fingerprint);
        if (const std::string why = why_not_on_this_gpu(gpu_of(tensors), gpu_text_); !why.empty())
            throw OtherGpu(fmt::format("{}: {}", file.native(), why));
        constexpr std::string_view prefix = "model.";
        NamedTensors weights;
        for (const auto& [name, tensor] : tensors)
            if (name.starts_with(prefix)) weights.emplace_back(name.substr(prefix.size()), tensor);
        model_.load_state_dict(weights, file.native());
        restore_optimizer(tensors);
        restore_position(tensors);
        for (auto [name, generator] : generators(device_)) {
            const std::lock_guard lock(generator.mutex());
            generator.set_state(tensor_of(tensors, name, torch::kUInt8));
        }
        return {progress(), tensor_of(tensors, "sums", torch::kFloat64, 5)[4].item<double>()};
    });
}

}  // namespace

std::unique_ptr<Trainer> make_torch_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams& params,
                                            const Dataset& dataset, const Device& device,
                                            const TrainerOptions& options) {
    keep_freed_memory();
    return translated("before the first epoch", [&] {
        at::set_num_threads(run.trainer.threads);
        const torch::Device where = device.cuda
                                        ? torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                                        : torch::Device(torch::kCPU);
        if (device.cuda) {
            prepare_gpu_process(where);
            ask_for_determinism(/*refuse=*/run.trainer.deterministic);
        } else if (run.trainer.deterministic) {
            at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
        }
        if (device.cuda && run.trainer.numerics == Numerics::fast)  // for convolutions PyTorch itself allows it unasked
            at::globalContext().setAllowTF32CuBLAS(run.trainer.precision == Precision::tf32);
        if (options.colocated && !device.cuda && run.trainer.numerics == Numerics::fast)
            throw Error(ExitCode::run_failed, "on a CPU, runs with numerics = \"fast\" cannot share a process");
        auto own = std::make_unique<Own>(where, options.colocated);
        const Turn turn(*own);
        return std::make_unique<TorchTrainer>(run, plugin, params, dataset, std::move(own), where, options);
    });
}

}  // namespace labhost
