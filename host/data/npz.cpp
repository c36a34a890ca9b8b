#include "data/npz.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <zip.h>

#include "data/npy.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/machine.hpp"
#include "support/text.hpp"

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

/// Of the bytes that were read, which are those that are hashed. They must outlive it.
Archive open_archive(const std::string& bytes, const fs::path& file) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error);
    Archive archive(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
    if (!archive && source != nullptr) zip_source_free(source);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive) fail(file.native(), fmt::format("cannot be read as a .npz file (a zip archive): {}", why));
    return archive;
}

/// The size that the archive promises is believed up to what deflate can make of so many bytes, and no more than the
/// machine has.
std::string bytes_of(zip_t* archive, zip_uint64_t index, const std::string& where) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
        fail(where, fmt::format("cannot be read: {}", zip_strerror(archive)));
    constexpr zip_uint64_t deflates_to = 1040;  // times the bytes, and a little
    if ((stat.valid & ZIP_STAT_COMP_SIZE) != 0 && stat.size / deflates_to > stat.comp_size + 1)
        fail(where, "is damaged: it promises more than its bytes can hold");
    if (const std::uint64_t memory = usable_memory(); memory != 0 && stat.size > memory)
        fail(where, fmt::format("holds {}, more than this machine has memory", size_text(stat.size)));
    const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, index, 0));
    if (!member) fail(where, fmt::format("cannot be read: {}", zip_strerror(archive)));
    std::string bytes(stat.size, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const zip_int64_t count = zip_fread(member.get(), bytes.data() + done, bytes.size() - done);
        if (count < 0) fail(where, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
        if (count == 0) fail(where, "is truncated");
        done += static_cast<std::size_t>(count);
    }
    char more = 0;  // which also makes libzip compare the checksum
    if (zip_fread(member.get(), &more, 1) != 0)
        fail(where, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
    return bytes;
}

/// "x_train" of "x_train.npy"; "" of what is no array.
std::string array_name(std::string_view file) {
    return file.ends_with(suffix) ? std::string(file.substr(0, file.size() - suffix.size())) : "";
}

}  // namespace

NamedArrays open_npz(const fs::path& file) {
    const auto content = std::make_shared<const std::string>(read_file(file));
    const std::shared_ptr<zip_t> archive(open_archive(*content, file));
    NamedArrays arrays{.where = file.native()};
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
        const char* name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0);
        if (const std::string found = array_name(name == nullptr ? "" : name); !found.empty())
            arrays.names.push_back(found);
    }
    arrays.read = [content, archive, where = arrays.where](const std::string& name) {
        const std::string member = fmt::format("{}{}", name, suffix);
        const std::string place = fmt::format("{}: {}", where, printable(member));
        const zip_int64_t index = zip_name_locate(archive.get(), member.c_str(), 0);
        if (index < 0) fail(place, "is not there");
        return read_npy(bytes_of(archive.get(), static_cast<zip_uint64_t>(index), place), place);
    };
    arrays.sha256 = [content](const std::vector<std::string>&) { return sha256(*content); };
    return arrays;
}

NamedArrays open_npy_folder(const fs::path& folder) {
    NamedArrays arrays{.where = folder.native()};
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (const std::string name = array_name(entry->path().filename().native()); !name.empty())
            arrays.names.push_back(name);
    if (error) fail(folder.native(), fmt::format("cannot be read: {}", error.message()));
    std::ranges::sort(arrays.names);
    const auto path_of = [folder](const std::string& name) { return folder / fmt::format("{}{}", name, suffix); };
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
