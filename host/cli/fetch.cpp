// labhost fetch: gets a data set that labhost knows by name.
#include <fmt/format.h>

#include "cli/option_groups.hpp"
#include "cli/verb.hpp"
#include "data/fetch.hpp"
#include "support/console.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct FetchOptions {
    std::string dataset{};
    std::optional<std::filesystem::path> data{};

    void declare(CommandLine& line) {
        line.argument("DATASET", dataset);
        declare_data(line, data);
    }
};

ExitCode fetch(const FetchOptions& options) {
    const CatalogEntry* entry = find_in_catalog(options.dataset);
    if (entry == nullptr)
        throw Error(ExitCode::usage,
                    fmt::format("labhost fetch: error: unknown data set '{}'{} (there are {})", options.dataset,
                                did_you_mean(options.dataset, catalog_names()), join(catalog_names())));
    const auto folder = data_folder(options.data) / entry->name;
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
    return make_verb("fetch", "gets a data set: mnist, fashion-mnist, kmnist, emnist-..., cifar10, cifar100", fetch);
}

}  // namespace labhost
