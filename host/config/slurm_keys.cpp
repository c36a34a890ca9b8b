// The keys of [launch.slurm]: a new one is a line here and a member of its struct.
#include "config/keys.hpp"

#include <fmt/format.h>

#include "config/key_types.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most_tasks = 1'000'000;

KeyType<SlurmSettings> line(std::string SlurmSettings::*member) {
    return key_type({.type = "string", .if_absent = "the cluster's"}, member,
                    [](StrictTable& table, const std::string& key) {
                        auto text = table.string(key);
                        if (text && !is_one_line(*text)) table.fail(key, "must be one line");
                        return text;
                    });
}

KeyType<SlurmSettings> sbatch() {
    return {
        .description = {.type = "table", .if_absent = "none"},
        .read =
            [](StrictTable& table, const std::string& key, const fs::path&, SlurmSettings& settings) {
                auto more = table.table(key);
                if (!more) return;
                for (const auto& [name, node] : more->raw()) {
                    const auto value = more->string(name.str());
                    try {
                        settings.sbatch.push_back(parse_sbatch(fmt::format("{}={}", name.str(), value.value_or(""))));
                    } catch (const Error& e) {
                        more->fail(name.str(), e.what());
                    }
                }
                more->finish();
            },
        .value =
            [](const SlurmSettings& settings, Use) {
                Json json;
                for (const auto& [name, value] : settings.sbatch) json[name] = value;
                return json;
            }};
}

}  // namespace

const Keys<SlurmSettings>& slurm_keys() {
    using enum Effect;
    using S = SlurmSettings;
    static const Keys<S> keys{
        {"partition", line(&S::partition), "as sbatch takes it, as are the next three", cost},
        {"account", line(&S::account), "who pays", cost},
        {"time", line(&S::time), "of a task: `\"30\"`, `\"2:00:00\"`", cost},
        {"mem", line(&S::mem), "of a task: `\"4G\"`", cost},
        {"qos", line(&S::qos), "quality of service, as sbatch takes it", cost},
        {"gpus_per_task", integer(&S::gpus_per_task, 1, most_tasks, "none"), "GPUs of a task", cost},
        {"cpus_per_task", integer(&S::cpus_per_task, 1, most_tasks, "the cluster's"), "cores of a task", cost},
        {"array_parallelism", integer(&S::array_parallelism, 1, most_tasks, "no limit"), "tasks at once", cost},
        {"pack", integer(&S::pack, 1, most_tasks), "runs a task", cost},
        {"max_requeues", integer(&S::max_requeues, 0, most_tasks), "of a task that is interrupted", cost},
        {"sbatch", sbatch(), "any other option: `{ KEY = \"VALUE\" }`", cost},
    };
    return keys;
}

}  // namespace labhost
