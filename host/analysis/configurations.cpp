#include "analysis/configurations.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "record/run_layout.hpp"

namespace labhost {

std::string id_without_seed(const RunRecord& run) {
    const std::string end = fmt::format("-s{}", run.seed);
    return run.id.ends_with(end) ? run.id.substr(0, run.id.size() - end.size()) : run.id;
}

std::vector<Configuration> configurations_of(std::span<const RunRecord> runs) {
    std::vector<Configuration> found;
    std::map<std::string, std::size_t> index;
    for (const RunRecord& run : runs) {
        Json same = run.fingerprint_of;
        same.erase("seed");
        const std::string key =
            Json{run.experiment, id_without_seed(run), same}.dump(-1, ' ', false, Json::error_handler_t::replace);
        // Copies of a run, from several folders, are each one of their own.
        for (int copy = 1;; ++copy) {
            const auto [at, is_new] = index.emplace(fmt::format("{} {}", copy, key), found.size());
            if (is_new) found.push_back({.experiment = run.experiment, .id = id_without_seed(run), .copy = copy});
            if (found[at->second].runs.emplace(run.seed, &run).second) break;
        }
    }
    const auto several = [&](auto member) {
        return std::ranges::any_of(found, [&](const Configuration& c) { return c.*member != found.front().*member; });
    };
    const bool experiments = several(&Configuration::experiment);
    for (Configuration& c : found) {
        c.label = experiments ? fmt::format("{}/{}", c.experiment, c.id) : c.id;
        const auto alike = std::ranges::count_if(
            found, [&](const Configuration& o) { return o.experiment == c.experiment && o.id == c.id; });
        const bool versions = std::ranges::any_of(found, [&](const Configuration& o) {
            return o.experiment == c.experiment && o.id == c.id && o.copy == 1 && &o != &c && c.copy == 1;
        });
        if (c.copy > 1) c.label += fmt::format(" (copy {})", c.copy);
        if (alike > 1 && versions)
            c.label += fmt::format(" [{}]", short_fingerprint(c.runs.begin()->second->fingerprint));
    }
    return found;
}

}  // namespace labhost
