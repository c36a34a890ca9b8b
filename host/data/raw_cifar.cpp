// CIFAR's binary version (cs.toronto.edu/~kriz/cifar.html): records of one label, or a coarse and a fine one, and 3072
// bytes, the red, green and blue values of 32x32 pixels.
#include <fmt/format.h>

#include "data/raw_data.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t image_size = 3 * 32 * 32;

struct Cifar {
    std::vector<std::string> train;
    std::string test;
    std::size_t labels;  ///< bytes before an image, of which the last is the label
    std::uint8_t classes;
};

const std::array<Cifar, 2>& versions() {
    static const std::array<Cifar, 2> all{{
        {{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
         "test_batch.bin",
         1,
         10},
        {{"train.bin"}, "test.bin", 2, 100},
    }};
    return all;
}

const Cifar* version_in(const fs::path& folder) {
    for (const Cifar& version : versions())
        if (file_exists(folder / version.train.front())) return &version;
    return nullptr;
}

void append(const Cifar& version, const fs::path& file, RawSplit& split, std::vector<std::string>& hashes) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", file.native(), what));
    };
    const std::string bytes = read_file(file);
    const std::size_t record = version.labels + image_size;
    if (bytes.empty() || bytes.size() % record != 0)
        fail(fmt::format("is no file of CIFAR-{}: its {} bytes are no whole number of records of {}", version.classes,
                         bytes.size(), record));
    hashes.push_back(sha256(bytes));
    for (std::size_t at = 0; at < bytes.size(); at += record) {
        const auto label = static_cast<std::uint8_t>(bytes[at + version.labels - 1]);
        if (label >= version.classes)
            fail(fmt::format("is damaged: record {} has the label {}, of {} classes", at / record, label,
                             version.classes));
        split.targets.array.bytes.push_back(label);
        const auto image = bytes.begin() + static_cast<std::ptrdiff_t>(at + version.labels);
        split.inputs.array.bytes.insert(split.inputs.array.bytes.end(), image, image + image_size);
    }
}

RawSplit read_split(const Cifar& version, const fs::path& folder, const std::vector<std::string>& files,
                    std::vector<std::string>& hashes) {
    RawSplit split;
    for (const std::string& file : files) append(version, folder / file, split, hashes);
    const auto count = static_cast<std::int64_t>(split.targets.array.bytes.size());
    split.inputs.array.sizes = {count, 3, 32, 32};
    split.targets.array.sizes = {count};
    split.inputs.where = split.targets.where = (folder / files.front()).native();
    return split;
}

}  // namespace

bool is_cifar_folder(const fs::path& folder) { return version_in(folder) != nullptr; }

RawData read_cifar(const fs::path& folder, const CatalogEntry* entry, const Location& where) {
    if (entry != nullptr)
        for (const CatalogFile& file : entry->files)
            if (!file_exists(folder / file.name)) fail_missing(*entry, folder, file.name, where);
    const bool is_of_a_hundred = entry != nullptr && entry->files.front().name == versions()[1].train.front();
    const Cifar& version = entry == nullptr ? *version_in(folder) : versions()[is_of_a_hundred ? 1 : 0];
    RawData data;
    data.train = read_split(version, folder, version.train, data.sha256);
    if (file_exists(folder / version.test)) data.test = read_split(version, folder, {version.test}, data.sha256);
    if (entry != nullptr)
        for (std::size_t i = 0; i < entry->files.size(); ++i)
            check_genuine(*entry, entry->files[i], folder, data.sha256[i], where);
    return data;
}

}  // namespace labhost
