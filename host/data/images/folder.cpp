#include "data/images/folder.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "data/array.hpp"
#include "data/images/decode.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

bool ends_with_one_of(const std::string& name, std::initializer_list<std::string_view> ends) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::any_of(ends, [&](std::string_view end) { return lower.ends_with(end); });
}

bool is_read(const std::string& name) { return ends_with_one_of(name, {".png", ".jpg", ".jpeg"}); }

/// What ImageFolder reads, and this does not.
bool is_of_another_format(const std::string& name) {
    return ends_with_one_of(name, {".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp", ".gif"});
}

struct NamesInFolder {
    std::vector<std::string> folders{};
    std::vector<std::string> files{};
};

/// Of a folder, each kind sorted; without hidden ones.
NamesInFolder names_in(const fs::path& folder) {
    NamesInFolder names;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        std::string name = entry->path().filename().native();
        if (name.starts_with('.')) continue;
        std::error_code ignored;
        (entry->is_directory(ignored) ? names.folders : names.files).push_back(std::move(name));
    }
    if (error) refuse_data(folder.native(), fmt::format("cannot be read: {}", error.message()));
    std::ranges::sort(names.folders);
    std::ranges::sort(names.files);
    return names;
}

constexpr std::size_t deepest = 16;  ///< folders within a class: a loop of links is deeper

/// This folder and all below it, by their paths from `root`.
void add_folders(const fs::path& root, const std::string& folder, std::size_t depth,
                 std::vector<std::pair<std::string, NamesInFolder>>& all) {
    if (depth > deepest)
        refuse_data((root / folder).native(),
                    fmt::format("lies more than {} folders deep; a link to itself?", deepest));
    NamesInFolder names = names_in(root / folder);
    for (const std::string& inner : names.folders)
        add_folders(root, fmt::format("{}/{}", folder, inner), depth + 1, all);
    all.emplace_back(folder, std::move(names));
}

/// Appends the files of one class.
void add_class(const fs::path& root, const std::string& folder, std::int64_t label, ImageFiles& into) {
    std::vector<std::pair<std::string, NamesInFolder>> folders;
    add_folders(root, folder, 0, folders);
    std::ranges::sort(folders, {}, &std::pair<std::string, NamesInFolder>::first);
    const std::size_t before = into.files.size();
    for (const auto& [path, names] : folders)
        for (const std::string& name : names.files) {
            if (is_of_another_format(name))
                refuse_data((root / path / name).native(),
                            "only PNG and JPEG are read; convert it (mogrify -format png), or remove it");
            if (!is_read(name)) continue;
            into.files.push_back(stamp_of(root, fmt::format("{}/{}", path, name)));
            into.labels.push_back(label);
        }
    if (into.files.size() == before)
        refuse_data((root / folder).native(),
                    "is the folder of a class, and holds no image (.png, .jpg, .jpeg); remove it, or fill it");
}

/// CLASS/... below `root / name`.
std::vector<std::string> read_part(const fs::path& root, const std::string& name, ImageFiles& part) {
    part.name = name;
    const fs::path folder = name.empty() ? root : root / name;
    NamesInFolder names = names_in(folder);
    const auto stray = std::ranges::find_if(names.files, is_read);
    if (stray != names.files.end())
        refuse_data((folder / *stray).native(),
                    "lies in no class's folder: an image belongs into one that is named as its class");
    std::int64_t label = 0;
    for (const std::string& one : names.folders)
        add_class(root, name.empty() ? one : fmt::format("{}/{}", name, one), label++, part);
    if (names.folders.empty()) refuse_data(folder.native(), "has no folders of classes with images in them");
    return std::move(names.folders);
}

/// The one of these folders that is there; "" of none.
std::string one_of(const fs::path& folder, std::initializer_list<const char*> names) {
    std::string found;
    for (const char* name : names) {
        std::error_code ignored;
        if (!fs::is_directory(folder / name, ignored)) continue;
        if (!found.empty())
            refuse_data(folder.native(), fmt::format("has both {}/ and {}/; leave one of them there", found, name));
        found = name;
    }
    return found;
}

void check_classes(const fs::path& folder, const std::vector<std::string>& classes, const std::string& name,
                   const std::vector<std::string>& others) {
    const auto missing = [](const std::vector<std::string>& from, const std::vector<std::string>& in) {
        const auto found =
            std::ranges::find_if(from, [&](const auto& one) { return !std::ranges::binary_search(in, one); });
        return found == from.end() ? std::string() : *found;
    };
    if (const std::string extra = missing(others, classes); !extra.empty())
        refuse_data((folder / name / extra).native(),
                    "there is no such class in train/: the classes of both must be the same");
    if (const std::string lacking = missing(classes, others); !lacking.empty())
        refuse_data((folder / name).native(),
                    fmt::format("lacks the class '{}' of train/: the classes of both must be the same", lacking));
}

bool holds_an_image(const fs::path& folder, std::size_t depth) {
    const NamesInFolder names = names_in(folder);
    if (depth > 0 && std::ranges::any_of(names.files, is_read)) return true;
    return depth < deepest && std::ranges::any_of(names.folders, [&](const std::string& inner) {
               return holds_an_image(folder / inner, depth + 1);
           });
}

/// A class may be called "train", too: then images lie right in it.
bool is_split(const fs::path& folder) {
    return !one_of(folder, {"train"}).empty() && std::ranges::none_of(names_in(folder / "train").files, is_read);
}

}  // namespace

bool is_image_folder(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_directory(folder, ignored) && holds_an_image(folder, 0);
}

std::vector<std::int64_t> size_of_first_image(const fs::path& folder) {
    for (const StampedFile& file : list_images(folder).train.files) {
        const std::string bytes = read_file(folder / file.name);
        try {
            const Image image = decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, 3);
            return {3, image.height, image.width};
        } catch (const DecodeError&) {
            continue;
        }
    }
    refuse_data(folder.native(), "none of its images can be decoded");
}

ImageFolder list_images(const fs::path& folder) {
    ImageFolder found;
    if (!is_split(folder)) {
        found.classes = read_part(folder, "", found.train);
        return found;
    }
    found.classes = read_part(folder, "train", found.train);
    const std::array parts{std::pair{one_of(folder, {"val", "valid", "validation"}), &found.validation},
                           std::pair{one_of(folder, {"test"}), &found.test}};
    for (const auto& [name, part] : parts)
        if (!name.empty()) check_classes(folder, found.classes, name, read_part(folder, name, *part));
    return found;
}

}  // namespace labhost
