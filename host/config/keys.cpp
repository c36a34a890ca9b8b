#include "config/keys.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/written_run.hpp"

namespace labhost {

namespace {

/// The names of those that change no number: "trainer.timeout".
void add_names(const std::vector<KeyDescription>& keys, const std::string& table, std::set<std::string>& names) {
    for (const KeyDescription& key : keys) {
        const std::string name = fmt::format("{}.{}", table, key.name);
        if (key.effect == Effect::outcome || key.effect == Effect::cost) names.insert(name);
        add_names(key.value.inner, name, names);
    }
}

}  // namespace

const std::vector<TableDescription>& all_tables() {
    static const std::vector<TableDescription> tables{
        {"experiment", described(experiment_keys())}, {"data", described(data_keys())},
        {"trainer", described(trainer_keys())},       {"run", described(run_keys())},
        {"sweep", described(sweep_keys())},           {"claim", described(claim_keys())},
        {"launch.slurm", described(slurm_keys())},
    };
    return tables;
}

bool changes_numbers(const std::string& key) {
    static const std::set<std::string> others = [] {
        std::set<std::string> names;
        add_names(described(trainer_keys()), "trainer", names);
        add_names(described(data_keys()), "data", names);
        return names;
    }();
    return !others.contains(key);
}

}  // namespace labhost
