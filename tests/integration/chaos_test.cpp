// Chaos: workers and supervisors killed at random instants, also between a file's writing and its renaming. Whatever
// happens, the sweep ends with the bits of one that nothing disturbed, and no run starts again that had a checkpoint.
// LABHOST_CHAOS_KILLS sets how many kills (30); `make chaos` does 300.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "sweep_program.hpp"

namespace labhost {
namespace {

namespace fs = std::filesystem;

int kills_wanted() {
    const char* text = std::getenv("LABHOST_CHAOS_KILLS");
    return text == nullptr ? 30 : std::atoi(text);
}

class Chaos : public testing::SweepProgramTest {
protected:
    std::vector<std::string> command(const std::string& runs) const {
        return {experiment_.native(),
                "--device",
                "cpu",
                "--runs",
                runs,
                "--jobs",
                "2",
                "--set",
                "data.train_limit=640",
                "--set",
                "data.test_limit=200",
                "--set",
                "trainer.epochs=3",
                "--set",
                "trainer.checkpoint_every=0.2"};
    }

    /// Starts the sweep; its own output goes to the file `said`.
    pid_t start() {
        std::vector<std::string> words = command("runs");
        words.insert(words.begin(), LABHOST_PROGRAM);
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const fs::path data = data_folder(std::nullopt);
        const pid_t process = ::fork();
        if (process == 0) {
            ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
            ::setenv("LABHOST_DATA", data.c_str(), 1);
            ::setenv("LD_PRELOAD", LABHOST_KILL_AT_RENAME_LIBRARY, 1);
            ::setenv("LABHOST_KILL_AT_RENAME", "40", 1);
            const int said = ::open((folder_ / "said").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
            ::dup2(said, STDOUT_FILENO);
            ::dup2(said, STDERR_FILENO);
            if (::chdir(folder_.path().c_str()) != 0) ::_exit(126);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        return process;
    }

    static std::vector<pid_t> children_of(pid_t process) {
        std::vector<pid_t> children;
        std::ifstream file("/proc/" + std::to_string(process) + "/task/" + std::to_string(process) + "/children");
        for (pid_t child = 0; file >> child;) children.push_back(child);
        return children;
    }

    /// Lets the sweep run until it ends or is killed, killing a worker or it itself now and then; its wait status.
    int disturb(pid_t sweep) {
        for (;;) {
            const auto until = std::chrono::steady_clock::now() + longest_wait_ * (random_() % 1000) / 1000;
            while (std::chrono::steady_clock::now() < until) {
                int status = 0;
                if (::waitpid(sweep, &status, WNOHANG) == sweep) return status;
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            const auto workers = children_of(sweep);
            const bool a_worker = !workers.empty() && random_() % 2 == 0;
            ::kill(a_worker ? workers[random_() % workers.size()] : sweep, SIGKILL);
            ++kills_;
        }
    }

    /// Once a run has a checkpoint, its run.json, which says when it started, stays.
    void expect_no_run_started_again() {
        const fs::path runs = folder_ / "runs" / experiment_.stem();
        if (!fs::exists(runs)) return;
        for (const auto& entry : fs::directory_iterator(runs)) {
            EXPECT_FALSE(fs::exists(entry.path() / "checkpoint.pt.damaged")) << "a torn checkpoint: " << entry.path();
            if (!fs::exists(entry.path() / "checkpoint.pt")) continue;
            const std::string now = read_file(entry.path() / "run.json");
            EXPECT_EQ(begun_.emplace(entry.path(), now).first->second, now) << "began again: " << entry.path();
        }
    }

    /// Of so many runs, under so many kills.
    void expect_the_bits_of_an_undisturbed_sweep(std::size_t runs, int kills);

    fs::path experiment_ = fs::path(LABHOST_SOURCE) / "experiments/q4.toml";
    std::mt19937 random_{std::random_device{}()};
    std::chrono::steady_clock::duration longest_wait_{};  ///< between kills
    int kills_ = 0;
    std::map<fs::path, std::string> begun_;
};

void Chaos::expect_the_bits_of_an_undisturbed_sweep(std::size_t runs, int kills) {
    const auto start_of_undisturbed = std::chrono::steady_clock::now();
    const ProcessResult result = labhost(command("undisturbed"));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    // In proportion to what the sweep takes on this machine now: killed sooner, it would never get beyond its start.
    longest_wait_ = (std::chrono::steady_clock::now() - start_of_undisturbed) / 4;
    const auto expected = all_numbers("undisturbed", experiment_.stem());
    ASSERT_EQ(expected.size(), runs);

    int rounds = 0;
    while (kills_ < kills) {
        fs::remove_all(folder_ / "runs");
        begun_.clear();
        for (bool finished = false; !finished;) {
            const int status = disturb(start());
            finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            expect_no_run_started_again();
            EXPECT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) <= 1) << read_file(folder_ / "said");
            ASSERT_FALSE(HasFailure()) << read_file(folder_ / "said");
        }
        EXPECT_TRUE(all_numbers("runs", experiment_.stem()) == expected) << "after " << kills_ << " kills";
        for (const auto& entry : fs::recursive_directory_iterator(folder_ / "runs"))
            EXPECT_EQ(entry.path().native().find(".tmp"), std::string::npos) << "left behind: " << entry.path();
        ++rounds;
    }
    RecordProperty("kills", kills_);
    std::printf("%d kills in %d sweeps, and one time in 40 at a rename\n", kills_, rounds);
}

TEST_F(Chaos, EndsWithTheBitsOfAnUndisturbedSweep) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer must be loaded first, before what is preloaded here";
    expect_the_bits_of_an_undisturbed_sweep(9, kills_wanted());
}

/// In warm-up, in the patience of a plateau, in an accumulation, in an average.
TEST_F(Chaos, EndsWithTheSameBitsWithOptimizersAndSchedules) {
    if (LABHOST_SANITIZED) GTEST_SKIP() << "a sanitizer must be loaded first, before what is preloaded here";
    experiment_ = folder_.write("recipes.toml", R"(
experiment.seeds = [1, 2, 3]
[data]
dataset = "mnist"
normalize = { mean = 0.1307, std = 0.3081 }
validation = { count = 100 }

[[run]]
model = "net"
name = "warm-up"
trainer.optimizer = { name = "adamw", amsgrad = true }
trainer.schedule = { name = "sequential", every = "step", milestones = [12], schedules = [
  { name = "linear", total_iters = 12 }, { name = "cosine_annealing", T_max = 20 }] }

[[run]]
model = "net2"
name = "plateau"
trainer.optimizer = { name = "rmsprop", lr = 0.001, centered = true, momentum = 0.5 }
trainer.schedule = { name = "reduce_on_plateau", patience = 0, threshold = 0.5 }
trainer.keep = "best"

[[run]]
model = "net3"
name = "averaged"
trainer.optimizer = { name = "radam", lr = 0.01 }
trainer.accumulate = 3
trainer.ema = { decay = 0.9 }
trainer.clip_grad_norm = 1.0

[[run]]
model = "net"
name = "augmented"
trainer.optimizer = { name = "adadelta" }
trainer.schedule = { name = "one_cycle", max_lr = 1.0, cycle_momentum = false }
data.augment = { random_crop = { padding = 2 }, random_rotation = 10, random_erasing = 0.25 }
)");
    expect_the_bits_of_an_undisturbed_sweep(12, kills_wanted() / 2);
}

}  // namespace
}  // namespace labhost
