#include "data/dataset.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/catalog.hpp"
#include "data/examples.hpp"
#include "data/images/folder.hpp"
#include "data/images/read.hpp"
#include "data/npz.hpp"
#include "data/random_split.hpp"
#include "data/raw_data.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

RawData read_by_name(const DataSettings& settings, const fs::path& folder) {
    const CatalogEntry* entry = find_in_catalog(settings.dataset);
    if (entry == nullptr)
        fail_at(settings.where,
                fmt::format("unknown data set '{}'{} (known: {}; a file or folder is written with a '/', as './{}')",
                            settings.dataset, did_you_mean(settings.dataset, catalog_names()), join(catalog_names()),
                            settings.dataset));
    if (entry->format == FileFormat::cifar) return read_cifar(folder, entry, settings.where);
    return read_idx_folder(folder, entry, settings.dataset, settings.where);
}

void check_one_kind(const fs::path& folder, const DataSettings& settings) {
    const int kinds = int{is_idx_folder(folder)} + int{is_cifar_folder(folder)} +
                      int{!open_npy_folder(folder).names.empty()} + int{!settings.image_sizes.empty()};
    if (kinds > 1)
        fail_at(settings.where,
                fmt::format("data.dataset: {} holds files of several kinds (IDX, CIFAR's, .npy, folders of images); "
                            "leave one kind there",
                            folder.native()));
}

/// By what is there.
RawData read_file_or_folder(const DataSettings& settings) {
    const fs::path path = settings.dataset;
    std::error_code error;
    if (!fs::exists(path, error)) fail_at(settings.where, fmt::format("data.dataset: there is no {}", path.native()));
    if (!fs::is_directory(path, error)) {
        if (path.extension() == ".npz") return read_named_arrays(open_npz(path));
        if (path.extension() == ".csv") return read_csv(path, settings.target, settings.where);
        fail_at(settings.where, fmt::format("data.dataset: {} is neither a .npz nor a .csv file", path.native()));
    }
    check_one_kind(path, settings);
    if (is_idx_folder(path)) return read_idx_folder(path, nullptr, settings.dataset, settings.where);
    if (is_cifar_folder(path)) return read_cifar(path, nullptr, settings.where);
    if (const NamedArrays arrays = open_npy_folder(path); !arrays.names.empty()) return read_named_arrays(arrays);
    fail_at(settings.where,
            fmt::format("data.dataset: {} has no file train-images-idx3-ubyte (or .gz), no .npy files (x_train.npy, "
                        "y_train.npy, ...), none of CIFAR's (data_batch_1.bin, train.bin), and no folders of images "
                        "(CLASS/*.png, or train/CLASS/*.png)",
                        path.native()));
}

LoadedParts parts_of(RawData raw, const DataSettings& settings, TargetKind kind) {
    LoadedParts parts{.train = make_split(std::move(raw.train), settings.layout, kind)};
    if (raw.validation) parts.validation = make_split(*std::move(raw.validation), settings.layout, kind);
    if (raw.test) parts.test = make_split(*std::move(raw.test), settings.layout, kind);
    parts.sha256 = std::move(raw.sha256);
    return parts;
}

/// float32 [count, 1], for a loss that makes of them what it likes.
void labels_to_targets(Split& split) {
    split.targets.assign(split.labels.begin(), split.labels.end());
    split.outputs = 1;
    split.labels.clear();
}

/// What only some kinds of data have is refused of others.
void check_keys(const DataSettings& settings, TargetKind kind) {
    if (!settings.target.empty() && !settings.dataset.ends_with(".csv"))
        fail_at(settings.where, fmt::format("data.target names a column of a .csv file, which {} is not; leave it out",
                                            settings.dataset));
    if (settings.image_sizes.empty()) {
        if (settings.on_damaged == OnDamaged::skip)
            fail_at(settings.where,
                    fmt::format("data.on_damaged = \"skip\" is of folders of images (PNG, JPEG), which {} "
                                "is not; leave it out",
                                settings.dataset));
        if (!settings.resize.empty())
            fail_at(settings.resize_where, fmt::format("data.resize is of folders of images (PNG, JPEG), which {} is "
                                                       "not; leave it out",
                                                       settings.dataset));
        return;
    }
    if (settings.layout) fail_at(settings.where, "data.layout is of arrays, not of folders of images; leave it out");
    if (kind == TargetKind::reals || kind == TargetKind::labels)
        fail_at(settings.where, fmt::format("data.dataset: a folder of images tells their classes, which go with "
                                            "trainer.loss = \"nll\", \"cross_entropy\" or \"model\"; other targets of "
                                            "images are saved as arrays (.npz)"));
}

/// Of one kind, and one shape.
void check_alike(const Dataset& dataset, const Split& other, const char* name) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", dataset.folder.native(), what));
    };
    if (dataset.train.sizes != other.sizes)
        fail(fmt::format("the examples to train on are {}, those to {} {}", shape_text(dataset.train.sizes), name,
                         shape_text(other.sizes)));
    if (dataset.train.outputs != other.outputs)
        fail(fmt::format("the examples to train on have {} targets each, those to {} {}", dataset.train.outputs, name,
                         other.outputs));
    if (dataset.train.is_bytes() != other.is_bytes())
        fail(
            fmt::format("of the examples to train on and those to {} one are bytes, which are divided by 255, and one "
                        "other numbers, which are not; save both alike",
                        name));
}

void check_stratify(const char* key, const PartSettings& part, const Dataset& dataset) {
    if (part.stratify && dataset.train.labels.empty())
        fail_at(part.where, fmt::format("data.{}.stratify is of classes, and {} has other targets; leave it out", key,
                                        dataset.name));
}

void draw_test(const DataSettings& settings, Dataset& dataset) {
    if (!settings.test)
        fail_at(settings.where,
                fmt::format("the data set {} has no test part: add data.test = {{ fraction = 0.2 }}, which "
                            "draws one",
                            settings.dataset));
    check_stratify("test", *settings.test, dataset);
    const std::int64_t count = dataset.train.count;
    const std::int64_t tested = part_size(count, *settings.test);
    if (tested < 1 || tested >= count)
        fail_at(settings.test->where,
                fmt::format("data.test: of {} examples {} would be kept to test with; at least one "
                            "must be, and one trained on",
                            count, tested));
    const TwoParts parts = split_off(count, *settings.test, dataset.train.labels);
    dataset.test = taken_from(dataset.train, parts.part);
    dataset.train = taken_from(dataset.train, parts.rest);
}

std::uint64_t size_of(const Split& split) {
    return split.bytes.size() + 4 * (split.reals.size() + split.targets.size()) +
           8 * (split.labels.size() + split.places.size());
}

}  // namespace

std::uint64_t Dataset::size() const {
    // What was drawn from the same examples shares them.
    const std::uint64_t shared = test.places.empty() ? 0 : test.bytes.size() + 4 * test.reals.size();
    return size_of(train) + size_of(test) - shared + (validation ? size_of(*validation) : 0);
}

fs::path place_of(const DataSettings& settings, const std::optional<fs::path>& chosen_folder) {
    return settings.is_path() ? fs::path(settings.dataset) : data_folder(chosen_folder) / settings.dataset;
}

LoadedParts load_parts(const DataSettings& settings, const std::optional<fs::path>& chosen_folder, TargetKind kind) {
    check_keys(settings, kind);
    const fs::path place = place_of(settings, chosen_folder);
    if (!settings.is_path()) return parts_of(read_by_name(settings, place), settings, kind);
    if (settings.image_sizes.empty()) return parts_of(read_file_or_folder(settings), settings, kind);
    check_one_kind(place, settings);
    LoadedParts parts = read_images(place, settings);
    if (kind == TargetKind::given) {
        labels_to_targets(parts.train);
        if (parts.validation) labels_to_targets(*parts.validation);
        if (parts.test) labels_to_targets(*parts.test);
    }
    return parts;
}

Dataset load_dataset(const DataSettings& settings, const std::optional<fs::path>& chosen_folder, TargetKind kind) {
    LoadedParts parts = load_parts(settings, chosen_folder, kind);
    Dataset dataset{
        .name = settings.dataset, .folder = place_of(settings, chosen_folder), .train = std::move(parts.train)};
    dataset.validation = std::move(parts.validation);
    dataset.sha256 = std::move(parts.sha256);
    dataset.classes = std::move(parts.classes);
    dataset.left_out = std::move(parts.left_out);
    if (dataset.validation) check_alike(dataset, *dataset.validation, "validate with");
    if (!parts.test) {
        draw_test(settings, dataset);
        return dataset;
    }
    if (settings.test)
        fail_at(settings.test->where,
                fmt::format("data.test: the data set {} has a test part of its own; leave this out", settings.dataset));
    dataset.test = *std::move(parts.test);
    check_alike(dataset, dataset.test, "test with");
    return dataset;
}

std::string loading_key(const DataSettings& settings, TargetKind kind) {
    // Not by way of JSON: it is made for each of a hundred thousand runs.
    const PartSettings test = settings.test.value_or(PartSettings{});
    return fmt::format("{}\n{}\n{} {} {} {} {} {} {} {} {}", settings.dataset, settings.target, static_cast<int>(kind),
                       settings.layout ? to_text(*settings.layout) : "-", test.count.value_or(0),
                       test.fraction.value_or(0.0), test.seed, test.stratify, fmt::join(settings.image_sizes, "x"),
                       fmt::join(settings.resize, "x"), static_cast<int>(settings.on_damaged));
}

void check_fits_data(const DataSettings& settings, const Dataset& dataset) {
    const auto check = [](const char* key, const std::optional<std::int64_t>& limit, const Location& where,
                          const Split& split) {
        if (limit && *limit > split.count)
            fail_at(where, fmt::format("data.{} = {}, but the data set has {} examples", key, *limit, split.count));
    };
    check("train_limit", settings.train_limit, settings.train_limit_where, dataset.train);
    check("test_limit", settings.test_limit, settings.test_limit_where, dataset.test);
    if (settings.validation) check_stratify("validation", *settings.validation, dataset);
    if (settings.validation && dataset.validation)
        fail_at(settings.validation->where, fmt::format("data.validation: the data set {} has a validation part of its "
                                                        "own, which is taken; leave this out",
                                                        dataset.name));
    const auto channels = static_cast<std::size_t>(channels_of(dataset.train.sizes));
    for (const auto& [key, values] :
         {std::pair{"mean", &settings.normalize.mean}, std::pair{"std", &settings.normalize.std}})
        if (values->size() != 1 && values->size() != channels)
            fail_at(settings.normalize.where,
                    fmt::format("data.normalize.{} has {} entries; the examples of {} are {}: give one, or {}", key,
                                values->size(), dataset.name, shape_text(dataset.train.sizes), channels));
}

}  // namespace labhost
