// The keys of [experiment], [[run]] and [sweep]: a new one is a line here and a member of its struct.
#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "config/key_types.hpp"
#include "config/settings.hpp"
#include "config/written_run.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// What no record has as it is written.
template <class Settings>
Json unrecorded(const Settings&, Use) {
    return {};
}

/// A name that becomes part of ids and folders.
template <class Settings>
KeyType<Settings> file_name(std::string Settings::*member, std::string if_absent) {
    return key_type(
        {.type = "string", .if_absent = std::move(if_absent)}, member, [](StrictTable& table, const std::string& key) {
            auto name = table.string(key);
            if (name && !is_file_name(*name))
                table.fail(key,
                           fmt::format("= '{}' must be made of letters, digits, '_', '-' and '.', at most 100", *name));
            return name;
        });
}

std::vector<std::uint64_t> counted_seeds(StrictTable range) {
    const auto count = range.integer("count", 1, most_runs);
    range.finish();
    if (!count) fail_at(range.where(), "experiment.seeds needs a count, for instance { count = 10 }");
    std::vector<std::uint64_t> seeds(static_cast<std::size_t>(*count));
    std::iota(seeds.begin(), seeds.end(), 1U);
    return seeds;
}

std::vector<std::uint64_t> listed_seeds(const toml::array& array, const Location& place) {
    std::vector<std::uint64_t> seeds;
    std::unordered_set<std::uint64_t> seen;
    for (const toml::node& element : array) {
        const Location where = location_of(element.source(), place);
        if (!element.is_integer() || element.as_integer()->get() < 0)
            fail_at(where, "a seed must be an integer from 0 up");
        seeds.push_back(static_cast<std::uint64_t>(element.as_integer()->get()));
        if (!seen.insert(seeds.back()).second)
            fail_at(where, fmt::format("the seed {} is in experiment.seeds twice", seeds.back()));
    }
    return seeds;
}

/// A list, or { count = N } for 1..N.
KeyType<ExperimentSettings> seeds() {
    return {.description = {.type = "array of integers"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, ExperimentSettings& settings) {
                    const toml::node* node = table.node(key);
                    if (node == nullptr) return;
                    if (!node->is_table() && (!node->is_array() || node->as_array()->empty()))
                        table.fail(key, "must be an array of integers, for instance [1, 2, 3], or { count = 10 }");
                    settings.seeds = node->is_table() ? counted_seeds(*table.table(key))
                                                      : listed_seeds(*node->as_array(), table.where(key));
                },
            .value = [](const ExperimentSettings& settings, Use) { return Json(settings.seeds); }};
}

/// 64 hexadecimal digits, in lower case.
KeyType<RunSettings> sha256() {
    return key_type({.type = "string", .if_absent = "any"}, &RunSettings::plugin_sha256,
                    [](StrictTable& table, const std::string& key) {
                        auto text = table.string(key);
                        if (text) *text = to_lower(*text);
                        if (text && !is_sha256(*text))
                            table.fail(key, "must be a SHA-256: 64 hexadecimal digits, as labhost inspect prints it");
                        return text;
                    });
}

KeyType<RunSettings> params() {
    return {.description = {.type = "table", .if_absent = "the plugin's"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, RunSettings& settings) {
                    if (const auto written = table.table(key)) read_params(*written, settings.params);
                },
            .value = unrecorded<RunSettings>};
}

/// [trainer] or [data] anew.
template <class Part>
KeyType<RunSettings> part(Part RunSettings::*member, const Keys<Part>& keys, std::string if_absent) {
    return {
        .description = {.type = "table", .if_absent = std::move(if_absent)},
        .read =
            [member, &keys](StrictTable& table, const std::string& key, const fs::path& folder, RunSettings& settings) {
                if (auto written = table.table(key)) read_keys(keys, *std::move(written), folder, settings.*member);
            },
        .value = unrecorded<RunSettings>};
}

KeyType<WrittenRun> of_base(KeyType<RunSettings> type) {
    return {.description = std::move(type.description),
            .read = [read = std::move(type.read)](StrictTable& table, const std::string& key, const fs::path& folder,
                                                  WrittenRun& run) { read(table, key, folder, run.base); },
            .value = unrecorded<WrittenRun>};
}

template <class Settings>
KeyType<Settings> axes() {
    return {.description = {.type = "table of axes", .if_absent = "none"},
            .read = [](StrictTable& table, const std::string& key, const fs::path&,
                       Settings& settings) { read_axes(table, key, settings.groups); },
            .value = unrecorded<Settings>};
}

KeyType<WrittenRun> reference() {
    return {.description = {.type = "table, or an array of tables", .if_absent = "none"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, WrittenRun& run) {
                    for (StrictTable written : table.tables(key)) {
                        const auto when = written.table("when");
                        WrittenReference& reference =
                            run.references.emplace_back(when ? when->where() : written.where(), when);
                        read_reference(written, reference.reference);
                    }
                },
            .value = unrecorded<WrittenRun>};
}

}  // namespace

const Keys<ExperimentSettings>& experiment_keys() {
    using enum Effect;
    using E = ExperimentSettings;
    static const Keys<E> keys{
        {"name", file_name(&E::name, "the file's name"), "folder under `runs/`; letters, digits, `_`, `-`, `.`", cost},
        {"title", text(&E::title), "printed above the table", cost},
        {"seeds", seeds(), "every run is trained once per seed; `{ count = 10 }` stands for 1 to 10"},
    };
    return keys;
}

const Keys<WrittenRun>& run_keys() {
    using enum Effect;
    using R = RunSettings;
    using W = WrittenRun;
    static const Keys<W> keys{
        {"model", of_base(placed(file_name(&R::model, "required"), &R::model_where)), "the plugin's id", content},
        {"plugin_sha256", of_base(sha256()),
         "SHA-256 of the plugin's file; another file is refused. `labhost inspect` prints it", cost},
        {"name", of_base(file_name(&R::id, "the model's")), "replaces the model in the run's id", cost},
        {"params", of_base(params()),
         "the plugin's parameters; `labhost inspect` lists them with defaults, ranges and what they are", content},
        {"trainer", of_base(part(&R::trainer, trainer_keys(), "as in [trainer]")),
         "any keys of `[trainer]`, for this run", content},
        {"data", of_base(part(&R::data, data_keys(), "as in [data]")), "any keys of `[data]`, for this run", content},
        {"grid", axes<W>(),
         "an array of values for each axis: `{ \"params.p\" = [0.25, 0.5], \"trainer.optimizer.lr\" = [0.1, 0.01] }`. "
         "A "
         "key is `params.NAME`, `trainer.KEY` or `data.KEY`; every combination is a run, the axis written last varying "
         "fastest"},
        {"zip", axes<W>(),
         "axes that vary together: `{ \"params.p\" = [0.25, 0.5], \"trainer.optimizer.lr\" = [0.1, 0.01] }` is two "
         "points"},
        {"random", axes<W>(),
         "drawn points: `{ samples = 20, seed = 1, \"params.p\" = { uniform = [0.0, 1.0] }, \"trainer.optimizer.lr\" = "
         "{ log_uniform = [1e-4, 1e-1] }, \"params.width\" = { int = [16, 128] }, \"trainer.batch_size\" = { choice = "
         "[32, 64] } }`"},
        {"reference", reference(),
         "published numbers per epoch, shown beside ours: `train_loss`, `train_accuracy`, `test_loss`, `test_accuracy` "
         "(accuracies in percent). For the points of a grid, an array of tables with `when = { \"params.p\" = 0.25 }` "
         "(see q4.toml), of an axis of tables `when = { \"trainer.optimizer.name\" = \"sgd\" }`",
         cost},
    };
    return keys;
}

const Keys<SweepSettings>& sweep_keys() {
    static const Keys<SweepSettings> keys{
        {"grid", axes<SweepSettings>(), "as in `[[run]]`, for all runs"},
        {"zip", axes<SweepSettings>(), "the same"},
        {"random", axes<SweepSettings>(), "the same"},
    };
    return keys;
}

}  // namespace labhost
