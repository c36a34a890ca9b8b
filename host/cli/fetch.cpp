// labhost fetch: gets a data set that labhost knows by name.
#include <fmt/format.h>

#include "cli/verbs.hpp"
#include "data/fetch.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

ExitCode fetch(const Options& options) {
    const CatalogEntry* entry = find_in_catalog(options.argument);
    if (entry == nullptr)
        throw Error(ExitCode::usage,
                    fmt::format("labhost fetch: error: unknown data set '{}'{} (there are {})", options.argument,
                                did_you_mean(options.argument, catalog_names()), join(catalog_names())));
    const auto folder = data_folder(options.places.data) / entry->name;
    if (is_complete(*entry, folder)) {
        fmt::print("{}: already in {}\n", entry->name, folder.native());
        return ExitCode::ok;
    }
    fetch_dataset(*entry, folder, [](const std::string& line) { diagnose(line + "\n"); });
    fmt::print("{}: now in {}\n", entry->name, folder.native());
    return ExitCode::ok;
}

}  // namespace

Verb fetch_verb() {
    return {
        {.verb = "fetch", .argument = "DATASET", .summary = "gets a data set: mnist or fashion-mnist", .data = true},
        fetch};
}

}  // namespace labhost
