#include "config/experiment.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/axes.hpp"
#include "config/settings.hpp"
#include "config/strict_table.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

toml::table parse(std::string_view text, const std::string& name) {
    try {
        return toml::parse(text, std::string(name));
    } catch (const toml::parse_error& e) {
        fail_at(location_of(e.source(), {name}), std::string(e.description()));
    }
}

/// Moves `from` over `into`, table by table; moving keeps the places the nodes were written at.
void overlay(toml::table& into, toml::table&& from) {
    for (auto&& [key, node] : from) {
        toml::node* existing = into.get(key.str());
        if (node.is_table() && existing != nullptr && existing->is_table()) {
            overlay(*existing->as_table(), std::move(*node.as_table()));
        } else {
            into.erase(key.str());  // else the old key would stay, with its old place
            node.visit([&, &name = key](auto& value) { into.insert(name, std::move(value)); });
        }
    }
}

void apply_set(toml::table& file, const std::string& assignment) {
    const std::string name = "--set " + assignment;
    toml::table set;
    try {
        set = toml::parse(assignment, std::string(name));
    } catch (const toml::parse_error& e) {
        fail_at({name},
                fmt::format(
                    "{}; --set takes KEY=VALUE, VALUE in TOML syntax, so a string has quotes: --set trainer.epochs=1 "
                    "or --set 'trainer.device=\"cpu\"'",
                    e.description()));
    }
    if (set.size() != 1 || assignment.find('\n') != std::string::npos)
        fail_at({name}, "--set takes one KEY=VALUE, for instance --set trainer.epochs=1");
    for (const char* head : {"run", "claim"})
        if (set.contains(head))
            fail_at({name}, fmt::format("--set cannot reach into [[{}]]; edit the file, or use --only", head));
    overlay(file, std::move(set));
}

std::vector<std::uint64_t> read_seeds(StrictTable& table) {
    const toml::node* node = table.node("seeds");
    if (node == nullptr) return {1};
    if (!node->is_array() || node->as_array()->empty())
        table.fail("seeds", "must be an array of integers, for instance [1, 2, 3]");
    std::vector<std::uint64_t> seeds;
    for (const toml::node& element : *node->as_array()) {
        if (!element.is_integer() || element.as_integer()->get() < 0)
            fail_at(location_of(element.source(), table.where("seeds")), "a seed must be an integer from 0 up");
        seeds.push_back(static_cast<std::uint64_t>(element.as_integer()->get()));
    }
    return seeds;
}

/// A run's folder is called by its id and nine characters more; file systems allow 255.
constexpr std::size_t longest_id = 240;

/// A name that becomes part of ids and folders.
std::optional<std::string> read_name(StrictTable& table, std::string_view key) {
    auto name = table.string(key);
    if (name && !is_file_name(*name))
        table.fail(key, fmt::format("= '{}' must be made of letters, digits, '_', '-' and '.', at most 100", *name));
    return name;
}

/// 64 hexadecimal digits, in lower case; "" if there are none.
std::string read_sha256(StrictTable& table, std::string_view key) {
    std::string text = table.string(key).value_or("");
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (table.node(key) != nullptr &&
        (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos))
        table.fail(key, "must be a SHA-256: 64 hexadecimal digits, as labhost inspect prints it");
    return text;
}

void apply_axis_value(const AxisValue& value, const fs::path& folder, RunSettings& run) {
    const std::string head = split(value.key, '.').front();
    const toml::table table = nested_table(value);
    StrictTable strict(table, head, value.where);
    if (head == "params") {
        read_params(strict, run.params);
    } else if (head == "trainer") {
        read_trainer(strict, folder, run.trainer);
    } else {
        read_data(strict, folder, run.data);
    }
}

/// Published numbers, and the grid points they belong to (all, without a `when`).
using WrittenReference = std::pair<std::optional<StrictTable>, Reference>;

std::vector<WrittenReference> read_references(StrictTable& run) {
    std::vector<WrittenReference> references;
    for (StrictTable table : run.tables("reference")) {
        auto when = table.table("when");
        Reference reference;
        read_reference(table, reference);
        references.emplace_back(std::move(when), std::move(reference));
    }
    return references;
}

/// Every run of one [[run]] table: its grid's points, each with all seeds. `common` holds [trainer] and [data].
std::vector<RunSettings> expand(StrictTable table, const RunSettings& common, const fs::path& folder,
                                const std::vector<std::uint64_t>& seeds) {
    RunSettings base = common;
    const auto model = read_name(table, "model");
    if (!model) fail_at(table.where(), "this [[run]] needs a model, for instance model = \"net\"");
    base.model = *model;
    base.model_where = table.where("model");
    base.plugin_sha256 = read_sha256(table, "plugin_sha256");
    base.id = read_name(table, "name").value_or(*model);
    if (auto params = table.table("params")) read_params(*params, base.params);
    if (auto trainer = table.table("trainer")) read_trainer(*trainer, folder, base.trainer);
    if (auto data = table.table("data")) read_data(*data, folder, base.data);
    const auto grid = table.table("grid");
    const auto references = read_references(table);
    table.finish();

    std::vector<RunSettings> runs;
    const auto points = grid ? grid_points(*grid) : std::vector<GridPoint>{{}};
    for (const auto& [when, reference] : references)
        if (when && std::ranges::none_of(points, [&](const GridPoint& point) { return matches(*when, point); }))
            fail_at(when->where(), "this reference belongs to no point of the run's grid");
    for (const GridPoint& point : points) {
        RunSettings run = base;
        for (const AxisValue& value : point) {
            run.id += "-" + value.label;
            apply_axis_value(value, folder, run);
        }
        for (const auto& [when, reference] : references)
            if (!when || matches(*when, point)) run.reference = reference;
        for (const std::uint64_t seed : seeds) {
            runs.push_back(run);
            runs.back().seed = seed;
            runs.back().id += fmt::format("-s{}", seed);
            if (runs.back().id.size() > longest_id)
                fail_at(base.model_where,
                        fmt::format("the run id '{}' is longer than {} characters; give the run a shorter "
                                    "name, or vary fewer keys",
                                    runs.back().id, longest_id));
        }
    }
    return runs;
}

void check_ids_differ(const std::vector<RunSettings>& runs) {
    std::map<std::string, const RunSettings*> seen;
    for (const RunSettings& run : runs) {
        const auto [other, added] = seen.emplace(run.id, &run);
        if (!added)
            fail_at(run.model_where, fmt::format("two runs have the id '{}' (the other is at {}); give one of them a "
                                                 "name, or vary the key they differ in with grid",
                                                 run.id, other->second->model_where.text()));
    }
}

void keep_only(const std::vector<std::string>& globs, std::vector<RunSettings>& runs) {
    std::vector<std::string> ids;
    for (const RunSettings& run : runs) ids.push_back(run.id);
    for (const std::string& glob : globs)
        if (std::ranges::none_of(ids, [&](const std::string& id) { return glob_matches(glob, id); }))
            throw Error(ExitCode::usage, fmt::format("--only '{}': error: it matches no run{}; the runs are {}", glob,
                                                     did_you_mean(glob, ids), join(ids)));
    std::erase_if(runs, [&](const RunSettings& run) {
        return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_matches(glob, run.id); });
    });
}

}  // namespace

std::string to_text(const ParamValue& value) {
    return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

Experiment read_experiment(const fs::path& file, const Overrides& overrides) {
    toml::table tree = parse(read_file(file), file.native());
    for (const std::string& assignment : overrides.set) apply_set(tree, assignment);
    const fs::path folder = fs::absolute(file).parent_path();
    StrictTable root(tree, "", {file.native(), 1, 1});

    Experiment experiment{.name = file.stem().native()};
    std::vector<std::uint64_t> seeds{1};
    if (auto table = root.table("experiment")) {
        experiment.name = read_name(*table, "name").value_or(experiment.name);
        experiment.title = table->string("title").value_or("");
        seeds = read_seeds(*table);
        table->finish();
    }
    if (!is_file_name(experiment.name))
        fail_at(root.where(),
                "give the experiment a name made of at most 100 letters, digits, '_', '-' and '.': [experiment] name");
    if (!overrides.seeds.empty()) seeds = overrides.seeds;

    RunSettings common;
    if (auto table = root.table("trainer")) read_trainer(*table, folder, common.trainer);
    if (auto table = root.table("data")) read_data(*table, folder, common.data);
    for (const StrictTable& table : root.tables("run"))
        std::ranges::move(expand(table, common, folder, seeds), std::back_inserter(experiment.runs));
    root.finish();

    if (experiment.runs.empty()) fail_at(root.where(), "the experiment has no runs; add [[run]] with model = \"...\"");
    for (RunSettings& run : experiment.runs) {
        if (run.data.dataset.empty())
            fail_at(run.model_where, "no data set is named; add [data] with dataset = \"mnist\"");
        if (overrides.device) run.trainer.device = *overrides.device;
    }
    check_ids_differ(experiment.runs);
    if (!overrides.only.empty()) keep_only(overrides.only, experiment.runs);
    return experiment;
}

}  // namespace labhost
