#include "sweep/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/location.hpp"
#include "config/run_checks.hpp"
#include "data/array.hpp"
#include "data/images/folder.hpp"
#include "data/normalization.hpp"
#include "data/trained_examples.hpp"
#include "plugin/describe.hpp"
#include "record/fingerprint.hpp"
#include "record/run_layout.hpp"
#include "schedules/schedule.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "sweep/continuation.hpp"
#include "train/engine.hpp"
#include "train/epoch_shape.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

TargetKind target_kind(const RunSettings& run, const Plugin& plugin) {
    return labhost::target_kind(run.trainer.loss, output_count(*plugin.descriptor) == 0);
}

void check_data_fits(const RunSettings& run, const Plugin& plugin, const Dataset& dataset) {
    const auto input = input_sizes(*plugin.descriptor);
    auto shape = dataset.train.sizes;
    if (shape.size() == 2 && input.size() == 3) shape.insert(shape.begin(), 1);  // of one channel
    if (input != shape)
        fail_at(run.model_where,
                fmt::format("plugin '{}' takes examples of {}, those of {} are {}; such a model declares "
                            ".input = {{{}}}",
                            plugin.id(), shape_text(input), dataset.name, shape_text(shape), fmt::join(shape, ", ")));
    const bool is_of_images = shape.size() == 3 && shape[1] * shape[2] > 1 && dataset.train.is_bytes();
    if (run.data.augment.any() && !is_of_images)
        fail_at(run.data.where, fmt::format("data.augment is of images of bytes; {} holds {}", dataset.name,
                                            dataset.train.is_bytes() ? shape_text(shape) : "reals"));
    const std::int64_t outputs = output_count(*plugin.descriptor);
    if (target_kind(run, plugin) != TargetKind::classes) {
        if (outputs != dataset.train.outputs && target_kind(run, plugin) != TargetKind::given)
            fail_at(run.model_where,
                    fmt::format(
                        "plugin '{}' has {} outputs, the examples of {} have {} targets each; such a model declares "
                        ".outputs = {}",
                        plugin.id(), outputs, dataset.name, dataset.train.outputs, dataset.train.outputs));
        return;
    }
    std::vector<const Split*> splits{&dataset.train, &dataset.test};
    if (dataset.validation) splits.push_back(&*dataset.validation);
    for (const Split* split : splits) {
        if (split->largest_label < plugin.descriptor->classes) continue;
        const auto example = std::ranges::find(split->labels, split->largest_label) - split->labels.begin();
        fail_at(run.model_where,
                fmt::format(
                    "labels out of range: {} has the label {} (example {}), plugin '{}' tells {} classes apart (0 to "
                    "{})",
                    split->targets_where, split->largest_label, split->place_of(example), plugin.id(),
                    plugin.descriptor->classes, plugin.descriptor->classes - 1));
    }
}

/// Folders of images are made as large as the model's input, unless the experiment says otherwise.
class ImageSizes {
public:
    void fill_in(DataSettings& data, const Plugin& plugin, const Location& where) {
        if (!data.is_path()) return;
        const auto [known, is_new] = are_images_.try_emplace(data.dataset);
        if (is_new) known->second = is_image_folder(data.dataset);
        if (!known->second) return;
        data.image_sizes = input_sizes(*plugin.descriptor);
        const std::size_t count = data.image_sizes.size();
        const bool is_image = count == 2 || (count == 3 && (data.image_sizes[0] == 1 || data.image_sizes[0] == 3));
        if (!is_image)
            fail_at(where, fmt::format("plugin '{}' takes examples of {}, and {} holds images: such a model declares "
                                       ".input = {{3, height, width}}, or {{1, height, width}} for greys",
                                       plugin.id(), shape_text(data.image_sizes), data.dataset));
        std::ranges::copy(data.resize, data.image_sizes.end() - static_cast<std::ptrdiff_t>(data.resize.size()));
    }

private:
    std::map<std::string, bool> are_images_{};
};

/// Losses of classes go with models that tell classes apart, the others with those that have outputs.
void check_loss(const RunSettings& run, const Plugin& plugin) {
    if (run.trainer.loss == Loss::model) {
        if (brings_loss(*plugin.descriptor)) return;
        fail_at(
            run.model_where,
            fmt::format("trainer.loss = \"model\" is the loss that a plugin brings, and plugin '{}' brings none: give "
                        "its class a public "
                        "`Tensor loss(Tensor output, Tensor target, Tensor input)`, with all three parameters, or name "
                        "another loss",
                        plugin.id()));
    }
    const bool of_classes = is_of_classes(run.trainer.loss);
    if (of_classes == (output_count(*plugin.descriptor) == 0)) return;
    fail_at(run.model_where,
            fmt::format("trainer.loss = \"{}\" is of models that declare {}, and plugin '{}' declares {}",
                        to_text(run.trainer.loss), of_classes ? ".classes" : ".outputs", plugin.id(),
                        of_classes ? ".outputs (mse, l1, huber; of several labels bce_with_logits)"
                                   : ".classes (nll, cross_entropy)"));
}

/// One for each class, or output.
void check_weights(const DataSettings& data, const Plugin& plugin) {
    const auto classes = static_cast<std::size_t>(plugin.descriptor->classes);
    const auto outputs = static_cast<std::size_t>(output_count(*plugin.descriptor));
    const auto& weights = data.class_weights;
    if (!weights.values.empty() && weights.values.size() != classes)
        fail_at(weights.where, fmt::format("data.class_weights has {} weights, and plugin '{}' tells {} classes apart",
                                           weights.values.size(), plugin.id(), classes));
    if (data.pos_weight.size() > 1 && data.pos_weight.size() != outputs)
        fail_at(data.pos_weight_where, fmt::format("data.pos_weight has {} entries, and plugin '{}' {} outputs: give "
                                                   "one, or {}",
                                                   data.pos_weight.size(), plugin.id(), outputs, outputs));
}

/// Schedules fail where torch's do, some at a late step: each is tried once for all its steps.
class ScheduleCheck {
public:
    void check(const RunSettings& run, const EpochShape& shape) {
        const auto& schedule = run.trainer.schedule;
        if (!schedule || schedule->follows_a_metric()) return;
        const std::int64_t total = run.trainer.epochs * shape.steps;
        const std::int64_t steps = schedule->steps() == Every::step ? total : run.trainer.epochs;
        constexpr std::int64_t too_many = 10'000'000;  // half a second
        if (!tried_.emplace(json_of(*schedule).dump(), total, steps).second || steps > too_many) return;
        try {
            GroupRates rates{.lr = run.trainer.optimizer.arguments().number("lr")};
            const auto made = make_schedule(schedule->completed(), {.has_momentum = true, .total_steps = total},
                                            std::span(&rates, 1));
            for (std::int64_t step = 0; step < steps; ++step) {
                made->step(std::span(&rates, 1), std::nullopt);
                if (!std::isfinite(static_cast<float>(rates.lr)))
                    throw Error(ExitCode::usage,
                                fmt::format("the rate is infinite as a float32 after step {}", step + 1));
            }
        } catch (const Error& e) {
            fail_at(schedule->where, fmt::format("trainer.schedule: {} (the run has {} steps, {} an epoch)", e.what(),
                                                 total, shape.steps));
        }
    }

private:
    std::set<std::tuple<std::string, std::int64_t, std::int64_t>> tried_;
};

/// Refuses a metric that the run's loss, or the plugin's number of classes, leaves out.
void check_has_metric(const std::string& metric, const Location& where, const RunSettings& run, const Plugin& plugin) {
    constexpr std::int64_t few = 10;
    const auto ends_with_one_of = [&](std::initializer_list<std::string_view> names) {
        return std::ranges::any_of(names, [&](std::string_view name) { return metric.ends_with(name); });
    };
    const TargetKind kind = target_kind(run, plugin);
    if ((kind != TargetKind::classes && ends_with_one_of({".accuracy", ".correct", ".top5"})) ||
        (kind != TargetKind::reals && ends_with_one_of({".mae", ".rmse", ".r2"})) ||
        ((kind == TargetKind::reals || kind == TargetKind::given) && ends_with_one_of({".f1"})) ||
        (kind != TargetKind::labels && ends_with_one_of({".f1_micro"})))
        fail_at(where,
                fmt::format("{} is no metric of a run with trainer.loss = \"{}\"", metric, to_text(run.trainer.loss)));
    if (metric == "test.top5" && plugin.descriptor->classes <= few)
        fail_at(where, fmt::format("test.top5 is of more than ten classes; plugin '{}' has {}", plugin.id(),
                                   plugin.descriptor->classes));
}

/// Of what follows a metric.
void check_metrics_fit(const RunSettings& run, const Plugin& plugin) {
    const TrainerSettings& trainer = run.trainer;
    const auto check = [&](const std::string& metric, const Location& where) {
        check_has_metric(metric, where, run, plugin);
    };
    if (trainer.stop) check(stop_metric(trainer), trainer.stop->where);
    if (trainer.keep == Keep::best) check(keep_metric(trainer), trainer.keep_where);
    if (trainer.schedule && trainer.schedule->follows_a_metric())
        check(plateau_metric(*trainer.schedule, run.data), trainer.schedule->where);
}

/// The same, of the claims on the run.
void check_claims_fit(std::span<const Claim> claims, const RunSettings& run, const Plugin& plugin) {
    for (const Claim& claim : claims) {
        check_validates(claim, run);
        if (claim.is_of(run.id_without_seed())) check_has_metric(claim.metric.key, claim.where, run, plugin);
    }
}

void check_precision(const RunSettings& run, const Device& device) {
    if (run.trainer.precision == Precision::float32) return;
    const std::string_view precision = to_text(run.trainer.precision);
    if (run.trainer.numerics != Numerics::fast)
        fail_at(run.trainer.precision_where, fmt::format("trainer.precision = \"{}\" changes the numbers: it goes with "
                                                         "trainer.numerics = \"fast\" only",
                                                         precision));
    // LibTorch's autocast to bf16 on a CPU takes 1.3 to 2 times the time of our float32 kernels, also where the
    // processor multiplies in bf16 (AVX-512, AMX): it would cost digits and give nothing.
    if (!device.cuda)
        fail_at(run.trainer.precision_where,
                fmt::format("trainer.precision = \"{}\" is of GPUs; on a CPU use \"float32\", which is faster there",
                            precision));
}

/// In a child, since it builds the model. One that ends its process is left to its run to report.
void check_fits_model(const PlannedRun& run) {
    const Engine& torch = engine();
    const auto check = [&](const Outbox& outbox) {
        try {
            torch.check_fits_model(run.settings, load_plugin(*run.plugin), run.params);
        } catch (const std::exception& e) {
            outbox.send(e.what());
        }
    };
    run_in_child(check, {.on_message = [](std::string_view why) { throw Error(ExitCode::usage, std::string(why)); }});
}

/// What must fit a run's model. A file that runs start from is hashed once, and tried on each model; groups on the
/// first of a plugin's models, since a child for each of a thousand points takes seconds: a later model that they do
/// not fit fails its run.
class ModelCheck {
public:
    void check(PlannedRun& run) {
        TrainerSettings& trainer = run.settings.trainer;
        if (trainer.init_from.empty() && trainer.groups.empty()) return;
        if (!trainer.init_from.empty()) {
            std::string& hash = hashes_[trainer.init_from];
            if (hash.empty())
                hash = placing_errors(trainer.init_from_where, [&] { return sha256_of_file(trainer.init_from); });
            trainer.init_from_sha256 = hash;
        }
        const std::string model = trainer.init_from.empty() ? std::string() : to_json(run.params).dump();
        std::vector<std::string> matches;
        for (const ParameterGroup& group : trainer.groups) matches.push_back(group.match);
        if (tried_.emplace(run.plugin, model, trainer.init_from, std::move(matches)).second) check_fits_model(run);
    }

private:
    std::map<fs::path, std::string> hashes_;
    std::set<std::tuple<const Plugin*, std::string, fs::path, std::vector<std::string>>> tried_;
};

/// The names in a folder; none if it is not there. One look, where a look at each run's folder would take a second for
/// a hundred thousand.
std::unordered_set<std::string> names_in(const fs::path& folder) {
    std::unordered_set<std::string> names;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        names.insert(entry->path().filename().native());
    return names;
}

/// By the fingerprints' beginnings, with which the folders' names end.
std::unordered_multimap<std::string, std::string> by_fingerprint(const std::unordered_set<std::string>& names) {
    std::unordered_multimap<std::string, std::string> found;
    for (const std::string& name : names)
        if (const std::string digits = short_fingerprint_in(name); !digits.empty()) found.emplace(digits, name);
    return found;
}

}  // namespace

Plan make_plan(Experiment experiment, const Paths& places) {
    Plan plan{.experiment = experiment.name,
              .title = experiment.title,
              .file = experiment.file,
              .claims = std::move(experiment.claims)};
    const auto folders = plugin_folders(places.plugins.folders);
    // Plugins and parameters first: a misspelt name should not wait for the data to be read.
    std::map<std::pair<std::string, std::string>, const Plugin*> plugins;  // by model and pinned hash
    ModelCheck model;
    ScheduleCheck schedule;
    plan.runs.reserve(experiment.runs.size());
    for (RunSettings& settings : experiment.runs) {
        const Plugin*& plugin = plugins[{settings.model, settings.plugin_sha256}];
        if (plugin == nullptr)
            plugin = &admit_plugin(find_plugin_file(settings.model, settings.model_where, folders),
                                   {.allow_insecure = places.plugins.allow_insecure, .sha256 = settings.plugin_sha256});
        ResolvedParams params = resolve_params(*plugin, settings.params);
        const Device device = placing_errors(settings.trainer.device_where, [&] {
            return places.elsewhere_with_gpu ? device_elsewhere(settings.trainer.device, *places.elsewhere_with_gpu)
                                             : resolve_device(settings.trainer.device);
        });
        check_precision(settings, device);
        check_loss(settings, *plugin);
        plan.runs.push_back(
            {.settings = std::move(settings), .plugin = plugin, .params = std::move(params), .device = device});
        model.check(plan.runs.back());
    }
    experiment.runs = {};  // moved from, but 70 MB for a hundred thousand
    const fs::path own_folder = experiment_folder(places.runs, experiment.name);
    const auto begun = names_in(own_folder);
    const auto duplicates = by_fingerprint(begun);
    const ShorterRuns shorter(own_folder, begun);
    Normalizations normalizations;
    BalancedWeights balanced;
    ImageSizes image_sizes;
    for (PlannedRun& run : plan.runs) {
        DataSettings& data = run.settings.data;
        const TargetKind kind = target_kind(run.settings, *run.plugin);
        image_sizes.fill_in(data, *run.plugin, run.settings.model_where);
        auto& dataset = plan.datasets[loading_key(data, kind)];
        if (!dataset) dataset = std::make_unique<Dataset>(load_dataset(data, places.data, kind));
        check_fits_data(data, *dataset);
        data.own_validation = dataset->validation.has_value();
        check_validates(run.settings);
        check_data_fits(run.settings, *run.plugin, *dataset);
        check_weights(data, *run.plugin);
        check_metrics_fit(run.settings, *run.plugin);
        check_claims_fit(plan.claims, run.settings, *run.plugin);
        const EpochShape shape = epoch_shape(run.settings, *dataset);
        normalizations.fill_in(data, *dataset, kind);
        balanced.fill_in(data, *dataset, run.plugin->descriptor->classes);
        schedule.check(run.settings, shape);
        run.dataset = dataset.get();
        Json inputs = fingerprint_inputs(run.settings, *run.plugin, run.params, *dataset, run.device);
        run.fingerprint = fingerprint_of(inputs);
        run.prefix =
            fingerprint_of(prefix_inputs(std::move(inputs), run.settings, shape.steps * run.settings.trainer.epochs));
        const std::string name = run_folder_name(run.settings.id, run.fingerprint);
        run.folder = own_folder / name;
        if (begun.contains(name)) {
            FoundState found = state_of(run.folder, run.fingerprint);
            run.status = found.state;
            run.result = std::move(found.result);
        }
        if (run.status == RunState::finished) continue;
        const auto [first, last] = duplicates.equal_range(short_fingerprint(run.fingerprint));
        for (auto duplicate = first; duplicate != last; ++duplicate) {
            const fs::path folder = own_folder / duplicate->second;
            if (state_of(folder, run.fingerprint).state == RunState::finished && file_exists(folder / run_file::model))
                run.duplicate_of = folder;
        }
        const bool has_state = run.status == RunState::resumable || run.status == RunState::failed;
        if (run.duplicate_of.empty() && !has_state) run.continues = shorter.find(run);
    }
    return plan;
}

}  // namespace labhost
