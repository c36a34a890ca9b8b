// The keys of [data]: a new one is a line here and a member of its struct.
#include "config/keys.hpp"

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
                    const auto name = table.string(key);
                    if (!name) return;
                    const bool is_folder = name->find('/') != std::string::npos;
                    settings.dataset = is_folder ? resolve(*name, table.where(key), folder).native() : *name;
                },
            .value = [](const DataSettings& settings, Use) { return Json(settings.dataset); }};
}

KeyType<DataSettings> standard_deviation() {
    constexpr double largest = 1e6;
    return key_type({.type = "number", .minimum = 0.0, .maximum = largest, .above_minimum = true}, &DataSettings::std,
                    [](StrictTable& table, const std::string& key) {
                        const auto std = table.number(key, 0.0, largest);
                        if (std && static_cast<float>(*std) == 0.0F)
                            table.fail(key, fmt::format("= {} would divide by zero (it is a float32)", *std));
                        return std;
                    });
}

/// Of count and fraction the one that is written last stands.
KeyType<ValidationSettings> fraction() {
    auto type = number(&ValidationSettings::fraction, 0.0, 1.0, "none");
    type.description.above_minimum = type.description.below_maximum = true;
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

Keys<DataSettings> normalize_keys() {
    using enum Effect;
    using enum Recorded;
    using D = DataSettings;
    return {
        {"mean", number(&D::mean, -1e6, 1e6), "of the pixels, which are 0 to 1", numbers, always},
        {"std", standard_deviation(), "of the pixels; not 0", numbers, always},
    };
}

}  // namespace

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
        {"drop_last", placed(boolean(&D::drop_last), &D::drop_last_where),
         "leaves out a last batch of the training data that is not whole"},
        {"augment", table_of(&D::augment, augment_keys()),
         "what is done at random to a training image, as torchvision's transforms do it, in this order"},
        {"train_limit", placed(integer(&D::train_limit, 1, any_integer, "all"), &D::train_limit_where),
         "only the first N training examples", content},
        {"test_limit", placed(integer(&D::test_limit, 1, any_integer, "all"), &D::test_limit_where),
         "only the first N test examples", content},
    };
    return keys;
}

}  // namespace labhost
