// The keys of an experiment's file: a line each, from which are made the reader, a run's record, its fingerprint and
// the tables of docs/experiment-reference.md. The lines are in data_keys.cpp, trainer_keys.cpp, run_keys.cpp,
// claims.cpp and slurm_keys.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.hpp"
#include "config/strict_table.hpp"
#include "support/json.hpp"

namespace labhost {

/// What a key has to do with a run's numbers.
enum class Effect {
    numbers,  ///< it changes them: a part of the fingerprint, as it is recorded
    content,  ///< what it names, or comes to on this data and machine, changes them: fingerprint.cpp adds that instead
    outcome,  ///< it changes whether a run fails, not what it computes: a part of the fingerprint
    cost,     ///< what a run may use, or how it is kept: no part of the fingerprint
};

enum class Recorded {
    if_changed,  ///< where it is not the default: a new key leaves the fingerprints of earlier runs as they are
    always,
};

/// What a key's value is written for.
enum class Use { record, fingerprint };

struct KeyDescription;

/// What may be written for a key, as documents, completion and a schema want to know it.
struct ValueDescription {
    std::string type{};                  ///< "integer", "time"
    std::vector<std::string> choices{};  ///< all there are; empty: not one of a few
    std::optional<double> minimum{};
    std::optional<double> maximum{};
    bool above_minimum = false;  ///< the minimum itself is refused
    bool below_maximum = false;
    std::string if_absent{};              ///< what goes without a value: "none", "all"
    std::vector<KeyDescription> inner{};  ///< of a table
    const Family* family = nullptr;       ///< of a table that names one of these, and has its arguments
};

struct KeyDescription {
    std::string name{};
    ValueDescription value{};
    Json default_value{};  ///< null: none
    Effect effect = Effect::numbers;
    std::string doc{};
};

/// How a key's value is read into its member of `Settings`, and written.
template <class Settings>
struct KeyType {
    using Folder = std::filesystem::path;  ///< that relative paths are taken from

    ValueDescription description{};
    /// Leaves the member as it is where the key is not there. Throws Error (usage) with the value's place.
    std::function<void(StrictTable&, const std::string& key, const Folder&, Settings&)> read{};
    /// Null where there is no value.
    std::function<Json(const Settings&, Use)> value{};
};

template <class Settings>
struct Key {
    std::string name{};  ///< as it is written, recorded, and named after --set
    KeyType<Settings> type{};
    std::string doc{};  ///< in Markdown, for one cell of a table
    Effect effect = Effect::numbers;
    Recorded recorded = Recorded::if_changed;
};

/// In the order in which they are read, recorded and documented.
template <class Settings>
using Keys = std::vector<Key<Settings>>;

const Keys<TrainerSettings>& trainer_keys();
const Keys<DataSettings>& data_keys();
const Keys<Claim>& claim_keys();
const Keys<SlurmSettings>& slurm_keys();

struct TableDescription {
    std::string name{};  ///< without brackets
    std::vector<KeyDescription> keys{};
};

/// The tables that a file may have.
const std::vector<TableDescription>& all_tables();

/// Overlays what the table says on `settings`, and refuses the keys it does not know.
template <class Settings>
void read_keys(const Keys<Settings>& keys, StrictTable table, const std::filesystem::path& folder, Settings& settings) {
    for (const Key<Settings>& key : keys) key.type.read(table, key.name, folder, settings);
    table.finish();
}

/// All that have a value, as a run's record holds them, or those of them that belong to its fingerprint.
template <class Settings>
Json values_of(const Keys<Settings>& keys, const Settings& settings, Use use) {
    const Settings defaults{};
    Json json = Json::object();
    for (const Key<Settings>& key : keys) {
        if (use == Use::fingerprint && (key.effect == Effect::content || key.effect == Effect::cost)) continue;
        Json value = key.type.value(settings, use);
        const bool is_default = key.recorded == Recorded::if_changed && value == key.type.value(defaults, use);
        if (!value.is_null() && !is_default) json[key.name] = std::move(value);
    }
    return json;
}

template <class Settings>
std::vector<KeyDescription> described(const Keys<Settings>& keys) {
    const Settings defaults{};
    std::vector<KeyDescription> descriptions;
    for (const Key<Settings>& key : keys)
        descriptions.push_back(
            {key.name, key.type.description, key.type.value(defaults, Use::record), key.effect, key.doc});
    return descriptions;
}

/// Whether runs that differ in this key of [trainer] or [data] compute different numbers: "trainer.timeout" does not.
/// What no table knows, as the key of an earlier version's record, does.
bool changes_numbers(const std::string& key);

}  // namespace labhost
