// The table of keys. A new key is a line here and a member of its struct.
#include "config/keys.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "config/key_types.hpp"
#include "config/settings.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most = 1'000'000'000;
constexpr std::int64_t most_tasks = 1'000'000;

fs::path resolve(const std::string& text, const Location& where, const fs::path& folder) {
    const bool from_option = where.line == 0;
    return fs::absolute(from_option ? fs::path(text) : folder / text).lexically_normal();
}

KeyType<TrainerSettings> device() {
    return key_type({.type = "string"}, &TrainerSettings::device, [](StrictTable& table, const std::string& key) {
        auto name = table.string(key);
        if (name && !is_device(*name))
            table.fail(key, fmt::format("must be auto, cpu, cuda or cuda:N, not '{}'", *name));
        return name;
    });
}

/// An empty one takes away what was set before.
KeyType<TrainerSettings> init_from() {
    return {.description = {.type = "path", .if_absent = "none"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path& folder, TrainerSettings& settings) {
                    if (const auto path = table.string(key))
                        settings.init_from = path->empty() ? fs::path() : resolve(*path, table.where(key), folder);
                },
            .value = [](const TrainerSettings& settings, Use) { return json_of(settings.init_from); }};
}

KeyType<DataSettings> dataset() {
    return {.description = {.type = "string", .if_absent = "required"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path& folder, DataSettings& settings) {
                    const auto name = table.string(key);
                    if (!name) return;
                    const bool is_folder = name->find('/') != std::string::npos;
                    settings.dataset = is_folder ? resolve(*name, table.where(key), folder).native() : *name;
                },
            .value = [](const DataSettings& settings, Use) { return Json(settings.dataset); }};
}

KeyType<DataSettings> standard_deviation() {
    constexpr double largest = 1e6;
    return key_type({.type = "number", .minimum = 0.0, .maximum = largest}, &DataSettings::std,
                    [](StrictTable& table, const std::string& key) {
                        const auto std = table.number(key, 0.0, largest);
                        if (std && static_cast<float>(*std) == 0.0F)
                            table.fail(key, fmt::format("= {} would divide by zero (it is a float32)", *std));
                        return std;
                    });
}

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

KeyType<TrainerSettings> optimizer() {
    return {.description = {.type = "table", .family = &optimizer_family()},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                    if (auto written = table.table(key)) read_optimizer(*std::move(written), settings.optimizer);
                },
            .value = [](const TrainerSettings& settings, Use) { return json_of(settings.optimizer); }};
}

/// Written anew, they take the place of those before.
KeyType<TrainerSettings> groups() {
    return {.description = {.type = "array of tables", .if_absent = "none"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                    if (table.node(key) != nullptr) settings.groups = read_groups(table.tables(key));
                },
            .value =
                [](const TrainerSettings& settings, Use) {
                    Json json;
                    for (const ParameterGroup& group : settings.groups) json.push_back(json_of(group));
                    return json;
                }};
}

KeyType<TrainerSettings> schedule() {
    return {.description = {.type = "table", .if_absent = "none", .family = &schedule_family()},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                    if (auto written = table.table(key)) read_schedule(*std::move(written), settings.schedule);
                },
            .value = [](const TrainerSettings& settings,
                        Use) { return settings.schedule ? json_of(*settings.schedule) : Json(); }};
}

/// From above zero, in float32.
KeyType<TrainerSettings> limit(std::optional<double> TrainerSettings::*member) {
    return key_type({.type = "number", .minimum = 0.0, .if_absent = "none"}, member,
                    [](StrictTable& table, const std::string& key) {
                        const auto value = table.number(key, 0.0, std::numeric_limits<float>::max());
                        if (value && static_cast<float>(*value) == 0.0F) table.fail(key, "must be above 0 (a float32)");
                        return value;
                    });
}

KeyType<TrainerSettings> ema() {
    return {
        .description = {.type = "table",
                        .if_absent = "none",
                        .inner = {{.name = "decay",
                                   .value = {.type = "number", .minimum = 0.0, .maximum = 1.0, .if_absent = "required"},
                                   .default_value = {},
                                   .doc = "the share of the average that a step keeps"}}},
        .read =
            [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                auto written = table.table(key);
                if (!written) return;
                settings.ema_decay = written->number("decay", 0.0, 1.0);
                if (!settings.ema_decay) fail_at(written->where(), "trainer.ema needs decay, for instance 0.999");
                written->finish();
            },
        .value =
            [](const TrainerSettings& settings, Use) {
                return settings.ema_decay ? Json{{"decay", *settings.ema_decay}} : Json();
            }};
}

Keys<StopSettings> stop_keys() {
    using enum Effect;
    using S = StopSettings;
    return {
        {"metric", metric(&S::metric, "`validation.loss`"), "of which no better value comes"},
        {"patience", integer(&S::patience, 1, most), "epochs in a row without one, after which the run ends; required",
         numbers, Recorded::always},
        {"min_delta", number(&S::min_delta, 0.0), "better is what is better by more than this"},
    };
}

/// Of count and fraction the one that is written last stands.
KeyType<ValidationSettings> fraction() {
    auto type = number(&ValidationSettings::fraction, 0.0, 1.0, "none");
    type.read = [](StrictTable& table, const std::string& key, const fs::path&, ValidationSettings& settings) {
        const auto share = table.number(key, 0.0, 1.0);
        if (!share) return;
        if (*share <= 0.0 || *share >= 1.0) table.fail(key, fmt::format("= {} must be above 0 and below 1", *share));
        if (table.node("count") != nullptr) table.fail(key, "cannot go with count: write one of them");
        settings.fraction = share;
        settings.count.reset();
    };
    return type;
}

KeyType<ValidationSettings> validation_count() {
    auto type = integer(&ValidationSettings::count, 1, any_integer, "none");
    type.read = [](StrictTable& table, const std::string& key, const fs::path&, ValidationSettings& settings) {
        const auto count = table.integer(key, 1);
        if (!count) return;
        settings.count = count;
        settings.fraction.reset();
    };
    return type;
}

Keys<ValidationSettings> validation_keys() {
    using V = ValidationSettings;
    return {
        {"count", validation_count(), "examples to validate with; the rest is trained on"},
        {"fraction", fraction(), "the same, as a share of the training data"},
        {"seed", integer(&V::seed, 0), "of `random_split`'s own generator"},
    };
}

KeyType<AugmentSettings> random_crop() {
    return {.description = {.type = "table",
                            .if_absent = "none",
                            .inner = {{.name = "padding",
                                       .value = {.type = "integer", .minimum = 0.0, .if_absent = "required"},
                                       .default_value = {},
                                       .doc = "zeros around the image, of which a part of its size is taken"}}},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, AugmentSettings& settings) {
                    auto written = table.table(key);
                    if (!written) return;
                    settings.crop_padding = written->integer("padding", 0, 1000);
                    if (!settings.crop_padding)
                        fail_at(written->where(), "data.augment.random_crop needs padding, for instance 4");
                    written->finish();
                },
            .value =
                [](const AugmentSettings& settings, Use) {
                    return settings.crop_padding ? Json{{"padding", *settings.crop_padding}} : Json();
                }};
}

Keys<AugmentSettings> augment_keys() {
    using A = AugmentSettings;
    return {
        {"random_crop", random_crop(), "`RandomCrop` to the image's own size"},
        {"random_horizontal_flip", number(&A::horizontal_flip, 0.0, 1.0, "none"),
         "`RandomHorizontalFlip`: how probable"},
        {"random_rotation", number(&A::rotation, 0.0, 360.0, "none"), "`RandomRotation`: up to so many degrees"},
        {"random_erasing", number(&A::erasing, 0.0, 1.0, "none"), "`RandomErasing`: how probable"},
    };
}

Keys<DataSettings> normalize_keys() {
    using enum Effect;
    using enum Recorded;
    using D = DataSettings;
    return {
        {"mean", number(&D::mean, -1e6, 1e6), "of the pixels, which are 0 to 1", numbers, always},
        {"std", standard_deviation(), "of the pixels; not 0", numbers, always},
    };
}

/// The names of those that change no number: "trainer.timeout".
void add_names(const std::vector<KeyDescription>& keys, const std::string& table, std::set<std::string>& names) {
    for (const KeyDescription& key : keys) {
        const std::string name = fmt::format("{}.{}", table, key.name);
        if (key.effect == Effect::outcome || key.effect == Effect::cost) names.insert(name);
        add_names(key.value.inner, name, names);
    }
}

}  // namespace

const Keys<TrainerSettings>& trainer_keys() {
    using enum Effect;
    using enum Recorded;
    using T = TrainerSettings;
    static const Keys<T> keys{
        {"epochs", integer(&T::epochs, 1, most), "passes over the training data, each followed by a test", numbers,
         always},
        {"batch_size", integer(&T::batch_size, 1, most), "the last batch of a pass may be short", numbers, always},
        {"test_batch_size", integer(&T::test_batch_size, 1, most), "of the tests", numbers, always},
        {"loss", choice(&T::loss), "`nll` for models that return log-probabilities, `cross_entropy` for logits",
         numbers, always},
        {"device", device(),
         "`auto` (the first GPU that LibTorch can use, else the CPU; where there is a GPU that it cannot use, a line "
         "says why), `cpu`, `cuda`, `cuda:N` (refused with the reason where it cannot be used)",
         content, always},
        {"threads", integer(&T::threads, 1, 1024),
         "threads within one run; other thread counts give other low-order bits", numbers, always},
        {"numerics", choice(&T::numerics),
         "`pytorch`: bit-identical to PyTorch. `fast`: the same network, data and draws, summed in another order by "
         "faster kernels; the same bits each time on one kind of processor. On a GPU: PyTorch's kernels with its "
         "optimizer in one; for convolutions TF32, which PyTorch, and so `pytorch`, allows there as well ([which "
         "bits](gpu.md#which-bits))",
         numbers, always},
        {"optimizer", optimizer(),
         "one of `torch.optim` by its `name`, with torch's arguments and defaults ([below](#optimizers)); without a "
         "name the notebook's: `sgd`, `lr` 0.01, `momentum` 0.5",
         numbers, always},
        {"groups", groups(),
         "parameters with arguments of their own: `{ match = \"*.bias\", weight_decay = 0.0 }`; a glob of names (`*` "
         "crosses dots), the first that matches"},
        {"schedule", schedule(), "one of `torch.optim.lr_scheduler` by its `name` ([below](#schedules))"},
        {"clip_grad_value", limit(&T::clip_grad_value), "each gradient is cut to this, before a step"},
        {"clip_grad_norm", limit(&T::clip_grad_norm), "the norm of all gradients is cut to this, before a step"},
        {"label_smoothing", number(&T::label_smoothing, 0.0, 1.0), "of `cross_entropy`; tests are without"},
        {"accumulate", integer(&T::accumulate, 1, most),
         "batches a step: each one's mean loss is divided by this; the last step of an epoch may be of fewer"},
        {"ema", ema(),
         "validates and tests with, and leaves, an exponential moving average of the weights "
         "(`torch.optim.swa_utils`)"},
        {"stop", table_of(&T::stop, stop_keys(), "none"), "ends a run whose metric gets no better"},
        {"keep", placed(choice(&T::keep), &T::keep_where),
         "`model.pt` and the predictions are those of the last epoch, or of the best by `keep_metric`"},
        {"keep_metric", metric(&T::keep_metric, "stop's, else `validation.loss`"), "by which an epoch is best"},
        {"precision", choice(&T::precision),
         "on a GPU with `fast` numerics: `tf32` for matrix products too, or `bf16` (LibTorch's autocast). Refused on a "
         "CPU, where `float32` is faster"},
        {"init_from", init_from(), "a state_dict saved by `torch.save` (PyTorch 1.6 or later), or a run's `model.pt`",
         content},
        {"deterministic", boolean(&T::deterministic),
         "refuses operators that have no form with the same bits each time. Where there is one it is taken in any "
         "case; without this key an operator that has none is named in a warning and in `run.json`"},
        {"on_nan", choice(&T::on_nan), "`fail`: a loss that is not a number ends the run as failed", outcome},
        {"timeout", duration(&T::timeout, "none"),
         "a run whose session takes longer is ended and recorded as failed: seconds, or `\"90s\"`, `\"10m\"`, "
         "`\"1.5h\"`",
         cost},
        {"memory_limit", size(&T::memory_limit, "nine tenths of the machine"),
         "private memory of a run's process (RLIMIT_DATA): bytes, or `\"512 MiB\"`, `\"2 GiB\"`; no limit by default "
         "on a GPU",
         cost},
        {"checkpoint_every", duration(&T::checkpoint_every, "none"),
         "a checkpoint within an epoch too, this often; at its end there is always one", cost},
    };
    return keys;
}

const Keys<DataSettings>& data_keys() {
    using enum Effect;
    using enum Recorded;
    using D = DataSettings;
    static const Keys<D> keys{
        {"dataset", placed(dataset(), &D::where),
         "`mnist`, `fashion-mnist`, or a folder with the four IDX files (written with a `/`)", content, always},
        {"normalize", group_of(normalize_keys()), "pixels are divided by 255, then `(x - mean) / std`, in float32",
         numbers, always},
        {"validation", table_of(&D::validation, validation_keys(), "none"),
         "a part of the training data that is not trained on: `torch.utils.data.random_split`, after `train_limit`"},
        {"shuffle", boolean(&D::shuffle), "the training data, anew each epoch"},
        {"drop_last", boolean(&D::drop_last), "leaves out a last batch of the training data that is not whole"},
        {"augment", table_of(&D::augment, augment_keys()),
         "what is done at random to a training image, as torchvision's transforms do it, in this order"},
        {"train_limit", placed(integer(&D::train_limit, 1, any_integer, "all"), &D::train_limit_where),
         "only the first N training examples", content},
        {"test_limit", placed(integer(&D::test_limit, 1, any_integer, "all"), &D::test_limit_where),
         "only the first N test examples", content},
    };
    return keys;
}

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
