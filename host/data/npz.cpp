#include "data/npz.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <zip.h>

#include "data/npy.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".npy";

[[noreturn]] void fail(const std::string& where, const std::string& what) {
    throw Error(ExitCode::usage, fmt::format("{}: error: {}", where, what));
}

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

struct CloseMember {
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};

Archive open_archive(const fs::path& file) {
    int code = 0;
    Archive archive(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (archive) return archive;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail(file.native(), fmt::format("cannot be read as a .npz file (a zip archive): {}", why));
}

/// In pieces: a size that is written in the archive must not make us ask for memory that it does not fill.
std::string bytes_of(zip_t* archive, zip_uint64_t index, const std::string& where) {
    const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, index, 0));
    if (!member) fail(where, fmt::format("cannot be read: {}", zip_strerror(archive)));
    std::string bytes;
    for (;;) {
        const std::size_t before = bytes.size();
        constexpr std::size_t least = 1U << 20U;
        bytes.resize(before + std::max(least, before));
        const zip_int64_t count = zip_fread(member.get(), bytes.data() + before, bytes.size() - before);
        if (count < 0) fail(where, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
        bytes.resize(before + static_cast<std::size_t>(count));
        if (count == 0) return bytes;
    }
}

/// "x_train" of "x_train.npy"; "" of what is no array.
std::string array_name(std::string_view file) {
    return file.ends_with(suffix) ? std::string(file.substr(0, file.size() - suffix.size())) : "";
}

}  // namespace

NamedArrays open_npz(const fs::path& file) {
    const std::shared_ptr<zip_t> archive(open_archive(file));
    NamedArrays arrays{.where = file.native()};
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
        const char* name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0);
        if (const std::string found = array_name(name == nullptr ? "" : name); !found.empty())
            arrays.names.push_back(found);
    }
    arrays.read = [archive, where = arrays.where](const std::string& name) {
        const std::string member = fmt::format("{}{}", name, suffix);
        const std::string place = fmt::format("{}: {}", where, member);
        const zip_int64_t index = zip_name_locate(archive.get(), member.c_str(), 0);
        if (index < 0) fail(place, "is not there");
        return read_npy(bytes_of(archive.get(), static_cast<zip_uint64_t>(index), place), place);
    };
    arrays.sha256 = [file](const std::vector<std::string>&) { return sha256_of_file(file); };
    return arrays;
}

NamedArrays open_npy_folder(const fs::path& folder) {
    NamedArrays arrays{.where = folder.native()};
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (const std::string name = array_name(entry->path().filename().native()); !name.empty())
            arrays.names.push_back(name);
    std::ranges::sort(arrays.names);
    const auto path_of = [folder](const std::string& name) { return folder / fmt::format("{}{}", name, suffix); };
    arrays.read = [path_of](const std::string& name) { return read_npy(read_file(path_of(name)), path_of(name)); };
    arrays.sha256 = [path_of](const std::vector<std::string>& used) {
        std::string hashes;
        for (const std::string& name : used) hashes += sha256_of_file(path_of(name));
        return sha256(hashes);
    };
    return arrays;
}

}  // namespace labhost
