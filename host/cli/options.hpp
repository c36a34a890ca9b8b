// The command line: which options each verb takes, and what was given.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "sweep/plan.hpp"

namespace labhost {

struct Options {
    std::string command{};                 ///< all of it, as a shell takes it
    std::string argument{};                ///< the experiment, plugin or data set; "" if the verb takes none
    std::vector<std::string> arguments{};  ///< of a verb that takes several
    Overrides overrides{};
    Paths places{};
    bool force = false;
    bool profile = false;
    bool dry_run = false;
    std::optional<int> jobs{};         ///< nothing: auto
    std::optional<int> per_gpu{};      ///< nothing: auto
    std::optional<int> per_process{};  ///< nothing: auto
    int retries = 0;
    bool fail_fast = false;
    bool check_claims = false;  ///< a claim that is not supported is an exit code
    bool json = false;
    bool quiet = false;
    bool color = true;
    bool help = false;

    // validate
    std::vector<std::string> tests{};
    bool only_failed = false;
    bool list = false;
    std::uint64_t seed = 1;
    Loss loss = Loss::nll;
    std::chrono::milliseconds test_limit{60000};

    // results
    std::vector<std::string> where{};
    std::string sort{};
    bool reverse = false;
    std::optional<std::size_t> top{};
    bool csv = false;
    bool markdown = false;
    bool noise = false;
    bool compare = false;
    std::vector<MetricChoice> metrics{};  ///< of noise and compare; none: their own choice

    // report
    std::filesystem::path output{};
    bool watch = false;

    std::optional<std::filesystem::path> tensorboard{};  ///< export: the folder

    bool yes = false;  ///< gc: without asking

    // submit
    bool slurm = false;
    bool wait = false;
    SlurmSettings launch{};  ///< what is set here goes before the file's [launch.slurm]
    std::optional<std::int64_t> pack{};
    std::optional<std::int64_t> max_requeues{};
};

/// Which groups of options a verb takes.
struct VerbSyntax {
    std::string verb{};
    std::string argument{};     ///< "EXPERIMENT.toml", "PLAN INDEX", "PLUGIN..." for any number, or "" for none
    std::string summary{};      ///< one line
    bool selects_runs = false;  ///< --set --only --seeds --device --runs
    bool runs = false;     ///< --jobs --per-gpu --per-process --timeout --retries --fail-fast --check-claims --force
                           ///< --profile --dry-run --quiet
    bool plugins = false;  ///< --plugins --allow-insecure-plugins
    bool data = false;     ///< --data
    bool json = false;     ///< --json
    bool queries = false;  ///< --where --sort --reverse --top --csv --markdown --noise --compare --metric
    bool reports = false;  ///< --output --watch
    bool exports = false;  ///< --csv --tensorboard
    bool removes = false;  ///< --yes --runs
    bool places_runs = false;  ///< --runs
    bool follows = false;      ///< --set --runs, of what was submitted
    bool submits = false;      ///< --slurm --partition ... --sbatch --wait --dry-run
    bool validates = false;    ///< --test --only-failed --list --seed --loss --timeout
};

/// Throws Error (usage) for what the verb does not take, with the nearest option.
Options parse_options(const VerbSyntax& syntax, const std::vector<std::string>& arguments);

/// The verb's help text.
std::string help_text(const VerbSyntax& syntax);

}  // namespace labhost
