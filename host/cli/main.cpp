// labhost: finds the verb, hands it its arguments, turns errors into messages and exit codes.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/verb.hpp"
#include "plugin/stamp.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

// The verbs, in the order of the overview: of each, NAME_verb() in its file.
#define LABHOST_VERBS(VERB) \
    VERB(run)               \
    VERB(plan)              \
    VERB(results)           \
    VERB(report)            \
    VERB(export)            \
    VERB(plugins)           \
    VERB(inspect)           \
    VERB(validate)          \
    VERB(new)               \
    VERB(keys)              \
    VERB(fetch)             \
    VERB(data)              \
    VERB(gc)                \
    VERB(submit)            \
    VERB(status)            \
    VERB(collect)           \
    VERB(cancel)            \
    VERB(doctor)            \
    VERB(run_one)

namespace labhost {
#define LABHOST_DECLARE(name) Verb name##_verb();
LABHOST_VERBS(LABHOST_DECLARE)
}  // namespace labhost

namespace {

using namespace labhost;

std::vector<Verb> all_verbs() {
#define LABHOST_CALL(name) name##_verb(),
    return {LABHOST_VERBS(LABHOST_CALL)};
}

std::string overview(const std::vector<Verb>& verbs) {
    std::string text =
        "labhost: trains network variants that live in shared libraries, and says how they compare\n\n"
        "  labhost EXPERIMENT.toml [options]     the same as: labhost run EXPERIMENT.toml\n";
    for (const Verb& verb : verbs) {
        CommandLine line(verb.name, verb.summary);
        verb.prepare(line);
        text += fmt::format("  {:<36}  {}\n", line.synopsis(), verb.summary);
    }
    text += "  labhost VERB --help                   the options of a verb\n  labhost --version\n";
    return text;
}

std::string as_typed(const std::vector<std::string>& arguments) {
    std::string command = "labhost";
    for (const std::string& argument : arguments) command.append(" ").append(shell_quoted(argument));
    return command;
}

ExitCode dispatch(std::vector<std::string> arguments) {
    const std::vector<Verb> verbs = all_verbs();
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
        if (arguments.empty()) {
            diagnose(overview(verbs));
            return ExitCode::usage;
        }
        fmt::print("{}", overview(verbs));
        return ExitCode::ok;
    }
    if (arguments[0] == "--version") {
        fmt::print("labhost {} ({})\n", host_stamp().field("sdk"), host_stamp().summary());
        return ExitCode::ok;
    }
    const std::string command = as_typed(arguments);
    std::string name = arguments[0];
    if (name.ends_with(".toml") || name.starts_with("-")) {
        name = "run";
    } else {
        arguments.erase(arguments.begin());
    }
    std::vector<std::string> names;
    for (const Verb& verb : verbs) {
        names.push_back(verb.name);
        if (verb.name != name) continue;
        CommandLine line(verb.name, verb.summary, command);
        const auto run = verb.prepare(line);
        if (line.read(arguments)) return run();
        fmt::print("{}", line.help());
        return ExitCode::ok;
    }
    throw Error(ExitCode::usage, fmt::format("labhost: error: unknown verb '{}'{} (there are {}; an experiment's file "
                                             "ends in .toml)",
                                             name, did_you_mean(name, names), join(names)));
}

}  // namespace

int main(int argc, char** argv) {
    prepare_standard_streams();
    ExitCode code = ExitCode::run_failed;
    try {
        code = dispatch({argv + 1, argv + argc});
    } catch (const Error& e) {
        diagnose(std::string(e.what()) + "\n");
        code = e.code();
    } catch (const std::exception& e) {
        diagnose(std::string("labhost: error: ") + e.what() + "\n");
    }
    if (!flush_results() && code == ExitCode::ok) {
        diagnose("labhost: error: standard output could not be written; the results above are incomplete\n");
        code = ExitCode::run_failed;
    }
#if !defined(__SANITIZE_ADDRESS__)  // which looks for leaks at a normal exit
    std::fflush(nullptr);
    std::_Exit(static_cast<int>(code));  // LibTorch's static destructors would take 0.3 s
#else
    return static_cast<int>(code);
#endif
}
