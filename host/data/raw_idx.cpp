#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "data/idx.hpp"
#include "data/raw_data.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

struct Source {
    const fs::path& folder;
    const CatalogEntry* entry;  ///< nullptr for a folder of the user's
    const std::string& name;
    const Location& where;

    /// One of the four.
    PlacedArray read(std::size_t file, std::vector<std::string>& hashes) const;
};

fs::path locate(const Source& source, std::string_view file) {
    if (const auto path = find_idx(source.folder, file)) return *path;
    if (source.entry == nullptr)
        fail_at(source.where, fmt::format("the data set {} has no file {} (or {}.gz)", source.name, file, file));
    fail_missing(*source.entry, source.folder, file, source.where);
}

PlacedArray Source::read(std::size_t file, std::vector<std::string>& hashes) const {
    const fs::path path = locate(*this, idx_names[file]);
    IdxFile idx = read_idx(path);
    if (entry != nullptr) check_genuine(*entry, entry->files[file], folder, idx.sha256, where);
    hashes.push_back(std::move(idx.sha256));
    return {std::move(idx.array), path.native()};
}

}  // namespace

bool is_idx_folder(const fs::path& folder) {
    return std::ranges::any_of(idx_names, [&](std::string_view name) { return find_idx(folder, name).has_value(); });
}

RawData read_idx_folder(const fs::path& folder, const CatalogEntry* entry, const std::string& name,
                        const Location& where) {
    const Source source{folder, entry, name, where};
    RawData data;
    data.train.inputs = source.read(0, data.sha256);
    data.train.targets = source.read(1, data.sha256);
    const bool has_no_test = entry == nullptr && !find_idx(folder, idx_names[2]) && !find_idx(folder, idx_names[3]);
    if (has_no_test) return data;
    data.test.emplace();
    data.test->inputs = source.read(2, data.sha256);
    data.test->targets = source.read(3, data.sha256);
    return data;
}

}  // namespace labhost
