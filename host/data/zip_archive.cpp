#include "data/zip_archive.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <zip.h>

#include "data/array.hpp"
#include "support/machine.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct CloseMember {
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};

/// The size that the archive promises is believed up to what deflate can make of so many bytes, and no more than the
/// machine has.
std::string bytes_of(zip_t* archive, zip_uint64_t index, const std::string& where) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
        refuse_data(where, fmt::format("cannot be read: {}", zip_strerror(archive)));
    constexpr zip_uint64_t deflates_to = 1040;  // times the bytes, and a little
    if ((stat.valid & ZIP_STAT_COMP_SIZE) != 0 && stat.size / deflates_to > stat.comp_size + 1)
        refuse_data(where, "is damaged: it promises more than its bytes can hold");
    if (const std::uint64_t memory = usable_memory(); memory != 0 && stat.size > memory)
        refuse_data(where, fmt::format("holds {}, more than this machine has memory", size_text(stat.size)));
    const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, index, 0));
    if (!member) refuse_data(where, fmt::format("cannot be read: {}", zip_strerror(archive)));
    std::string bytes(stat.size, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const zip_int64_t count = zip_fread(member.get(), bytes.data() + done, bytes.size() - done);
        if (count < 0) refuse_data(where, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
        if (count == 0) refuse_data(where, "is truncated");
        done += static_cast<std::size_t>(count);
    }
    char more = 0;  // which also makes libzip compare the checksum
    if (zip_fread(member.get(), &more, 1) != 0)
        refuse_data(where, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
    return bytes;
}

}  // namespace

void ZipArchive::Discard::operator()(zip* archive) const { zip_discard(archive); }

ZipArchive::ZipArchive(std::string bytes, std::string where, Checks checks)
    : bytes_(std::move(bytes)), where_(std::move(where)) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes_.data(), bytes_.size(), /*freep=*/0, &error);
    const int flags = checks == Checks::all ? ZIP_RDONLY | ZIP_CHECKCONS : ZIP_RDONLY;
    if (source != nullptr) archive_.reset(zip_open_from_source(source, flags, &error));
    if (!archive_ && source != nullptr) zip_source_free(source);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive_) refuse_data(where_, fmt::format("cannot be read as a zip archive, which a .npz file is: {}", why));
}

std::vector<std::string> ZipArchive::names() const {
    std::vector<std::string> names;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive_.get(), 0); ++i)
        if (const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0); name != nullptr)
            names.emplace_back(name);
    return names;
}

bool ZipArchive::has(const std::string& name) const { return zip_name_locate(archive_.get(), name.c_str(), 0) >= 0; }

std::string ZipArchive::read(const std::string& name) const {
    const std::string place = fmt::format("{}: {}", where_, printable(name));
    const zip_int64_t index = zip_name_locate(archive_.get(), name.c_str(), 0);
    if (index < 0) refuse_data(place, "is not there");
    return bytes_of(archive_.get(), static_cast<zip_uint64_t>(index), place);
}

}  // namespace labhost
