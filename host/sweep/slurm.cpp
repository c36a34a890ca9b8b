#include "sweep/slurm.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::size_t usual_array_size = 1001;  // Slurm's default of MaxArraySize

std::string trimmed(const std::string& text) { return join(split(one_line(text), ' '), " "); }

/// What a command of Slurm's prints. Throws Error (run_failed) with its words.
std::string ask(const std::vector<std::string>& command) {
    // Without it, long lists of array indices are cut short.
    const ProcessResult result = run_process(command, {.environment = {{"SLURM_BITSTR_LEN", "0"}}});
    if (result.exit_code != 0)
        throw Error(ExitCode::run_failed, fmt::format("{}: error: it ended with {}: {}", command.front(), result.exit_code,
                                                      printable(trimmed(result.err + result.out))));
    return result.out;
}

std::size_t largest_array() {
    for (const std::string& line : split(ask({"scontrol", "show", "config"}), '\n')) {
        const auto words = split(line, ' ');
        if (words.size() == 3 && words[0] == "MaxArraySize" && words[2].find_first_not_of("0123456789") == std::string::npos)
            return std::max<std::size_t>(1, std::stoul(words[2]));
    }
    return usual_array_size;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// The indices of squeue's "%K" for a task, or for those still pending together: "3", "[5-7,9%2]".
std::vector<std::size_t> indices_of(std::string text) {
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    text = text.substr(0, text.find('%'));
    std::vector<std::size_t> indices;
    for (const std::string& part : split(text, ',')) {
        const auto ends = split(part, '-');
        const bool numbers = !ends.empty() && ends.size() <= 2 && std::ranges::all_of(ends, [](const std::string& end) {
            return end.size() < 10 && end.find_first_not_of("0123456789") == std::string::npos;
        });
        if (!numbers) continue;
        for (std::size_t i = std::stoul(ends.front()); i <= std::stoul(ends.back()); ++i) indices.push_back(i);
    }
    return indices;
}

/// sbatch replaces what follows a percent sign in a file's name.
std::string doubled_percents(const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '%' ? std::string("%%") : std::string(1, c);
    return escaped;
}

}  // namespace

std::string task_script(const Submission& s) {
    const std::string folder = shell_quoted(s.folder.native());
    return fmt::format(R"(#!/bin/sh
# One task of the array that `labhost submit` made: it trains its runs of plan.json. The argument: the first task of the array.
# Slurm's signals reach labhost through srun; the shell only outlives them.
trap : TERM INT USR1
[ -e {0}/cancelled ] && exit 0
LD_LIBRARY_PATH={0}/lib"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export LD_LIBRARY_PATH
srun --export=ALL --ntasks=1 --cpus-per-task="${{SLURM_CPUS_PER_TASK:-1}}" {0}/bin/labhost run-one {0} $(($1 + SLURM_ARRAY_TASK_ID)) &
while :; do
  wait $!
  code=$?
  kill -0 $! 2> /dev/null || break  # the trap ended the wait, not labhost
done
# Killed, by lack of memory or a node's fault, or warned (138) before it could listen: once more, from the checkpoint. What is asked to
# stop later requeues itself.
if {{ [ $code -eq 137 ] || [ $code -eq 138 ]; }} && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {1} ] && [ ! -e {0}/cancelled ]; then
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit $code
)",
                       folder, s.max_requeues);
}

std::vector<std::string> sbatch_command(const Submission& s, const SlurmSettings& settings, std::size_t first, std::size_t tasks) {
    std::string array = fmt::format("--array=0-{}", tasks - 1);
    if (settings.array_parallelism) array += fmt::format("%{}", *settings.array_parallelism);
    std::vector<std::string> command{"sbatch", "--parsable", array, "--requeue", "--open-mode=append", "--signal=USR1@120",
                                     fmt::format("--job-name=labhost-{}", s.experiment),
                                     fmt::format("--output={}/log/%A_%a.txt", doubled_percents(s.folder.native()))};
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty()) command.push_back(fmt::format("--{}={}", option, value));
    };
    const auto number = [](const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : ""; };
    add("partition", settings.partition);
    add("account", settings.account);
    add("time", settings.time);
    add("mem", settings.mem);
    add("gpus-per-task", number(settings.gpus_per_task));
    add("cpus-per-task", number(settings.cpus_per_task));
    if (settings.gpus_per_task) command.emplace_back("--ntasks=1");  // which sbatch wants beside it
    for (const auto& [key, value] : settings.sbatch)
        command.push_back(value.empty() ? fmt::format("--{}", key) : fmt::format("--{}={}", key, value));
    command.push_back((s.folder / "task.sh").native());
    command.push_back(std::to_string(first));
    return command;
}

void submit_jobs(Submission& s, const SlurmSettings& settings) {
    const std::size_t most = largest_array();
    write_file_atomically(s.folder / "task.sh", task_script(s));
    for (std::size_t first = 0; first < s.tasks(); first += most) {
        const std::size_t tasks = std::min(most, s.tasks() - first);
        const auto words = split(trimmed(ask(sbatch_command(s, settings, first, tasks))), ';');  // "number;cluster"
        if (words.empty() || words[0].find_first_not_of("0123456789") != std::string::npos)
            throw Error(ExitCode::run_failed, fmt::format("sbatch: error: it gave no job's number but '{}'", join(words, ";")));
        s.jobs.push_back({.job = words[0], .first = first, .tasks = tasks});
        write_jobs(s);
    }
}

QueuedTasks queued_tasks() {
    QueuedTasks queue;
    // -r would give each pending task a line of its own; as it is, ten thousand of them are one.
    for (const std::string& line : split(ask({"squeue", "--noheader", "--all", "--format=%F|%K|%T"}), '\n')) {
        const auto fields = split(line, '|');
        if (fields.size() != 3) continue;
        for (const std::size_t index : indices_of(fields[1])) queue[{fields[0], index}] = fields[2];
    }
    return queue;
}

std::optional<std::string> state_of(const Submission& s, std::size_t run, const QueuedTasks& queue) {
    const std::size_t task = run / s.pack;
    for (const SubmittedJob& job : s.jobs) {
        if (task < job.first || task >= job.first + job.tasks) continue;
        const auto found = queue.find({job.job, task - job.first});
        if (found != queue.end()) return found->second;
    }
    return std::nullopt;
}

std::pair<bool, std::string> requeue_own_task() {
    const std::string array = variable("SLURM_ARRAY_JOB_ID");
    const std::string task = variable("SLURM_ARRAY_TASK_ID");
    if (array.empty() || task.empty()) return {false, "this is no task of a job array"};
    try {
        ask({"scontrol", "requeue", fmt::format("{}_{}", array, task)});
        return {true, ""};
    } catch (const Error& e) {
        return {false, e.what()};
    }
}

void cancel_jobs(const std::vector<std::string>& jobs) {
    std::vector<std::string> command{"scancel"};
    command.insert(command.end(), jobs.begin(), jobs.end());
    ask(command);
}

}  // namespace labhost
