#include "report/configurations.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace labhost {

std::string id_without_seed(const RunRecord& run) {
    const std::string end = fmt::format("-s{}", run.seed);
    return run.id.ends_with(end) ? run.id.substr(0, run.id.size() - end.size()) : run.id;
}

std::vector<Configuration> configurations_of(std::span<const RunRecord> runs) {
    std::vector<Configuration> found;
    std::map<std::string, std::size_t> places;
    for (const RunRecord& run : runs) {
        Json same = run.fingerprint_of;
        same.erase("seed");
        const std::string key = Json{run.experiment, id_without_seed(run), same}.dump(
            -1, ' ', false, Json::error_handler_t::replace);
        const auto [place, is_new] = places.emplace(key, found.size());
        if (is_new) found.push_back({.experiment = run.experiment, .id = id_without_seed(run)});
        found[place->second].runs.emplace(run.seed, &run);
    }
    const auto several = [&](auto member) {
        return std::ranges::any_of(found, [&](const Configuration& c) { return c.*member != found.front().*member; });
    };
    const bool experiments = several(&Configuration::experiment);
    for (Configuration& c : found) {
        c.label = experiments ? fmt::format("{}/{}", c.experiment, c.id) : c.id;
        const auto alike = std::ranges::count_if(
            found, [&](const Configuration& o) { return o.experiment == c.experiment && o.id == c.id; });
        if (alike > 1) c.label += fmt::format(" [{}]", c.runs.begin()->second->fingerprint.substr(0, 8));
    }
    return found;
}

}  // namespace labhost
