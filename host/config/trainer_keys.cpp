// The keys of [trainer]: a new one is a line here and a member of its struct.
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

constexpr std::int64_t most_steps = 1'000'000'000;

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
    return {.description = {.type = "array of tables",
                            .if_absent = "none",
                            .inner = {{.name = "match",
                                       .value = {.type = "glob", .if_absent = "required"},
                                       .default_value = {},
                                       .doc = "of names of parameters; beside it any argument of the optimizer"}}},
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

/// Beside the arguments of the schedule that is named.
std::vector<KeyDescription> outer_schedule_keys() {
    return {
        {.name = "every",
         .value = {.type = "string",
                   .choices = all_texts<Every>(),
                   .if_absent = "`epoch`; `step` of `one_cycle` and "
                                "`cyclic`"},
         .default_value = {},
         .doc = "when it steps; only at the top, not within `schedules`"},
        {.name = "metric",
         .value = {.type = "metric", .if_absent = "`validation.loss` with a split, else `train.loss`"},
         .default_value = {},
         .doc = "that `reduce_on_plateau` follows"},
        {.name = "schedules",
         .value = {.type = "array of tables", .if_absent = "required of `sequential`"},
         .default_value = {},
         .doc = "of `sequential`: the schedules, of which one takes over at each of its `milestones`"},
    };
}

KeyType<TrainerSettings> schedule() {
    return {.description = {.type = "table",
                            .if_absent = "none",
                            .inner = outer_schedule_keys(),
                            .family = &schedule_family()},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                    if (auto written = table.table(key)) read_schedule(*std::move(written), settings.schedule);
                },
            .value = [](const TrainerSettings& settings,
                        Use) { return settings.schedule ? json_of(*settings.schedule) : Json(); }};
}

/// From above zero, in float32.
KeyType<TrainerSettings> limit(std::optional<double> TrainerSettings::*member) {
    return key_type({.type = "number", .minimum = 0.0, .above_minimum = true, .if_absent = "none"}, member,
                    [](StrictTable& table, const std::string& key) {
                        const auto value = table.number(key, 0.0, std::numeric_limits<float>::max());
                        if (value && static_cast<float>(*value) == 0.0F) table.fail(key, "must be above 0 (a float32)");
                        return value;
                    });
}

KeyType<TrainerSettings> ema() {
    return {.description =
                {.type = "table",
                 .if_absent = "none",
                 .inner = {{.name = "decay",
                            .value = {.type = "number", .minimum = 0.0, .maximum = 1.0, .if_absent = "required"},
                            .default_value = {},
                            .doc = "the share of the average that a step keeps: `average.lerp_(weights, 1 - decay)`"}}},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, TrainerSettings& settings) {
                    auto written = table.table(key);
                    if (!written) return;
                    settings.ema_decay = written->number("decay", 0.0, 1.0);
                    written->finish();
                    if (!settings.ema_decay) fail_at(written->where(), "trainer.ema needs decay, for instance 0.999");
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
        {"patience", integer(&S::patience, 1, most_steps),
         "epochs in a row without one, after which the run ends; required", numbers, Recorded::always},
        {"min_delta", number(&S::min_delta, 0.0), "better is what is better by more than this"},
    };
}

}  // namespace

const Keys<TrainerSettings>& trainer_keys() {
    using enum Effect;
    using enum Recorded;
    using T = TrainerSettings;
    static const Keys<T> keys{
        {"epochs", integer(&T::epochs, 1, most_steps), "passes over the training data, each followed by a test",
         numbers, always},
        {"batch_size", integer(&T::batch_size, 1, most_steps), "the last batch of a pass may be short", numbers,
         always},
        {"test_batch_size", integer(&T::test_batch_size, 1, most_steps), "of the tests", numbers, always},
        {"loss", choice(&T::loss),
         "`nll` for models that return log-probabilities, `cross_entropy` for logits; of a regression `mse`, `l1` or "
         "`huber` (its delta 1); of several labels `bce_with_logits`; `model`: the one that the plugin brings "
         "([plugin-guide.md](plugin-guide.md#a-loss-of-its-own))",
         numbers, always},
        {"device", placed(device(), &T::device_where),
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
        {"label_smoothing", placed(number(&T::label_smoothing, 0.0, 1.0), &T::label_smoothing_where),
         "of `cross_entropy`; tests are without"},
        {"accumulate", integer(&T::accumulate, 1, most_steps),
         "batches a step: each one's mean loss is divided by this; the last step of an epoch may be of fewer"},
        {"ema", ema(),
         "validates and tests with, and leaves, an exponential moving average of the weights "
         "(`torch.optim.swa_utils`)"},
        {"stop", table_of(&T::stop, stop_keys(), "none"), "ends a run whose metric gets no better"},
        {"keep", placed(choice(&T::keep), &T::keep_where),
         "`model.pt` and the predictions are those of the last epoch, or of the best by `keep_metric`"},
        {"keep_metric", metric(&T::keep_metric, "stop's, else `validation.loss`"), "by which an epoch is best"},
        {"precision", placed(choice(&T::precision), &T::precision_where),
         "on a GPU with `fast` numerics: `tf32` for matrix products too, or `bf16` (LibTorch's autocast). Refused on a "
         "CPU, where `float32` is faster"},
        {"init_from", placed(init_from(), &T::init_from_where),
         "a state_dict saved by `torch.save` (PyTorch 1.6 or later), or a run's `model.pt`", content},
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

}  // namespace labhost
