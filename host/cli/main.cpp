// labhost: finds the verb, hands it its arguments, turns errors into messages and exit codes.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/verbs.hpp"
#include "plugin/stamp.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace {

using namespace labhost;

std::string overview(const std::vector<Verb>& verbs) {
    std::string text =
        "labhost: trains network variants that live in shared libraries, and says how they compare\n\n"
        "  labhost EXPERIMENT.toml [options]     the same as: labhost run EXPERIMENT.toml\n";
    for (const Verb& verb : verbs)
        text += fmt::format("  {:<36}  {}\n", fmt::format("labhost {} {}", verb.syntax.verb, verb.syntax.argument),
                            verb.syntax.summary);
    text += "  labhost VERB --help                   the options of a verb\n  labhost --version\n";
    return text;
}

std::string as_typed(const std::vector<std::string>& arguments) {
    std::string command = "labhost";
    for (const std::string& argument : arguments) command.append(" ").append(shell_quoted(argument));
    return command;
}

ExitCode dispatch(std::vector<std::string> arguments) {
    const std::vector<Verb> verbs{run_verb(),     plan_verb(),    results_verb(),  report_verb(),  export_verb(),
                                  plugins_verb(), inspect_verb(), validate_verb(), new_verb(),     fetch_verb(),
                                  gc_verb(),      submit_verb(),  status_verb(),   collect_verb(), cancel_verb(),
                                  doctor_verb(),  run_one_verb()};
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
        names.push_back(verb.syntax.verb);
        if (verb.syntax.verb != name) continue;
        Options options = parse_options(verb.syntax, arguments);
        options.command = command;
        if (!options.help) return verb.run(options);
        fmt::print("{}", help_text(verb.syntax));
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
