#include "analysis/settings.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "analysis/query.hpp"

namespace labhost {

std::vector<std::string> swept_keys(std::span<const RunRecord> runs, std::span<const std::string> keys) {
    std::vector<std::string> swept;
    for (const std::string& key : keys) {
        std::map<std::pair<std::string, std::string>, std::set<std::string>> values;
        for (const RunRecord& run : runs)
            if (const auto value = value_of(run, key)) values[{run.experiment, run.model}].insert(value->dump());
        if (std::ranges::any_of(values, [](const auto& of_model) { return of_model.second.size() > 1; }))
            swept.push_back(key);
    }
    return swept;
}

std::vector<std::pair<std::string, Json>> shared_settings(std::span<const RunRecord> runs,
                                                          std::span<const std::string> keys) {
    std::vector<std::pair<std::string, Json>> shared;
    if (runs.empty()) return shared;
    for (const std::string& key : keys) {
        if (key.starts_with("params.")) continue;
        const auto value = value_of(runs.front(), key);
        if (value && std::ranges::all_of(runs, [&](const RunRecord& run) { return value_of(run, key) == value; }))
            shared.emplace_back(key, *value);
    }
    return shared;
}

std::vector<std::string> keys_telling_apart(std::span<const RunRecord> runs) {
    std::map<std::pair<std::string, std::string>, std::vector<const RunRecord*>> same;
    for (const RunRecord& run : runs) same[{run.experiment, run.id}].push_back(&run);
    std::vector<std::string> keys;
    std::vector<std::string> candidates = setting_keys(runs);
    candidates.emplace_back("seed");
    const auto differ = [](const std::vector<const RunRecord*>& group, const std::string& key) {
        return std::ranges::any_of(
            group, [&](const RunRecord* run) { return value_of(*run, key) != value_of(*group.front(), key); });
    };
    for (const std::string& key : candidates)
        if (std::ranges::any_of(same, [&](const auto& group) { return differ(group.second, key); }))
            keys.push_back(key);
    const bool alike = std::ranges::any_of(same, [&](const auto& group) {
        return group.second.size() > 1 &&
               std::ranges::none_of(keys, [&](const std::string& key) { return differ(group.second, key); });
    });
    if (alike) keys.emplace_back("fingerprint");
    return keys;
}

}  // namespace labhost
