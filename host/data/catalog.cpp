#include "data/catalog.hpp"

#include <algorithm>
#include <cstdlib>

#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

// MNIST: LeCun, Cortes, Burges. Fashion-MNIST: Xiao, Rasul, Vollgraf, arXiv:1708.07747. The hashes were taken from
// files whose MD5 is the one that torchvision.datasets checks.
constexpr std::array<CatalogEntry, 2> entries{
    {{"mnist",
      {{{"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
        {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
        {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
        {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}}},
      {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
     {"fashion-mnist",
      {{{"train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
        {"train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
        {"t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
        {"t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"}}},
      {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"}}}};

}  // namespace

std::span<const CatalogEntry> catalog() { return entries; }

const CatalogEntry* find_in_catalog(std::string_view name) {
    const auto* const found = std::ranges::find(entries, name, &CatalogEntry::name);
    return found == entries.end() ? nullptr : &*found;
}

std::vector<std::string> catalog_names() {
    std::vector<std::string> names;
    for (const CatalogEntry& entry : entries) names.emplace_back(entry.name);
    return names;
}

fs::path data_folder(const std::optional<fs::path>& chosen) {
    if (chosen) return *chosen;
    if (const char* folder = std::getenv("LABHOST_DATA"); folder != nullptr && *folder != '\0') return folder;
    fs::path cache = user_cache_folder();
    if (cache.empty())
        throw Error(ExitCode::usage,
                    "neither HOME nor XDG_CACHE_HOME is set, so there is no folder for data sets; "
                    "name one with --data DIR or LABHOST_DATA");
    return cache;
}

std::optional<fs::path> find_idx(const fs::path& folder, std::string_view name) {
    const fs::path raw = folder / name;
    if (file_exists(raw)) return raw;
    fs::path gzipped = raw;
    gzipped += ".gz";
    if (file_exists(gzipped)) return gzipped;
    return std::nullopt;
}

}  // namespace labhost
