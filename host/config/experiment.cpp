#include "config/experiment.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "config/axes.hpp"
#include "config/keys.hpp"
#include "config/run_checks.hpp"
#include "config/settings.hpp"
#include "config/strict_table.hpp"
#include "config/written_run.hpp"
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

/// Whether a table of what is chosen by name names another one, which takes the other's place with all its arguments.
bool names_another(std::string_view key, const toml::table& existing, const toml::table& table) {
    if (key != "optimizer" && key != "schedule") return false;
    const auto name = table["name"].value<std::string>();
    return name && *name != existing["name"].value_or(std::string(key == "optimizer" ? "sgd" : ""));
}

/// Moves `from` over `into`, table by table; moving keeps the places the nodes were written at.
void overlay(toml::table& into, toml::table&& from) {
    for (auto&& [key, node] : from) {
        toml::node* existing = into.get(key.str());
        if (node.is_table() && existing != nullptr && existing->is_table() &&
            !names_another(key.str(), *existing->as_table(), *node.as_table())) {
            if (key.str() == "validation" || key.str() == "test") {  // a part of the data is told by one of them
                if (node.as_table()->contains("count")) existing->as_table()->erase("fraction");
                if (node.as_table()->contains("fraction")) existing->as_table()->erase("count");
            }
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

void check_given_seeds(const std::vector<std::uint64_t>& seeds) {
    std::unordered_set<std::uint64_t> seen;
    for (const std::uint64_t seed : seeds)
        if (!seen.insert(seed).second) fail_at({"--seeds"}, fmt::format("the seed {} is given twice", seed));
}

/// A run's folder is called by its id and nine characters more; file systems allow 255.
constexpr std::size_t longest_id = 240;

void apply_axis_value(const Axis& axis, std::size_t index, const fs::path& folder, RunSettings& run) {
    const std::string_view head = std::string_view(axis.key).substr(0, axis.key.find('.'));
    const std::string_view rest = std::string_view(axis.key).substr(head.size() + 1);
    if (head == "params" && rest.find('.') == std::string_view::npos) {  // read_params would do the same, slower
        run.params.insert_or_assign(std::string(rest), WrittenParam{axis.values[index].value, axis.where_of(index)});
        return;
    }
    const toml::table table = nested_table(axis, index);
    StrictTable strict(table, std::string(head), axis.where_of(index));
    if (head == "params") {
        read_params(strict, run.params);
    } else if (head == "trainer") {
        read_keys(trainer_keys(), strict, folder, run.trainer);
    } else {
        read_keys(data_keys(), strict, folder, run.data);
    }
}

/// `common` holds [trainer] and [data], `sweep` the axes of [sweep].
WrittenRun read_run(const StrictTable& table, const RunSettings& common, const AxisGroups& sweep,
                    const fs::path& folder) {
    WrittenRun run{.where = table.where(), .base = common};
    read_keys(run_keys(), table, folder, run);
    if (run.base.model.empty()) fail_at(run.where, "this [[run]] needs a model, for instance model = \"net\"");
    if (run.base.id.empty()) run.base.id = run.base.model;
    run.groups.insert(run.groups.end(), sweep.begin(), sweep.end());
    check_keys_differ(run.groups);
    for (WrittenReference& reference : run.references)
        if (reference.written_when) reference.when.emplace(*reference.written_when, run.groups);
    return run;
}

/// Makes the runs of a [[run]]: a walk over its groups of axes, so that a value is set once for all points that differ
/// only in later groups.
class Expansion {
public:
    Expansion(const WrittenRun& run, const fs::path& folder, const std::vector<std::uint64_t>& seeds,
              std::vector<RunSettings>& runs)
        : run_(run), folder_(folder), seeds_(seeds), runs_(runs), used_(run.references.size()) {}

    void expand() {
        walk(run_.base);
        for (std::size_t i = 0; i < used_.size(); ++i)
            if (!used_[i])
                fail_at(run_.references[i].where,
                        "this reference belongs to no point of the run's grid, zip or random");
    }

private:
    void walk(const RunSettings& settings) {
        if (point_.size() == run_.groups.size()) {
            add_point(settings);
            return;
        }
        const AxisGroup& group = *run_.groups[point_.size()];
        for (std::size_t i = 0; i < group.size(); ++i) {
            RunSettings next = settings;
            for (const Axis& axis : group.axes) apply_axis_value(axis, i, folder_, next);
            next.id += '-';
            next.id += group.label(i);
            point_.push_back(i);
            walk(next);
            point_.pop_back();
        }
    }

    void add_point(const RunSettings& settings) {
        const Reference* reference = nullptr;
        for (std::size_t i = 0; i < used_.size(); ++i) {
            const WrittenReference& written = run_.references[i];
            if (written.when && !written.when->holds_for(point_)) continue;
            used_[i] = true;
            reference = &written.reference;
        }
        for (const std::uint64_t seed : seeds_) {
            RunSettings& run = runs_.emplace_back(settings);
            if (reference != nullptr) run.reference = *reference;
            run.seed = seed;
            run.id = fmt::format("{}-s{}", settings.id, seed);
            if (run.id.size() > longest_id)
                fail_at(
                    run.model_where,
                    fmt::format("the run id '{}' is longer than {} characters; give the run a shorter name, or vary "
                                "fewer keys",
                                run.id, longest_id));
        }
    }

    const WrittenRun& run_;
    const fs::path& folder_;
    const std::vector<std::uint64_t>& seeds_;
    std::vector<RunSettings>& runs_;
    std::vector<bool> used_;  ///< of each reference: whether a point has it
    Point point_;             ///< as far as the walk has come
};

void check_ids_differ(const std::vector<RunSettings>& runs) {
    std::unordered_map<std::string_view, const RunSettings*> seen;
    seen.reserve(runs.size());
    for (const RunSettings& run : runs) {
        const auto [other, added] = seen.emplace(run.id, &run);
        if (!added)
            fail_at(run.model_where, fmt::format("two runs have the id '{}' (the other is at {}); give one of them a "
                                                 "name, or vary the key they differ in with grid",
                                                 run.id, other->second->model_where.text()));
    }
}

/// Each once, in the order of the runs.
std::vector<std::string> ids_without_seeds(const std::vector<RunSettings>& runs) {
    std::vector<std::string> ids;
    std::unordered_set<std::string> seen;
    for (const RunSettings& run : runs) {
        std::string id(run.id_without_seed());
        if (seen.insert(id).second) ids.push_back(std::move(id));
    }
    return ids;
}

/// "a, b, c and 97 more": an error need not list a large sweep.
std::string some_of(const std::vector<std::string>& ids) {
    constexpr std::size_t shown = 30;
    if (ids.size() <= shown) return join(ids);
    return fmt::format("{} and {} more", join(std::span(ids).first(shown)), ids.size() - shown);
}

void keep_only(const std::vector<std::string>& globs, std::vector<RunSettings>& runs) {
    std::vector<std::string> ids;
    for (const RunSettings& run : runs) ids.push_back(run.id);
    for (const std::string& glob : globs)
        if (std::ranges::none_of(ids, [&](const std::string& id) { return glob_matches(glob, id); }))
            throw Error(ExitCode::usage, fmt::format("--only '{}': error: it matches no run{}; the runs are {}", glob,
                                                     did_you_mean(glob, ids), some_of(ids)));
    std::erase_if(runs, [&](const RunSettings& run) {
        return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_matches(glob, run.id); });
    });
}

}  // namespace

std::string to_text(const ParamValue& value) {
    return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

std::string_view RunSettings::id_without_seed() const {
    return std::string_view(id).substr(0, id.size() - fmt::formatted_size("-s{}", seed));
}

Experiment read_experiment(const fs::path& file, const Overrides& overrides) {
    toml::table tree = parse(read_file(file), file.native());
    for (const std::string& assignment : overrides.set) apply_set(tree, assignment);
    const fs::path folder = overrides.folder.empty() ? fs::absolute(file).parent_path() : overrides.folder;
    StrictTable root(tree, "", {file.native(), 1, 1});

    Experiment experiment{.name = file.stem().native(), .file = fs::absolute(file).lexically_normal()};
    ExperimentSettings head;
    if (auto table = root.table("experiment")) read_keys(experiment_keys(), *std::move(table), folder, head);
    if (!head.name.empty()) experiment.name = head.name;
    experiment.title = head.title;
    if (!is_file_name(experiment.name))
        fail_at(root.where(),
                "give the experiment a name made of at most 100 letters, digits, '_', '-' and '.': [experiment] name");
    check_given_seeds(overrides.seeds);
    const std::vector<std::uint64_t>& seeds = overrides.seeds.empty() ? head.seeds : overrides.seeds;

    RunSettings common;
    if (auto table = root.table("trainer")) read_keys(trainer_keys(), *table, folder, common.trainer);
    if (auto table = root.table("data")) read_keys(data_keys(), *table, folder, common.data);
    if (auto launch = root.table("launch")) {
        if (auto table = launch->table("slurm")) read_keys(slurm_keys(), *table, folder, experiment.slurm);
        launch->finish();
    }
    SweepSettings sweep;
    if (auto table = root.table("sweep")) read_keys(sweep_keys(), *std::move(table), folder, sweep);
    std::vector<WrittenRun> written;
    std::vector<StrictTable> claims = root.tables("claim");
    for (const StrictTable& table : root.tables("run"))
        written.push_back(read_run(table, common, sweep.groups, folder));
    root.finish();
    if (written.empty()) fail_at(root.where(), "the experiment has no runs; add [[run]] with model = \"...\"");

    std::size_t count = 0;
    for (const WrittenRun& run : written) {
        count += run.count(seeds.size());
        if (count > most_runs)
            fail_at(run.where,
                    fmt::format("with this [[run]] the experiment has more than {} runs; give it fewer values, "
                                "samples or seeds",
                                most_runs));
    }
    experiment.runs.reserve(count);
    for (const WrittenRun& run : written) Expansion(run, folder, seeds, experiment.runs).expand();
    for (RunSettings& run : experiment.runs) {
        if (run.data.dataset.empty())
            fail_at(run.model_where, "no data set is named; add [data] with dataset = \"mnist\"");
        if (overrides.device) {
            run.trainer.device = *overrides.device;
            run.trainer.device_where = {};  // the option speaks for itself
        }
        if (overrides.timeout) run.trainer.timeout = overrides.timeout;
        check_run(run);
    }
    check_ids_differ(experiment.runs);
    if (!claims.empty()) experiment.claims = read_claims(std::move(claims), ids_without_seeds(experiment.runs));
    for (Claim& claim : experiment.claims)
        for (const RunSettings& run : experiment.runs) {
            if (!claim.is_of(run.id_without_seed())) continue;
            if (!claim.chooses_metric && run.trainer.loss == Loss::model)
                fail_at(claim.where,
                        fmt::format("the claim is on '{}', which has a loss of its model's own; say by what it is "
                                    "judged: metric = \"test.accuracy\", \"test.loss\", ...",
                                    run.id_without_seed()));
            if (!claim.chooses_metric && !is_of_classes(run.trainer.loss)) claim.metric.key = "test.loss";
            if (!run.data.is_path()) check_validates(claim, run);
        }
    if (!overrides.only.empty()) keep_only(overrides.only, experiment.runs);
    return experiment;
}

}  // namespace labhost
