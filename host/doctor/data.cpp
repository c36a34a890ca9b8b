#include "doctor/data.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "data/catalog.hpp"
#include "doctor/ask.hpp"
#include "doctor/folder.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds data_limit{60};

/// The way to fetch it there; without --data where labhost looks there anyway.
std::string fetch_command(std::string_view name, const std::optional<fs::path>& chosen) {
    return chosen ? fmt::format("labhost fetch {} --data {}", name, shell_quoted(chosen->native()))
                  : fmt::format("labhost fetch {}", name);
}

Finding look_at_dataset(const CatalogEntry& entry, const fs::path& folder, const std::optional<fs::path>& chosen) {
    if (std::error_code ignored; fs::is_directory(folder, ignored) && ::access(folder.c_str(), R_OK | X_OK) != 0)
        return {.name = std::string(entry.name),
                .status = Finding::Status::warning,
                .says = fmt::format("{} is not yours to read", folder.native()),
                .remedy = "have its rights changed, or name another data folder with --data DIR",
                .data = {{"folder", folder.native()}, {"missing", Json::array()}, {"complete", false}}};
    std::vector<std::string> missing;
    std::vector<std::string> damaged;
    for (const CatalogFile& file : entry.files) {
        const auto path = find_file(entry, file, folder);
        if (!path) {
            missing.emplace_back(file.name);
            continue;
        }
        try {
            if (sha256_of(entry, *path) != genuine_sha256(file, folder))
                damaged.push_back(path->filename().native() + " (not the genuine file)");
        } catch (const Error& e) {
            damaged.push_back(fmt::format("{} ({})", path->filename().native(), e.what()));
        }
    }
    Finding finding{.name = std::string(entry.name),
                    .data = {{"folder", folder.native()}, {"missing", missing}, {"damaged", damaged}}};
    const bool absent = missing.size() == entry.files.size();
    finding.data["complete"] = missing.empty() && damaged.empty();
    if (missing.empty() && damaged.empty()) {
        finding.says = "complete, each file with its SHA-256";
        return finding;
    }
    finding.remedy = fetch_command(entry.name, chosen);
    if (absent) {
        finding.says = "not here";
        return finding;
    }
    finding.status = Finding::Status::warning;
    std::vector<std::string> faults;
    if (!missing.empty()) faults.push_back("missing: " + join(missing));
    if (!damaged.empty()) faults.push_back("damaged: " + join(damaged));
    finding.says = fmt::format("not complete in {}; {}", folder.native(), join(faults, "; "));
    return finding;
}

/// Other folders there that hold the four files of a data set.
std::vector<std::string> other_datasets(const fs::path& folder) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().native();
        if (find_in_catalog(name) == nullptr && std::ranges::all_of(idx_names, [&](std::string_view file) {
                return find_idx(entry.path(), file).has_value();
            }))
            found.push_back(name);
    }
    std::ranges::sort(found);
    return found;
}

void tell_of_data(const fs::path& folder, const std::optional<fs::path>& chosen, const Tell& tell) {
    Finding place{.name = "data folder", .says = folder.native(), .data = {{"folder", folder.native()}}};
    const FolderState state = state_of(folder);
    Findings datasets;
    std::vector<std::string> others;
    if (state.there) {
        constexpr std::size_t always_told = 2;  // the others only if something of them is there
        for (std::size_t i = 0; i < catalog().size(); ++i)
            if (const CatalogEntry& entry = catalog()[i]; i < always_told || file_exists(folder / entry.name))
                datasets.push_back(look_at_dataset(entry, folder / entry.name, chosen));
        others = other_datasets(folder);
    }
    const auto is_absent = [](const Finding& dataset) {
        return dataset.data.at("missing").size() == find_in_catalog(dataset.name)->files.size();
    };
    const std::string fetch = fetch_command("mnist", chosen);
    if (state.missing) {
        place.says += ": it is not there, and so no data set";
        place.remedy = fmt::format("{} makes it; or name another with --data DIR", fetch);
    } else if (!state.there) {
        place.says += ": " + state.fault;
        place.remedy = "have its rights changed, or name another with --data DIR";
    } else if (others.empty() && std::ranges::all_of(datasets, is_absent)) {
        place.says += ": no data set is there";
        place.remedy = fmt::format("{}; or name another folder with --data DIR", fetch);
    }
    if (!place.remedy.empty()) place.status = Finding::Status::warning;
    if (!others.empty()) place.says += fmt::format("; data sets there that labhost has no list of: {}", join(others));
    place.data["others"] = others;
    tell(place);
    for (const Finding& dataset : datasets) tell(dataset);
}

}  // namespace

Findings look_at_data(const std::optional<fs::path>& chosen) {
    fs::path folder;
    try {
        folder = data_folder(chosen);
    } catch (const Error& e) {  // neither HOME nor another place is set
        return {finding_of("data folder", Finding::Status::warning, e)};
    }
    return look_in_child(
        {.name = "data folder",
         .if_it_fails = Finding::Status::warning,
         .limit = data_limit,
         .remedy = "its file system does not answer: look at df and dmesg, or name another folder with --data DIR"},
        [&](const Tell& tell) { tell_of_data(folder, chosen, tell); });
}

}  // namespace labhost
