#include "data/npz.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "data/npy.hpp"
#include "data/zip_archive.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".npy";

/// "x_train" of "x_train.npy"; "" of what is no array.
std::string array_name(std::string_view file) {
    return file.ends_with(suffix) ? std::string(file.substr(0, file.size() - suffix.size())) : "";
}

}  // namespace

NamedArrays open_npz(const fs::path& file) {
    const auto archive = std::make_shared<const ZipArchive>(read_file(file), file.native());
    NamedArrays arrays{.where = file.native()};
    for (const std::string& member : archive->names())
        if (const std::string found = array_name(member); !found.empty()) arrays.names.push_back(found);
    arrays.place = [where = arrays.where](const std::string& name) {
        return fmt::format("{}: {}{}", where, printable(name), suffix);
    };
    arrays.read = [archive, place = arrays.place](const std::string& name) {
        return read_npy(archive->read(fmt::format("{}{}", name, suffix)), place(name));
    };
    arrays.sha256 = [archive](const std::vector<std::string>&) { return sha256(archive->bytes()); };
    return arrays;
}

NamedArrays open_npy_folder(const fs::path& folder) {
    NamedArrays arrays{.where = folder.native()};
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (const std::string name = array_name(entry->path().filename().native()); !name.empty())
            arrays.names.push_back(name);
    if (error) refuse_data(folder.native(), fmt::format("cannot be read: {}", error.message()));
    std::ranges::sort(arrays.names);
    const auto path_of = [folder](const std::string& name) { return folder / fmt::format("{}{}", name, suffix); };
    arrays.place = [path_of](const std::string& name) { return path_of(name).native(); };
    const auto hashes = std::make_shared<std::map<std::string, std::string>>();  // of what was read
    arrays.read = [path_of, hashes](const std::string& name) {
        const std::string bytes = read_file(path_of(name));
        (*hashes)[name] = sha256(bytes);
        return read_npy(bytes, path_of(name));
    };
    arrays.sha256 = [hashes](const std::vector<std::string>& used) {
        std::string all;
        for (const std::string& name : used) all += hashes->at(name);
        return sha256(all);
    };
    return arrays;
}

}  // namespace labhost
