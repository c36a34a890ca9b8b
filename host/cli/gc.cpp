// labhost gc: removes what finished runs no longer need and runs that no experiment asks for, after asking.
#include <cstdio>
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "report/table.hpp"
#include "support/console.hpp"
#include "support/text.hpp"
#include "sweep/garbage.hpp"

namespace labhost {

namespace {

bool is_agreed() {
    std::fflush(stdout);
    diagnose("remove these? [y/N] ");
    std::string answer;
    if (!std::getline(std::cin, answer)) diagnose("\n");
    return answer == "y" || answer == "Y" || answer == "yes";
}

void list(const std::vector<Garbage>& items) {
    std::vector<std::vector<std::string>> rows;
    std::uintmax_t total = 0;
    for (const Garbage& item : items) {
        const std::string path = item.path.native() + (item.path == item.run ? "/" : "");
        rows.push_back({printable(path), size_text(item.bytes), printable(one_line(item.why))});
        total += item.bytes;
    }
    fmt::print("{}\n{} to remove, {} in all\n", text_table({"what", "size", "why"}, rows, 3), items.size(),
               size_text(total));
}

struct GarbageOptions {
    std::vector<std::string> names{};
    Paths paths{};
    bool yes = false;

    void declare(CommandLine& line) {
        line.arguments("RUNS", names);
        declare_plugins(line, paths.plugins);
        declare_data(line, paths.data);
        declare_runs(line, paths.runs);
        line.flag("--yes", "remove without asking", yes);
    }
};

ExitCode collect_garbage(const GarbageOptions& options) {
    std::vector<std::filesystem::path> folders;
    std::vector<std::filesystem::path> experiments;
    for (const std::string& name : options.names) (name.ends_with(".toml") ? experiments : folders).push_back(name);
    if (options.names.empty())
        throw Error(ExitCode::usage, "labhost gc: error: name the RUNS: a runs folder, or an EXPERIMENT.toml, or both");
    const FoundGarbage found = find_garbage(folders, experiments, options.paths);
    for (const std::string& note : found.notes) diagnose(fmt::format("labhost: {}\n", note));
    if (found.items.empty()) {
        fmt::print("nothing to remove\n");
        return ExitCode::ok;
    }
    list(found.items);
    if (!options.yes && !is_agreed()) {
        fmt::print("nothing was removed\n");
        return ExitCode::ok;
    }
    std::size_t removed = 0;
    ExitCode code = ExitCode::ok;
    for (const Garbage& item : found.items) {
        try {
            if (remove_garbage(item)) {
                ++removed;
            } else {
                diagnose(fmt::format("labhost: {}: kept: it is being trained, or was begun again\n",
                                     printable(item.run.native())));
            }
        } catch (const StorageError& e) {
            diagnose(fmt::format("{}\n", e.what()));
            code = e.code();
        }
    }
    fmt::print("{} removed\n", removed);
    return code;
}

}  // namespace

Verb gc_verb() {
    return make_verb("gc", "removes checkpoints of finished runs, and runs no experiment asks for (asks first)",
                     collect_garbage);
}

}  // namespace labhost
