#include "cli/options.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "config/settings.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace po = boost::program_options;

namespace {

po::options_description describe(const VerbSyntax& syntax) {
    using Texts = std::vector<std::string>;
    po::options_description options("Options", 100);
    auto add = options.add_options();
    if (syntax.selects_runs) {
        add("set", po::value<Texts>()->value_name("KEY=VALUE")->composing(),
            "override one key, dotted, VALUE in TOML syntax: --set trainer.epochs=1 (repeatable)");
        add("only", po::value<Texts>()->value_name("GLOB")->composing(), "only runs whose id matches (repeatable)");
        add("seeds", po::value<std::string>()->value_name("1,2,3"), "replaces experiment.seeds");
        add("device", po::value<std::string>()->value_name("NAME"),
            "auto, cpu, cuda or cuda:N; replaces trainer.device");
        add("runs", po::value<std::string>()->value_name("DIR"), "where run folders are kept (default: runs)");
    }
    if (syntax.plugins) {
        add("plugins", po::value<Texts>()->value_name("DIR")->composing(), "search this folder first (repeatable)");
        add("allow-insecure-plugins", "load plugins although anyone may write to their file or folder");
    }
    if (syntax.data)
        add("data", po::value<std::string>()->value_name("DIR"),
            "where data sets are kept (default: $LABHOST_DATA, then the cache)");
    if (syntax.runs) {
        add("jobs", po::value<std::string>()->value_name("N|auto"),
            "runs at once; auto (the default): as many as there are cores for their threads, or --per-gpu for each "
            "GPU");
        add("per-gpu", po::value<std::string>()->value_name("N|auto"),
            "runs at once on each GPU, at most; auto (the default): 12, memory permitting, or, in a process each, its "
            "share of the cores up to 4");
        add("per-process", po::value<std::string>()->value_name("N|auto"),
            "runs that share a process, in turns; auto (the default): on a CPU 1, on a GPU all that it has at once");
        add("timeout", po::value<std::string>()->value_name("TIME"),
            "give a run up after this time: 90s, 10m, 1h; replaces trainer.timeout");
        add("retries", po::value<std::string>()->value_name("N"), "try a run that fails this often again (default: 0)");
        add("fail-fast", "stop at the first run that fails; the others keep their checkpoints");
        add("check-claims", "exit code 3 unless every claim of the experiment is supported");
        add("force", "run finished runs again");
        add("profile", "where each run's time goes, by phase and operator: profile.txt and trace.json in its folder");
        add("dry-run", "only say what would run, as 'labhost plan' does");
        add("quiet", "no progress; errors and results only");
    }
    if (syntax.validates) {
        add("test", po::value<Texts>()->value_name("GLOB")->composing(), "only tests whose name matches (repeatable)");
        add("only-failed", "print only what failed, crashed or timed out");
        add("list", "list the tests and what each says");
        add("seed", po::value<std::string>()->value_name("N"), "of weights, inputs and random settings (default: 1)");
        add("loss", po::value<std::string>()->value_name("NAME"),
            "that the models are meant for: nll (default) or cross_entropy");
        add("timeout", po::value<std::string>()->value_name("TIME"), "of each test: 90s, 2m, 1h (default: 60s)");
    }
    if (syntax.queries) {
        add("where", po::value<Texts>()->value_name("COND")->composing(),
            "only runs for which this holds, as in 'params.p<=0.5' (= != < <= > >=, ~ for a glob; repeatable)");
        add("sort", po::value<std::string>()->value_name("KEY"),
            "id, model, seed, status, seconds, experiment, params.X, trainer.X, data.X, or a metric: test.accuracy");
        add("reverse", "the other way round");
        add("top", po::value<std::string>()->value_name("N"), "only the first N");
        add("csv", "a row for each run, for other programs");
        add("markdown", "the table in Markdown");
        add("noise", "how a metric spreads over seeds, and what difference so many seeds can resolve");
        add("compare", "two of RUNS, or two configurations (net3 net4), side by side: differences over seeds");
        add("metric", po::value<Texts>()->value_name("METRIC")->composing(),
            "for --noise and --compare: test.accuracy, test.loss@best, train.loss@3, seconds, ... (repeatable)");
    }
    if (syntax.reports) {
        add("output", po::value<std::string>()->value_name("FILE"), "the page (default: report.html)");
        add("watch", "write it again whenever the runs have got on; of an EXPERIMENT.toml until all are over");
    }
    if (syntax.exports) {
        add("csv", "tidy CSV on standard output: a row for each run and epoch");
        add("tensorboard", po::value<std::string>()->value_name("DIR"),
            "event files for TensorBoard, a folder for each run");
    }
    if (syntax.submits) {
        const auto text = [&](const char* name, const char* value, const char* what) {
            add(name, po::value<std::string>()->value_name(value), what);
        };
        add("slurm", "as an array of tasks of a Slurm cluster (the only kind there is)");
        text("partition", "NAME", "of the cluster; this and what follows replaces [launch.slurm]");
        text("account", "NAME", "that is charged");
        text("time", "TIME",
             "limit of a task, as sbatch takes it: 30 (minutes), 2:00:00; two minutes before, it makes a checkpoint");
        text("mem", "SIZE", "of a task: 4G");
        text("gpus-per-task", "N", "GPUs of a task; device = \"auto\" is then one of these");
        text("cpus-per-task", "N", "cores of a task");
        text("array-parallelism", "P", "tasks at once, of each array");
        text("pack", "K", "runs of a task, side by side on its cores (default: 1)");
        text("max-requeues", "N", "how often a task that is interrupted goes back into the queue (default: 100)");
        add("sbatch", po::value<Texts>()->value_name("KEY=VALUE")->composing(),
            "any other option of sbatch (repeatable)");
        add("wait", "stay until all is over, then print the results; Ctrl-C leaves the jobs alone");
        add("dry-run", "only print the script and sbatch's command");
    }
    if (syntax.follows)
        add("set", po::value<Texts>()->value_name("KEY=VALUE")->composing(),
            "as it was submitted with: experiment.name counts here");
    if (syntax.removes || syntax.follows || syntax.places_runs) {
        add("runs", po::value<std::string>()->value_name("DIR"), "where run folders are kept (default: runs)");
    }
    if (syntax.removes) add("yes", "remove without asking");
    if (syntax.json) add("json", "one JSON document on standard output, nothing else there");
    add("no-color", "no colours (NO_COLOR is honoured too)");
    add("help", "this text");
    return options;
}

std::vector<std::uint64_t> parse_seeds(const std::string& list, const std::string& option = "--seeds") {
    std::vector<std::uint64_t> seeds;
    const auto parts = split(list, ',');
    if (join(parts, ",") != list || parts.empty())
        throw Error(ExitCode::usage,
                    fmt::format("{} {}: error: give integers separated by commas, as in --seeds 1,2,3", option, list));
    for (const std::string& part : parts) {
        if (part.find_first_not_of("0123456789") != std::string::npos || part.size() > 18)
            throw Error(ExitCode::usage,
                        fmt::format("{} {}: error: '{}' is no seed; give integers from 0 up, as in --seeds 1,2,3",
                                    option, list, part));
        seeds.push_back(std::stoull(part));
    }
    return seeds;
}

[[noreturn]] void refuse(const VerbSyntax& syntax, const std::string& message) {
    throw Error(ExitCode::usage,
                fmt::format("labhost {}: error: {} (see labhost {} --help)", syntax.verb, message, syntax.verb));
}

/// The option's value in seconds.
std::optional<double> read_duration(const VerbSyntax& syntax, const po::variables_map& values, const char* name) {
    if (values.count(name) == 0) return std::nullopt;
    const auto& text = values[name].as<std::string>();
    const auto seconds = parse_duration(text);
    if (!seconds) refuse(syntax, fmt::format("--{} {}: give a time such as 90s, 2m or 1h", name, text));
    return seconds;
}

/// The option's value as an integer from 0 up.
std::optional<int> read_count(const VerbSyntax& syntax, const po::variables_map& values, const char* name) {
    if (values.count(name) == 0) return std::nullopt;
    const auto& text = values[name].as<std::string>();
    if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
        refuse(syntax, fmt::format("--{} {}: give an integer", name, text));
    return std::stoi(text);
}

void read_run_options(const VerbSyntax& syntax, const po::variables_map& values, Options& options) {
    options.force = values.count("force") != 0;
    options.profile = values.count("profile") != 0;
    options.dry_run = values.count("dry-run") != 0;
    options.quiet = values.count("quiet") != 0;
    options.check_claims = values.count("check-claims") != 0;
    options.fail_fast = values.count("fail-fast") != 0;
    options.overrides.timeout = read_duration(syntax, values, "timeout");
    options.retries = read_count(syntax, values, "retries").value_or(0);
    const auto read_at_once = [&](const char* name) -> std::optional<int> {
        if (values.count(name) == 0 || values[name].as<std::string>() == "auto") return std::nullopt;
        const auto number = read_count(syntax, values, name);
        if (number == 0) refuse(syntax, fmt::format("--{} 0: give a number of runs at once, or auto", name));
        return number;
    };
    options.jobs = read_at_once("jobs");
    options.per_gpu = read_at_once("per-gpu");
    options.per_process = read_at_once("per-process");
    if (options.jobs && options.per_gpu) refuse(syntax, "--jobs and --per-gpu: give one of them");
}

void read_submit_options(const VerbSyntax& syntax, const po::variables_map& values, Options& options) {
    const auto text = [&](const char* name) {
        const auto value = values.count(name) != 0 ? values[name].as<std::string>() : "";
        if (!is_one_line(value)) refuse(syntax, fmt::format("--{} must be one line", name));
        return value;
    };
    const auto number = [&](const char* name, int least) -> std::optional<std::int64_t> {
        const auto value = read_count(syntax, values, name);
        if (value && *value < least)
            refuse(syntax, fmt::format("--{} {}: give an integer from {} up", name, *value, least));
        return value ? std::optional<std::int64_t>(*value) : std::nullopt;
    };
    options.slurm = values.count("slurm") != 0;
    options.wait = values.count("wait") != 0;
    options.dry_run = values.count("dry-run") != 0;
    options.launch = {.partition = text("partition"),
                      .account = text("account"),
                      .time = text("time"),
                      .mem = text("mem"),
                      .gpus_per_task = number("gpus-per-task", 1),
                      .cpus_per_task = number("cpus-per-task", 1),
                      .array_parallelism = number("array-parallelism", 1)};
    options.pack = number("pack", 1);
    options.max_requeues = number("max-requeues", 0);
    if (values.count("sbatch") == 0) return;
    for (const std::string& option : values["sbatch"].as<std::vector<std::string>>()) {
        try {
            options.launch.sbatch.push_back(parse_sbatch(option));
        } catch (const Error& e) {
            refuse(syntax, fmt::format("--sbatch: {}", e.what()));
        }
    }
}

void read_validate_options(const VerbSyntax& syntax, const po::variables_map& values, Options& options) {
    options.only_failed = values.count("only-failed") != 0;
    options.list = values.count("list") != 0;
    if (values.count("test") != 0) options.tests = values["test"].as<std::vector<std::string>>();
    if (const auto seconds = read_duration(syntax, values, "timeout"))
        options.test_limit = std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(*seconds * 1000.0)));
    if (values.count("seed") != 0) {
        const auto seeds = parse_seeds(values["seed"].as<std::string>(), "--seed");
        if (seeds.size() != 1) refuse(syntax, "--seed takes one integer");
        options.seed = seeds.front();
    }
    if (values.count("loss") != 0) {
        const auto name = values["loss"].as<std::string>();
        const auto loss = from_text<Loss>(name);
        if (!loss) refuse(syntax, fmt::format("--loss {}: must be {}", name, join(all_texts<Loss>(), " or ")));
        options.loss = *loss;
    }
}

void read_results_options(const VerbSyntax& syntax, const po::variables_map& values, Options& options) {
    if (values.count("where") != 0) options.where = values["where"].as<std::vector<std::string>>();
    if (values.count("sort") != 0) options.sort = values["sort"].as<std::string>();
    if (values.count("sort") != 0 && options.sort.empty()) refuse(syntax, "--sort takes a key");
    options.reverse = values.count("reverse") != 0;
    options.csv = values.count("csv") != 0;
    options.markdown = values.count("markdown") != 0;
    options.noise = values.count("noise") != 0;
    options.compare = values.count("compare") != 0;
    if (values.count("metric") != 0)
        for (const std::string& text : values["metric"].as<std::vector<std::string>>()) {
            const auto metric = parse_metric(text);
            if (!metric)
                refuse(syntax, fmt::format("--metric {}: give one of {}, and behind it @3 for an epoch or @best{}",
                                           text, join(metric_names()), did_you_mean(text, metric_names())));
            options.metrics.push_back(*metric);
        }
    if (!options.metrics.empty() && !options.noise && !options.compare)
        refuse(syntax, "--metric goes with --noise or --compare");
    if (values.count("top") == 0) return;
    const auto top = values["top"].as<std::string>();
    if (top.empty() || top.find_first_not_of("0123456789") != std::string::npos || top.size() > 9 ||
        std::stoull(top) == 0)
        refuse(syntax, fmt::format("--top {}: give a number from 1 up", top));
    options.top = std::stoull(top);
}

po::variables_map parse(const VerbSyntax& syntax, const std::vector<std::string>& arguments) {
    po::options_description options = describe(syntax);
    std::vector<std::string> names;
    for (const auto& option : options.options()) names.push_back("--" + option->long_name());
    options.add_options()("argument", po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add("argument", -1);
    po::variables_map values;
    try {
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(arguments).options(options).positional(positional).style(style).run(),
                  values);
    } catch (const po::unknown_option& e) {
        const std::string& written = e.get_option_name();
        refuse(syntax, fmt::format("unknown option {}{}", written, did_you_mean(written, names)));
    } catch (const po::error& e) {
        refuse(syntax, e.what());
    }
    return values;
}

}  // namespace

Options parse_options(const VerbSyntax& syntax, const std::vector<std::string>& arguments) {
    const po::variables_map values = parse(syntax, arguments);
    const auto texts = [&](const char* name) {
        return values.count(name) != 0 ? values[name].as<std::vector<std::string>>() : std::vector<std::string>{};
    };
    const auto text = [&](const char* name) {
        return values.count(name) != 0 ? std::optional(values[name].as<std::string>()) : std::nullopt;
    };

    Options options;
    options.help = values.count("help") != 0;
    if (options.help) return options;
    const auto positional = texts("argument");
    const bool takes_many = syntax.argument.ends_with("...");
    const auto wanted = split(syntax.argument, ' ');
    if (!takes_many && positional.size() > wanted.size())
        refuse(syntax, fmt::format("'{}' is one argument too many", positional.back()));
    if (!takes_many && positional.size() < wanted.size())
        refuse(syntax, fmt::format("name the {}", wanted[positional.size()]));
    if (!positional.empty()) options.argument = positional.front();
    options.arguments = positional;
    if (syntax.validates) read_validate_options(syntax, values, options);
    if (syntax.queries) read_results_options(syntax, values, options);
    if (syntax.submits) read_submit_options(syntax, values, options);
    if (syntax.exports) options.csv = values.count("csv") != 0;
    if (const auto folder = text("tensorboard")) options.tensorboard = *folder;
    options.output = text("output").value_or("report.html");
    options.watch = values.count("watch") != 0;
    options.yes = values.count("yes") != 0;

    options.overrides = {.set = texts("set"), .device = text("device"), .only = texts("only")};
    if (const auto& device = options.overrides.device; device && !is_device(*device))
        throw Error(ExitCode::usage, fmt::format("--device {}: error: must be auto, cpu, cuda or cuda:N", *device));
    if (const auto seeds = text("seeds")) options.overrides.seeds = parse_seeds(*seeds);
    for (const std::string& folder : texts("plugins")) options.places.plugins.folders.emplace_back(folder);
    if (const auto folder = text("data")) options.places.data = *folder;
    if (const auto folder = text("runs")) options.places.runs = *folder;
    options.places.plugins.allow_insecure = values.count("allow-insecure-plugins") != 0;
    if (syntax.runs) read_run_options(syntax, values, options);
    options.json = values.count("json") != 0;
    const char* no_color = std::getenv("NO_COLOR");
    options.color = values.count("no-color") == 0 && (no_color == nullptr || *no_color == '\0');
    return options;
}

std::string help_text(const VerbSyntax& syntax) {
    std::ostringstream text;
    text << "labhost " << syntax.verb << (syntax.argument.empty() ? "" : " ") << syntax.argument << ": "
         << syntax.summary << "\n\n"
         << describe(syntax);
    return text.str();
}

}  // namespace labhost
