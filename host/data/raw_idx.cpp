#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "data/idx.hpp"
#include "data/raw_data.hpp"
#include "support/error.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

struct Source {
    const fs::path& folder;
    const CatalogEntry* entry;  ///< nullptr for a folder of the user's
    const std::string& name;
    const Location& where;

    PlacedArray read(const CatalogFile& file, std::vector<std::string>& hashes) const;
};

[[noreturn]] void fail(const std::string& message) { throw Error(ExitCode::usage, message); }

fs::path locate(const Source& source, std::string_view file) {
    if (const auto path = find_idx(source.folder, file)) return *path;
    if (source.entry == nullptr)
        fail_at(source.where, fmt::format("the data set {} has no file {} (or {}.gz)", source.name, file, file));
    fail_at(source.where,
            fmt::format("the data set '{}' is not in {} ({} is missing); get it with: labhost fetch {} --data {}",
                        source.name, source.folder.native(), file, source.name, source.folder.parent_path().native()));
}

PlacedArray Source::read(const CatalogFile& file, std::vector<std::string>& hashes) const {
    const fs::path path = locate(*this, file.name);
    IdxFile idx = read_idx(path);
    if (entry != nullptr && idx.sha256 != file.sha256)
        fail(
            fmt::format("{}: error: this is not the {} of {}: its SHA-256 is {}, not {}; delete it and run: labhost "
                        "fetch {} (to train on data of your own, name their folder in data.dataset)",
                        path.native(), file.name, name, idx.sha256, file.sha256, name));
    hashes.push_back(std::move(idx.sha256));
    return {std::move(idx.array), path.native()};
}

}  // namespace

bool is_idx_folder(const fs::path& folder) {
    return std::ranges::any_of(catalog().front().files,
                               [&](const CatalogFile& file) { return find_idx(folder, file.name).has_value(); });
}

RawData read_idx_folder(const fs::path& folder, const CatalogEntry* entry, const std::string& name,
                        const Location& where) {
    const Source source{folder, entry, name, where};
    const auto& files = (entry != nullptr ? *entry : catalog().front()).files;  // the same names for all
    RawData data;
    data.train.inputs = source.read(files[0], data.sha256);
    data.train.targets = source.read(files[1], data.sha256);
    const bool has_no_test = entry == nullptr && !find_idx(folder, files[2].name) && !find_idx(folder, files[3].name);
    if (has_no_test) return data;
    data.test.emplace();
    data.test->inputs = source.read(files[2], data.sha256);
    data.test->targets = source.read(files[3], data.sha256);
    return data;
}

}  // namespace labhost
