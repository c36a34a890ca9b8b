#include "data/dataset.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "data/catalog.hpp"
#include "data/idx.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& message) { throw Error(ExitCode::usage, message); }

struct Source {
    fs::path folder;
    const CatalogEntry* entry;  ///< nullptr for a folder of the user's
    std::string name;
};

Source locate(const DataSettings& settings, const std::optional<fs::path>& chosen_folder) {
    if (settings.dataset.find('/') != std::string::npos) return {settings.dataset, nullptr, settings.dataset};
    const CatalogEntry* entry = find_in_catalog(settings.dataset);
    if (entry == nullptr)
        fail(fmt::format("{}: error: unknown data set '{}'{} (known: {}; a folder is written with a '/', as './{}')",
                         settings.where.text(), settings.dataset, did_you_mean(settings.dataset, catalog_names()),
                         join(catalog_names()), settings.dataset));
    return {data_folder(chosen_folder) / settings.dataset, entry, settings.dataset};
}

fs::path locate_file(const Source& source, std::string_view file, const Location& where) {
    const auto path = find_idx(source.folder, file);
    if (path) return *path;
    if (source.entry == nullptr)
        fail(
            fmt::format("{}: error: the data set {} has no file {} (or {}.gz)", where.text(), source.name, file, file));
    fail(fmt::format(
        "{}: error: the data set '{}' is not in {} ({} is missing); get it with: labhost fetch {} --data {}",
        where.text(), source.name, source.folder.native(), file, source.name, source.folder.parent_path().native()));
}

void check_hash(const Source& source, const CatalogFile& file, const fs::path& path, const std::string& sha256) {
    if (sha256 != file.sha256)
        fail(
            fmt::format("{}: error: this is not the {} of {}: its SHA-256 is {}, not {}; delete it and run: labhost "
                        "fetch {} (to train on data of your own, name their folder in data.dataset)",
                        path.native(), file.name, source.name, sha256, file.sha256, source.name));
}

Split load_split(const Source& source, std::span<const CatalogFile, 2> files, const Location& where,
                 std::vector<std::string>& sha256) {
    const fs::path images_path = locate_file(source, files[0].name, where);
    const fs::path labels_path = locate_file(source, files[1].name, where);
    IdxFile images = read_idx(images_path, 3);
    IdxFile labels = read_idx(labels_path, 1);
    if (images.sizes[0] != labels.sizes[0])
        fail(fmt::format("{}: error: holds {} labels, but {} holds {} images", labels_path.native(), labels.sizes[0],
                         images_path.native(), images.sizes[0]));
    if (source.entry != nullptr) {
        check_hash(source, files[0], images_path, images.sha256);
        check_hash(source, files[1], labels_path, labels.sha256);
    }
    sha256.push_back(images.sha256);
    sha256.push_back(labels.sha256);
    const int largest = *std::ranges::max_element(labels.values);
    return {.count = images.sizes[0],
            .height = images.sizes[1],
            .width = images.sizes[2],
            .images = std::move(images.values),
            .labels = std::move(labels.values),
            .largest_label = largest};
}

}  // namespace

Dataset load_dataset(const DataSettings& settings, const std::optional<fs::path>& chosen_folder) {
    const Source source = locate(settings, chosen_folder);
    // The names are the same for all data sets in this format.
    const auto& files = (source.entry != nullptr ? *source.entry : catalog().front()).files;
    Dataset dataset{.name = settings.dataset, .folder = source.folder};
    dataset.train = load_split(source, std::span(files).first<2>(), settings.where, dataset.sha256);
    dataset.test = load_split(source, std::span(files).last<2>(), settings.where, dataset.sha256);
    if (dataset.train.height != dataset.test.height || dataset.train.width != dataset.test.width)
        fail(fmt::format("{}: error: the training images are {}x{}, the test images {}x{}", source.folder.native(),
                         dataset.train.height, dataset.train.width, dataset.test.height, dataset.test.width));
    return dataset;
}

void check_limits(const DataSettings& settings, const Dataset& dataset) {
    const auto check = [](const char* key, const std::optional<std::int64_t>& limit, const Location& where,
                          const Split& split) {
        if (limit && *limit > split.count)
            fail_at(where, fmt::format("data.{} = {}, but the data set has {} examples", key, *limit, split.count));
    };
    check("train_limit", settings.train_limit, settings.train_limit_where, dataset.train);
    check("test_limit", settings.test_limit, settings.test_limit_where, dataset.test);
}

}  // namespace labhost
