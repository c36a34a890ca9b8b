#include "data/images/read.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "data/images/decoded.hpp"
#include "data/images/folder.hpp"
#include "support/error.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

ImageShape shape_of(const std::vector<std::int64_t>& sizes) {
    return {.channels = channels_of(sizes), .height = sizes[sizes.size() - 2], .width = sizes.back()};
}

/// The files of all parts, which are decoded in one go.
struct AllFiles {
    std::vector<StampedFile> files{};
    std::vector<std::int64_t> labels{};
    std::vector<std::string> sha256{};

    void add(const ImageFiles& part) {
        files.insert(files.end(), part.files.begin(), part.files.end());
        labels.insert(labels.end(), part.labels.begin(), part.labels.end());
    }
};

/// Makes the parts of what was decoded, in the order in which they lie there.
class Parts {
public:
    Parts(const AllFiles& all, const DecodedImages& decoded, const DataSettings& settings)
        : all_(&all), decoded_(&decoded), sizes_(&settings.image_sizes) {}

    /// `hashes` gets one for what the part's examples hold, and their labels.
    Split take(const fs::path& folder, const ImageFiles& part, std::vector<std::string>& hashes) {
        Split split{.sizes = *sizes_};
        split.targets_where = (folder / part.name).native();
        const auto elements = static_cast<std::size_t>(split.elements());
        const std::size_t first = place_;
        Sha256 hash;
        for (const std::size_t end = file_ + part.files.size(); file_ < end; ++file_) {
            if (skipped_ < decoded_->damaged.size() && decoded_->damaged[skipped_].file == file_) {
                ++skipped_;
                continue;
            }
            split.labels.push_back(all_->labels[file_]);
            hash.update(fmt::format("{} {}\n", split.labels.back(), all_->sha256[file_]));
            ++place_;
        }
        if (split.labels.empty())
            throw Error(ExitCode::usage,
                        fmt::format("{}: error: none of its images can be decoded", split.targets_where));
        split.count = static_cast<std::int64_t>(split.labels.size());
        split.largest_label = *std::ranges::max_element(split.labels);
        split.bytes = {decoded_->bytes.holder(), std::span(decoded_->bytes.data(), decoded_->bytes.size())
                                                     .subspan(first * elements, split.labels.size() * elements)};
        hashes.push_back(hash.finish());
        return split;
    }

private:
    const AllFiles* all_;
    const DecodedImages* decoded_;
    const std::vector<std::int64_t>* sizes_;
    std::size_t file_ = 0;
    std::size_t skipped_ = 0;
    std::size_t place_ = 0;
};

}  // namespace

LoadedParts read_images(const fs::path& folder, const DataSettings& settings) {
    const ImageFolder found = list_images(folder);
    AllFiles all;
    for (const ImageFiles* part : {&found.train, &found.validation, &found.test}) all.add(*part);
    all.sha256 = sha256_of_files(folder, all.files);
    const DecodedImages decoded =
        decode_images(folder, all.files, all.sha256, shape_of(settings.image_sizes), settings.on_damaged);
    Parts parts(all, decoded, settings);
    LoadedParts loaded{.classes = found.classes};
    loaded.train = parts.take(folder, found.train, loaded.sha256);
    if (!found.validation.files.empty()) loaded.validation = parts.take(folder, found.validation, loaded.sha256);
    if (!found.test.files.empty()) loaded.test = parts.take(folder, found.test, loaded.sha256);
    for (const DecodedImages::Damaged& damaged : decoded.damaged)
        loaded.left_out.push_back(fmt::format("{}: {}", (folder / all.files[damaged.file].name).native(), damaged.why));
    return loaded;
}

}  // namespace labhost
