// An engine without LibTorch, whose GPUs and trainers do what a script says: so that what labhost decides about GPUs
// can be seen with real processes where there is none. The script is the JSON file that SCRIPTED_ENGINE names; what
// happens is told line by line in its "log".
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "plugin/loaded_torch.hpp"
#include "plugin/stamp.hpp"
#include "support/files.hpp"
#include "support/json.hpp"
#include "train/engine.hpp"
#include "train/gpu_fault.hpp"
#include "validate/check.hpp"

namespace labhost {
namespace {

constexpr std::int64_t steps_of_an_epoch = 12;
constexpr std::int64_t steps_to_capture = 4;
constexpr std::uint64_t megabyte = 1 << 20;

const Json& script() {
    static const Json json = Json::parse(read_file(std::getenv("SCRIPTED_ENGINE")));
    return json;
}

void log(const std::string& line) {
    if (script().contains("log"))
        std::ofstream(script().at("log").get<std::string>(), std::ios::app) << line + "\n" << std::flush;
}

/// Runs of this process, and how many there were at once: what they took, LibTorch keeps.
struct Here {
    int now = 0;
    int most = 0;
    void enter() { most = std::max(most, ++now); }
};
Here runs_begun;
Here runs_captured;
Here runs_tested;

[[noreturn]] void fault(int code) { throw gpu_fault_of_code(code, fmt::format("CUDA error: scripted fault {}", code)); }

/// As in NVIDIA's mode EXCLUSIVE_PROCESS, until this process ends.
bool has_gpu_for_itself(const Device& device) {
    static const int file =
        ::open((script().at("log").get<std::string>() + device.text()).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    static const bool locked = ::flock(file, LOCK_EX | LOCK_NB) == 0;
    return locked;
}

class ScriptedTrainer final : public Trainer {
public:
    ScriptedTrainer(const RunSettings& run, const Plugin& plugin, const Device& device, const TrainerOptions& options)
        : run_(run), plugin_(plugin.id()), device_(device), options_(options) {
        log(fmt::format("begin {} pid {} on {} graphs {} company {} beside {}", run.id, ::getpid(), device.text(),
                        options.graphs, options.colocated, runs_begun.now));
        sleep_as_told("late_ms");
        if (device.cuda && script().value("exclusive", false) && !has_gpu_for_itself(device)) fault(46);
        sleep_as_told("slow_start_ms");
        if (const Json at_start = script().value("fault_at_start", Json::object()); at_start.contains(device.text()))
            fault(at_start.at(device.text()));
        if (runs_begun.now + 1 > script().value("most_runs", 1000))
            throw GpuFault(GpuFault::Kind::out_of_memory, 2, "CUDA out of memory (scripted)");
        if (script().value("never_fits", "") == run.id)
            throw GpuFault(GpuFault::Kind::out_of_memory, 2, "CUDA out of memory (scripted)");
        runs_begun.enter();
    }
    ~ScriptedTrainer() override {
        --runs_begun.now;
        runs_captured.now -= captured_ ? 1 : 0;
        runs_tested.now -= tested_ ? 1 : 0;
    }
    ScriptedTrainer(const ScriptedTrainer&) = delete;
    ScriptedTrainer& operator=(const ScriptedTrainer&) = delete;
    ScriptedTrainer(ScriptedTrainer&&) = delete;
    ScriptedTrainer& operator=(ScriptedTrainer&&) = delete;

    std::optional<EpochMetrics> run_epoch(const std::function<bool(const Progress&)>& on_step) override {
        while (step_ < steps_of_an_epoch) {
            std::this_thread::sleep_for(std::chrono::milliseconds(script().value("step_ms", 1)));
            do_step();
            ++step_;
            if (!on_step({.epoch = epoch(),
                          .epochs = run_.trainer.epochs,
                          .pass = Pass::train,
                          .batch = step_,
                          .batches = steps_of_an_epoch,
                          .examples = step_,
                          .loss = 1.0}))
                return std::nullopt;
        }
        const PassMetrics metrics{.loss = 1.0 / static_cast<double>(epoch()),
                                  .accuracy = 50.0,
                                  .correct = static_cast<std::int64_t>(run_.seed),
                                  .count = 100};
        history_.push_back({.epoch = epoch(),
                            .train = metrics,
                            .validation = {},
                            .test = metrics,
                            .f1 = {},
                            .top5 = {},
                            .lr = {},
                            .seconds = 0.1});
        step_ = 0;
        if (!std::exchange(tested_, true)) runs_tested.enter();
        return history_.back();
    }

    bool captured() const override { return captured_; }
    bool finished() const override { return std::cmp_greater_equal(history_.size(), run_.trainer.epochs); }
    std::int64_t kept_epoch() const override { return static_cast<std::int64_t>(history_.size()); }
    const std::vector<EpochMetrics>& history() const override { return history_; }
    std::string why_not_resumable() const override { return ""; }
    std::function<std::string()> checkpoint(double, const std::string&) override {
        return [text = fmt::format("{} {}", history_.size(), step_)] { return text; };
    }
    const std::set<std::string>& nondeterministic_operators() const override { return none_; }
    Restored restore(const std::filesystem::path& file, const std::string&) override {
        std::ifstream in(file);
        std::size_t epochs = 0;
        in >> epochs >> step_;
        const PassMetrics metrics{.loss = 1.0, .accuracy = 50.0, .correct = 1, .count = 100};
        while (history_.size() < epochs)
            history_.push_back({.epoch = epoch(),
                                .train = metrics,
                                .validation = {},
                                .test = metrics,
                                .f1 = {},
                                .top5 = {},
                                .lr = {},
                                .seconds = 0.1});
        log(fmt::format("resume {} after {} epochs and {} steps", run_.id, epochs, step_));
        return {{.epoch = epoch(),
                 .epochs = run_.trainer.epochs,
                 .pass = Pass::train,
                 .batch = step_,
                 .batches = steps_of_an_epoch,
                 .examples = step_,
                 .loss = 1.0},
                0.1};
    }
    void start_profile() override {}
    ProfileReport profile() const override { return {}; }
    Predictions predictions() const override { return {}; }
    std::string state_dict() const override { return fmt::format("weights of {}", run_.id); }

private:
    void sleep_as_told(const char* key) const {
        if (const Json slow = script().value(key, Json::object()); slow.contains(run_.id))
            std::this_thread::sleep_for(std::chrono::milliseconds(slow.at(run_.id).get<int>()));
    }

    std::int64_t epoch() const { return static_cast<std::int64_t>(history_.size()) + 1; }

    /// {"run", "step", "code"}, once for the whole sweep: `file` is made then.
    void do_step() {
        ++steps_done_;
        for (const Json& planned : script().value("faults", Json::array())) {
            const std::filesystem::path once = planned.value("once", "");
            if (planned.at("run") != run_.id || planned.at("step") != steps_done_ ||
                (!once.empty() && file_exists(once)))
                continue;
            if (planned.value("only_colocated", false) && !options_.colocated) continue;
            if (!once.empty()) std::ofstream(once) << "done";
            if (planned.contains("signal")) std::raise(planned.at("signal"));
            if (planned.contains("hang")) std::this_thread::sleep_for(std::chrono::seconds(600));
            fault(planned.at("code"));
        }
        if (!device_.cuda || !options_.graphs || steps_done_ != steps_to_capture) return;
        for (const Json& plugin : script().value("not_captured", Json::array()))
            if (plugin == plugin_) {
                log(fmt::format("not captured: {} beside {}", run_.id, runs_begun.now - 1));
                throw NotCaptured("scripted: it reads a value back");
            }
        captured_ = true;
        runs_captured.enter();
    }

    RunSettings run_;
    std::string plugin_;
    Device device_;
    TrainerOptions options_;
    std::set<std::string> none_{};
    std::vector<EpochMetrics> history_;
    std::int64_t step_ = 0;
    std::int64_t steps_done_ = 0;
    bool captured_ = false;
    bool tested_ = false;
};

class ScriptedEngine final : public Engine {
public:
    TorchInfo torch_info() const override { return {host_stamp().field("torch"), "scripted", "none"}; }
    GpuSurvey survey_gpus() const override {
        GpuSurvey survey;
        for (int i = 0; i < script().value("gpus", 2); ++i)
            survey.gpus.push_back({.name = "Scripted GPU", .capability = "9.0", .memory = 16384 * megabyte});
        return survey;
    }
    GpuMemory gpu_memory(const Device&) const override {
        const std::uint64_t total = script().value("memory_mb", std::uint64_t{65536}) * megabyte;
        const auto taken = [](const Here& runs, const char* key, std::uint64_t otherwise) {
            return static_cast<std::uint64_t>(runs.most) * script().value(key, otherwise) * megabyte;
        };
        const std::uint64_t used = taken(runs_begun, "run_mb", 1) + taken(runs_captured, "captured_mb", 0) +
                                   taken(runs_tested, "tested_mb", 0);
        return {.free = total > used ? total - used : 0, .total = total};
    }
    bool gpu_can_be_shared() const override { return true; }
    std::unique_ptr<Trainer> make_trainer(const RunSettings& run, const Plugin& plugin, const ResolvedParams&,
                                          const Dataset&, const Device& device,
                                          const TrainerOptions& options) const override {
        return std::make_unique<ScriptedTrainer>(run, plugin, device, options);
    }
    void check_fits_model(const RunSettings&, const Plugin&, const ResolvedParams&) const override {}
    std::vector<Layer> layers(const Plugin&, const ResolvedParams&) const override { return {}; }
};

CheckResult cuda_graph(const CheckContext& context) {
    for (const Json& plugin : script().value("not_captured", Json::array()))
        if (plugin == context.load().id()) return {Outcome::warning, "scripted: it reads a value back"};
    return {};
}

}  // namespace
}  // namespace labhost

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED const labhost::Engine* labhost_engine() {
    static const labhost::ScriptedEngine engine;
    return &engine;
}
EXPORTED void labhost_loaded_torch(labhost::LoadedTorch&) {}
EXPORTED const std::span<const labhost::Check>* labhost_checks() {
    static constexpr labhost::Check checks[] = {{"cuda-graph", "as scripted", labhost::cuda_graph}};
    static constexpr std::span<const labhost::Check> all(checks);
    return &all;
}
