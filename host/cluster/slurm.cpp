#include "cluster/slurm.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/slurm_task.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::size_t usual_array_size = 1001;  // Slurm's default of MaxArraySize

std::string single_spaced(const std::string& text) { return join(split(one_line(text), ' '), " "); }

/// What a command of Slurm's prints. Throws SlurmError with its words.
std::string ask(const std::vector<std::string>& command) {
    ProcessOptions options;
    options.environment.emplace("SLURM_BITSTR_LEN", "0");  // else long lists of array indices are cut short
    // The user's habits must not change what is asked. What else sbatch takes from SBATCH_*, a partition or an account,
    // are defaults that are meant. A task must not take the restarts of the job that it was submitted from for its own.
    options.without = {"SQUEUE_*",
                       "SCANCEL_*",
                       "SCONTROL_*",
                       "SLURM_CLUSTERS",
                       "SBATCH_CLUSTERS",
                       "SBATCH_WAIT",
                       "SBATCH_WAIT_ALL_NODES",
                       "SBATCH_TEST_ONLY",
                       "SBATCH_ERROR",
                       "SBATCH_INPUT",
                       "SLURM_RESTART_COUNT"};
    const ProcessResult result = run_process(command, options);
    if (result.exit_code != 0)
        throw SlurmError(fmt::format("{}: error: it ended with {}: {}", command.front(), result.exit_code,
                                     printable(single_spaced(result.err + result.out))));
    return result.out;
}

std::optional<std::size_t> number_in(std::string_view text) { return parse_count(text, 999'999'999); }

std::size_t largest_array() {
    for (const std::string& line : split(ask({"scontrol", "show", "config"}), '\n')) {
        const auto words = split(line, ' ');
        if (words.size() != 3 || words[0] != "MaxArraySize") continue;
        if (const auto size = number_in(words[2])) return std::max<std::size_t>(1, *size);
    }
    return usual_array_size;
}

/// The indices of squeue's "%K" for a task, or for those still pending together: "3", "[5-7,9%2]", "[0-20:2]".
std::vector<std::size_t> indices_of(std::string text) {
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    text = text.substr(0, text.find('%'));
    std::vector<std::size_t> indices;
    for (const std::string& part : split(text, ',')) {
        const std::size_t colon = part.find(':');
        const std::string range = part.substr(0, colon);
        const std::size_t dash = range.find('-');
        const auto first = number_in(range.substr(0, dash));
        const auto last = dash == std::string::npos ? first : number_in(range.substr(dash + 1));
        const auto step =
            colon == std::string::npos ? std::optional<std::size_t>(1) : number_in(part.substr(colon + 1));
        if (!first || !last || !step || *step == 0) continue;
        for (std::size_t i = *first; i <= *last; i += *step) indices.push_back(i);
    }
    return indices;
}

/// Whether Slurm took something though sbatch did not say so; where that cannot be told, it may have.
bool may_be_queued(Submission& submission) {
    try {
        return adopt_jobs(submission, queued_tasks());
    } catch (const Error&) {
        return true;
    }
}

/// By which an array is found again.
std::string job_name(const Submission& s, std::size_t first, std::size_t tasks) {
    return fmt::format("labhost-{}.{}-{}", s.id, first, first + tasks - 1);
}

/// Seconds of a time limit, as sbatch takes it: "30", "30:00", "2:00:00", "1-12", "1-12:30:00"; nothing for what it is
/// not, or no limit.
std::optional<std::int64_t> seconds_of(const std::string& limit) {
    const std::size_t dash = limit.find('-');
    const auto parts = split(dash == std::string::npos ? limit : limit.substr(dash + 1), ':');
    std::vector<std::int64_t> numbers;
    for (const std::string& part : parts) {
        const auto number = number_in(part);
        if (!number) return std::nullopt;
        numbers.push_back(static_cast<std::int64_t>(*number));
    }
    if (numbers.empty() || numbers.size() > 3) return std::nullopt;
    // Minutes, perhaps seconds.
    if (dash == std::string::npos && numbers.size() < 3) numbers.insert(numbers.begin(), 0);
    numbers.resize(3, 0);
    std::int64_t hours = numbers[0];
    if (dash != std::string::npos) {
        const auto days = number_in(limit.substr(0, dash));
        if (!days) return std::nullopt;
        hours += static_cast<std::int64_t>(*days) * 24;
    }
    return (hours * 60 + numbers[1]) * 60 + numbers[2];
}

/// The limit that was given, seconds; sbatch's own options come last, and count.
std::optional<std::int64_t> time_limit(const SlurmSettings& settings) {
    std::string limit = settings.time;
    for (const auto& [key, value] : settings.sbatch)
        if (key == "time") limit = value;
    const auto seconds = seconds_of(limit);
    return seconds == 0 ? std::nullopt : seconds;  // 0: none
}

constexpr std::int64_t short_limit = 180;

/// How long before the limit a task is told to make its checkpoints. Slurm may do so up to a minute earlier.
std::int64_t lead_of(const SlurmSettings& settings) {
    return time_limit(settings).value_or(short_limit + 1) <= short_limit ? 60 : 120;
}

/// sbatch replaces what follows a percent sign in a file's name.
std::string doubled_percents(const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '%' ? std::string("%%") : std::string(1, c);
    return escaped;
}

}  // namespace

std::string warning_of_time_limit(const SlurmSettings& settings) {
    const auto limit = time_limit(settings);
    if (!limit || *limit > short_limit) return "";
    return fmt::format(
        "labhost submit: warning: with a limit of {} s a task has hardly begun when it is told, one to two minutes "
        "ahead, to make its "
        "checkpoints and go back into the queue; ask for more than 3 minutes (launch.slurm.time, --time)\n",
        *limit);
}

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
# Killed, by lack of memory or a node's fault, or warned (138) before it could listen: once more, from the checkpoint. The mark tells
# run-one, which gives up if that comes to nothing again. What is asked to stop later requeues itself.
if {{ [ $code -eq 137 ] || [ $code -eq 138 ]; }} && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {1} ] && [ ! -e {0}/cancelled ]; then
  : > {0}/tasks/"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}".killed
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit $code
)",
                       folder, s.max_requeues);
}

std::vector<std::string> sbatch_command(const Submission& s, const SlurmSettings& settings, std::size_t first,
                                        std::size_t tasks) {
    std::string array = fmt::format("--array=0-{}", tasks - 1);
    if (settings.array_parallelism) array += fmt::format("%{}", *settings.array_parallelism);
    std::vector<std::string> command{"sbatch",
                                     "--parsable",
                                     array,
                                     "--requeue",
                                     "--open-mode=append",
                                     fmt::format("--signal=USR1@{}", lead_of(settings)),
                                     fmt::format("--job-name={}", job_name(s, first, tasks)),
                                     fmt::format("--output={}/log/%A_%a.txt", doubled_percents(s.folder.native()))};
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty()) command.push_back(fmt::format("--{}={}", option, value));
    };
    const auto number = [](const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : ""; };
    add("partition", settings.partition);
    add("account", settings.account);
    add("time", settings.time);
    add("mem", settings.mem);
    add("qos", settings.qos);
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
    for (std::size_t first = 0; first < s.tasks(); first += most) {
        const std::size_t tasks = std::min(most, s.tasks() - first);
        const auto words =
            split(single_spaced(ask(sbatch_command(s, settings, first, tasks))), ';');  // "number;cluster"
        if (words.empty() || !is_digits(words[0]))
            throw SlurmError(
                fmt::format("sbatch: error: it gave no job's number but '{}'", printable(join(words, ";"))));
        s.jobs.push_back({.job = words[0], .first = first, .tasks = tasks});
        write_jobs(s);
    }
}

void hand_over(Submission& s, const Plan& plan, const SlurmSettings& settings) {
    bool is_written = false;
    try {
        write_submission(s, plan);
        write_file_atomically(s.folder / "task.sh", task_script(s));
        is_written = true;
        submit_jobs(s, settings);
    } catch (...) {
        std::error_code ignored;
        if (s.jobs.empty() && !s.folder.empty() && !(is_written && may_be_queued(s)))
            std::filesystem::remove_all(s.folder, ignored);
        throw;
    }
}

Queue queue_from(const std::string& lines) {
    Queue queue;
    for (const std::string& line : split(lines, '\n')) {
        const auto fields = split(line, '|');
        if (fields.size() < 5) continue;
        for (const std::size_t index : indices_of(fields[1]))
            queue.tasks[{fields[0], index}] = {.state = fields[2],
                                               .reason = fields[3] == "None" ? std::string() : fields[3]};
        queue.names[fields[0]] = fields[4];
    }
    return queue;
}

// -r would give each pending task a line of its own; as it is, ten thousand of them are one.
Queue queued_tasks() { return queue_from(ask({"squeue", "--noheader", "--all", queue_format})); }

std::optional<QueuedTask> task_of(const Submission& s, std::size_t run, const Queue& queue) {
    const std::size_t task = run / s.pack;
    for (const SubmittedJob& job : s.jobs) {
        if (task < job.first || task >= job.first + job.tasks) continue;
        const auto found = queue.tasks.find({job.job, task - job.first});
        if (found != queue.tasks.end()) return found->second;
    }
    return std::nullopt;
}

bool adopt_jobs(Submission& s, const Queue& queue) {
    const std::string beginning = fmt::format("labhost-{}.", s.id);
    bool some = false;
    for (const auto& [job, name] : queue.names) {
        if (!name.starts_with(beginning) || s.holds_job(job)) continue;
        const std::string tasks = name.substr(beginning.size());
        const auto first = number_in(tasks.substr(0, tasks.find('-')));
        const auto last = number_in(tasks.substr(std::min(tasks.size(), tasks.find('-') + 1)));
        if (!first || !last || *first > *last || *last >= s.tasks()) continue;
        s.jobs.push_back({.job = job, .first = *first, .tasks = *last - *first + 1});
        some = true;
    }
    return some;
}

std::pair<bool, std::string> requeue_own_task() {
    const auto task = own_slurm_task();
    if (!task || task->job.find('_') == std::string::npos) return {false, "this is no task of a job array"};
    try {
        ask({"scontrol", "requeue", task->job});
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
