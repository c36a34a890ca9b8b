#include "data/dataset.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "data/catalog.hpp"
#include "data/examples.hpp"
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
    return read_idx_folder(folder, entry, settings.dataset, settings.where);
}

/// By what is there.
RawData read_path(const DataSettings& settings) {
    const fs::path path = settings.dataset;
    std::error_code error;
    if (!fs::exists(path, error)) fail_at(settings.where, fmt::format("data.dataset: there is no {}", path.native()));
    if (!fs::is_directory(path, error)) {
        if (path.extension() == ".npz") return read_named_arrays(open_npz(path));
        if (path.extension() == ".csv") return read_csv(path, settings.target, settings.where);
        fail_at(settings.where, fmt::format("data.dataset: {} is neither a .npz nor a .csv file", path.native()));
    }
    const NamedArrays arrays = open_npy_folder(path);
    const bool has_idx = is_idx_folder(path);
    const bool has_cifar = is_cifar_folder(path);
    if (int{has_idx} + int{has_cifar} + int{!arrays.names.empty()} > 1)
        fail_at(settings.where,
                fmt::format("data.dataset: {} holds files of several kinds (IDX, CIFAR's, .npy); leave one "
                            "kind there",
                            path.native()));
    if (has_idx) return read_idx_folder(path, nullptr, settings.dataset, settings.where);
    if (has_cifar) return read_cifar(path);
    if (!arrays.names.empty()) return read_named_arrays(arrays);
    fail_at(settings.where,
            fmt::format("data.dataset: {} has no file train-images-idx3-ubyte (or .gz), no .npy files (x_train.npy, "
                        "y_train.npy, ...) and none of CIFAR's (data_batch_1.bin, train.bin)",
                        path.native()));
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

void draw_test(const DataSettings& settings, Dataset& dataset) {
    if (!settings.test)
        fail_at(settings.where,
                fmt::format("the data set {} has no test part: add data.test = {{ fraction = 0.2 }}, which "
                            "draws one",
                            settings.dataset));
    const std::int64_t count = dataset.train.count;
    const std::int64_t tested = part_size(count, *settings.test);
    if (tested < 1 || tested >= count)
        fail_at(settings.test->where,
                fmt::format("data.test: of {} examples {} would be kept to test with; at least one "
                            "must be, and one trained on",
                            count, tested));
    const TwoParts parts = random_split(count, tested, settings.test->seed);
    dataset.test = taken_from(dataset.train, parts.part);
    dataset.train = taken_from(dataset.train, parts.rest);
}

}  // namespace

Dataset load_dataset(const DataSettings& settings, const std::optional<fs::path>& chosen_folder, TargetKind kind) {
    const fs::path folder =
        settings.is_path() ? fs::path(settings.dataset) : data_folder(chosen_folder) / settings.dataset;
    if (!settings.target.empty() && !settings.dataset.ends_with(".csv"))
        fail_at(settings.where, fmt::format("data.target names a column of a .csv file, which {} is not; leave it out",
                                            settings.dataset));
    RawData raw = settings.is_path() ? read_path(settings) : read_by_name(settings, folder);
    Dataset dataset{.name = settings.dataset, .folder = folder, .sha256 = std::move(raw.sha256)};
    dataset.train = make_split(std::move(raw.train), settings.layout, kind);
    if (raw.validation) {
        dataset.validation = make_split(*std::move(raw.validation), settings.layout, kind);
        check_alike(dataset, *dataset.validation, "validate with");
    }
    if (!raw.test) {
        draw_test(settings, dataset);
        return dataset;
    }
    if (settings.test)
        fail_at(settings.test->where,
                fmt::format("data.test: the data set {} has a test part of its own; leave this out", settings.dataset));
    dataset.test = make_split(*std::move(raw.test), settings.layout, kind);
    check_alike(dataset, dataset.test, "test with");
    return dataset;
}

std::string loading_key(const DataSettings& settings, TargetKind kind) {
    // Not by way of JSON: it is made for each of a hundred thousand runs.
    const PartSettings test = settings.test.value_or(PartSettings{});
    return fmt::format("{}\n{}\n{} {} {} {} {}", settings.dataset, settings.target, static_cast<int>(kind),
                       settings.layout ? to_text(*settings.layout) : "-", test.count.value_or(0),
                       test.fraction.value_or(0.0), test.seed);
}

void check_fits_data(const DataSettings& settings, const Dataset& dataset) {
    const auto check = [](const char* key, const std::optional<std::int64_t>& limit, const Location& where,
                          const Split& split) {
        if (limit && *limit > split.count)
            fail_at(where, fmt::format("data.{} = {}, but the data set has {} examples", key, *limit, split.count));
    };
    check("train_limit", settings.train_limit, settings.train_limit_where, dataset.train);
    check("test_limit", settings.test_limit, settings.test_limit_where, dataset.test);
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
