// The keys of [data]: a new one is a line here and a member of its struct.
#include "config/keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/key_types.hpp"
#include "config/settings.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

KeyType<DataSettings> dataset() {
    return {.description = {.type = "string", .if_absent = "required"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path& folder, DataSettings& settings) {
                    if (const auto name = table.string(key))
                        settings.dataset = resolve_dataset(*name, table.where(key), folder);
                },
            .value = [](const DataSettings& settings, Use) { return Json(settings.dataset); }};
}

constexpr double largest = 1e6;

KeyType<NormalizeSettings> mean() {
    return key_type(
        {.type = "number or array", .minimum = -largest, .maximum = largest}, &NormalizeSettings::mean,
        [](StrictTable& table, const std::string& key) { return table.number_or_numbers(key, -largest, largest); });
}

KeyType<NormalizeSettings> standard_deviation() {
    return key_type({.type = "number or array", .minimum = 0.0, .maximum = largest, .above_minimum = true},
                    &NormalizeSettings::std, [](StrictTable& table, const std::string& key) {
                        auto stds = table.number_or_numbers(key, 0.0, largest);
                        for (const double std : stds.value_or(std::vector<double>()))
                            if (static_cast<float>(std) == 0.0F)
                                table.fail(key, fmt::format("= {} would divide by zero (it is a float32)", std));
                        return stds;
                    });
}

const Keys<NormalizeSettings>& normalize_keys() {
    using enum Effect;
    using enum Recorded;
    static const Keys<NormalizeSettings> keys{
        {"mean", mean(), "of the inputs, bytes being 0 to 1; of each channel, or column of a vector, in an array",
         numbers, always},
        {"std", standard_deviation(), "the same; not 0", numbers, always},
    };
    return keys;
}

/// A table, or "auto". Either takes the other's place.
KeyType<DataSettings> normalize() {
    return {.description = {.type = "table, or `\"auto\"`", .inner = described(normalize_keys())},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path& folder, DataSettings& settings) {
                    const toml::node* node = table.node(key);
                    if (node == nullptr) return;
                    settings.normalize.where = table.where(key);
                    if (!node->is_string()) {
                        if (settings.normalize.automatic) settings.normalize = {.where = settings.normalize.where};
                        read_keys(normalize_keys(), *table.table(key), folder, settings.normalize);
                        return;
                    }
                    if (table.string(key) != "auto")
                        table.fail(key, "must be \"auto\", or a table such as { mean = 0.1307, std = 0.3081 }");
                    settings.normalize = {.automatic = true, .where = settings.normalize.where};
                },
            .value =
                [](const DataSettings& settings, Use use) {
                    Json json = values_of(normalize_keys(), settings.normalize, use);
                    if (settings.normalize.automatic && use == Use::record) json["auto"] = true;
                    return json;
                }};
}

/// Of count and fraction the one that is written last stands.
KeyType<PartSettings> fraction() {
    auto type = number(&PartSettings::fraction, 0.0, 1.0, "none");
    type.description.above_minimum = type.description.below_maximum = true;
    type.read = [](StrictTable& table, const std::string& key, const fs::path&, PartSettings& settings) {
        const auto share = table.number(key, 0.0, 1.0);
        if (!share) return;
        if (*share <= 0.0 || *share >= 1.0) table.fail(key, fmt::format("= {} must be above 0 and below 1", *share));
        if (table.node("count") != nullptr) table.fail(key, "cannot go with count: write one of them");
        settings.fraction = share;
        settings.count.reset();
    };
    return type;
}

KeyType<PartSettings> part_count() {
    auto type = integer(&PartSettings::count, 1, any_integer, "none");
    type.read = [](StrictTable& table, const std::string& key, const fs::path&, PartSettings& settings) {
        const auto count = table.integer(key, 1);
        if (!count) return;
        settings.count = count;
        settings.fraction.reset();
    };
    return type;
}

Keys<PartSettings> part_keys() {
    using P = PartSettings;
    return {
        {"count", part_count(), "examples of it; the rest is trained on"},
        {"fraction", fraction(), "the same, as a share of the training data"},
        {"seed", integer(&P::seed, 0), "of `random_split`'s own generator"},
        {"stratify", boolean(&P::stratify),
         "of each class the same share, rounded by largest remainders; which examples: in the order that "
         "`random_split` draws"},
    };
}

KeyType<AugmentSettings> random_crop() {
    return {.description =
                {.type = "table",
                 .if_absent = "none",
                 .inner = {{.name = "padding",
                            .value = {.type = "integer", .minimum = 0.0, .maximum = 1000.0, .if_absent = "required"},
                            .default_value = {},
                            .doc = "zeros around the image, of which a part of its size is taken"}}},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, AugmentSettings& settings) {
                    auto written = table.table(key);
                    if (!written) return;
                    settings.crop_padding = written->integer("padding", 0, 1000);
                    written->finish();
                    if (!settings.crop_padding)
                        fail_at(written->where(), "data.augment.random_crop needs padding, for instance 4");
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

constexpr double largest_weight = 1e6;

/// An array, or "balanced". Either takes the other's place.
KeyType<DataSettings> class_weights() {
    return {.description = {.type = "array, or `\"balanced\"`",
                            .minimum = 0.0,
                            .maximum = largest_weight,
                            .if_absent = "none"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, DataSettings& settings) {
                    const toml::node* node = table.node(key);
                    if (node == nullptr) return;
                    settings.class_weights = {.where = table.where(key)};
                    if (node->is_string()) {
                        settings.class_weights.balanced = table.string(key) == "balanced";
                        if (!settings.class_weights.balanced)
                            table.fail(key, "must be \"balanced\", or an array with a weight for each class");
                        return;
                    }
                    settings.class_weights.values = *table.number_or_numbers(key, 0.0, largest_weight);
                    if (!node->is_array() ||
                        std::ranges::none_of(settings.class_weights.values, [](double weight) { return weight > 0.0; }))
                        table.fail(key, "must be an array with a weight for each class, one of them above 0");
                },
            .value =
                [](const DataSettings& settings, Use) {
                    const ClassWeights& weights = settings.class_weights;
                    if (!weights.values.empty()) return Json(weights.values);
                    return weights.balanced ? Json("balanced") : Json();
                }};
}

KeyType<DataSettings> positive_weight() {
    return {.description = {.type = "number or array",
                            .minimum = 0.0,
                            .maximum = largest_weight,
                            .above_minimum = true,
                            .if_absent = "none"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, DataSettings& settings) {
                    const auto weights = table.number_or_numbers(key, 0.0, largest_weight);
                    if (!weights) return;
                    if (std::ranges::count(*weights, 0.0) > 0)
                        table.fail(key, "of 0 would leave out the examples that have the label; it must be above 0");
                    settings.pos_weight = *weights;
                },
            .value = [](const DataSettings& settings,
                        Use) { return settings.pos_weight.empty() ? Json() : json_of(settings.pos_weight); }};
}

KeyType<DataSettings> image_size() {
    constexpr double most = 10000.0;
    return {.description = {.type = "array", .minimum = 1.0, .maximum = most, .if_absent = "the model's input"},
            .read =
                [](StrictTable& table, const std::string& key, const fs::path&, DataSettings& settings) {
                    const auto sizes = table.number_or_numbers(key, 1.0, most);
                    if (!sizes) return;
                    settings.resize.clear();
                    for (const double size : *sizes) settings.resize.push_back(static_cast<std::int64_t>(size));
                    if (sizes->size() != 2 || !std::ranges::equal(*sizes, settings.resize))
                        table.fail(key, "must be two whole numbers, [height, width], such as [32, 32]");
                },
            .value = [](const DataSettings& settings,
                        Use) { return settings.resize.empty() ? Json() : Json(settings.resize); }};
}

}  // namespace

const Keys<DataSettings>& data_keys() {
    using enum Effect;
    using enum Recorded;
    using D = DataSettings;
    static const Keys<D> keys{
        {"dataset", placed(dataset(), &D::where),
         "`mnist`, `fashion-mnist` or another name that `labhost fetch` knows, or a file or folder of yours, written "
         "with "
         "a `/`: `.npz`, `.npy`, `.csv`, CIFAR's, IDX, folders of PNG and JPEG images ([data.md](data.md))",
         content, always},
        {"normalize", normalize(),
         "`(x - mean) / std` in float32, of bytes after they were divided by 255; `\"auto\"`: the mean and the "
         "population's standard deviation of the examples that are trained on, per channel or column, in double (a "
         "deviation of 0 is 1); they are recorded",
         numbers, always},
        {"validation", table_of(&D::validation, part_keys(), "none"),
         "a part of the training data that is not trained on: `torch.utils.data.random_split`, after `train_limit`. "
         "Data that bring a validation part have it without"},
        {"shuffle", boolean(&D::shuffle), "the training data, anew each epoch"},
        {"drop_last", placed(boolean(&D::drop_last), &D::drop_last_where),
         "leaves out a last batch of the training data that is not whole"},
        {"augment", table_of(&D::augment, augment_keys()),
         "what is done at random to a training image, as torchvision's transforms do it, in this order"},
        {"train_limit", placed(integer(&D::train_limit, 1, any_integer, "all"), &D::train_limit_where),
         "only the first N training examples", content},
        {"test_limit", placed(integer(&D::test_limit, 1, any_integer, "all"), &D::test_limit_where),
         "only the first N test examples", content},
        {"layout", choice(&D::layout, "by the shape"),
         "of arrays with four axes: needed where not just one of the second and the last has 1, 3 or 4 entries"},
        {"test", table_of(&D::test, part_keys(), "the data's own"),
         "of data that have no test part: as `validation`, and drawn before it"},
        {"target", text(&D::target, "none"), "the column of a `.csv` file that is foretold from the others"},
        {"class_weights", class_weights(),
         "`weight` of `nll` and `cross_entropy`, for each class, in training; `\"balanced\"`: examples / (classes x "
         "examples of the class), of those that are trained on, recorded. The losses of validation and test are not "
         "weighted"},
        {"pos_weight", placed(positive_weight(), &D::pos_weight_where),
         "the same of `bce_with_logits`: how much more a label weighs that is there, for all outputs or for each"},
        {"resize", placed(image_size(), &D::resize_where),
         "of a folder of images: `[height, width]`, by Pillow's bilinear filter", content},
        {"on_damaged", choice(&D::on_damaged),
         "of a folder of images of which some cannot be decoded: the first is told and nothing trained, or they are "
         "left out",
         content},
    };
    return keys;
}

}  // namespace labhost
