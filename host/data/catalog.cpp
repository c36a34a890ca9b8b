#include "data/catalog.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "data/idx.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Four files of MNIST's format, with their SHA-256 where it is known.
std::vector<CatalogFile> idx_files(const std::array<std::string_view, 4>& sha256 = {}) {
    std::vector<CatalogFile> files;
    for (std::size_t i = 0; i < idx_names.size(); ++i) files.push_back({.name = idx_names[i], .sha256 = sha256[i]});
    return files;
}

/// The same as .gz below an address, with the MD5 that torchvision.datasets has for each.
std::vector<CatalogArchive> idx_archives(std::string_view address, const std::array<std::string_view, 4>& md5) {
    std::vector<CatalogArchive> archives;
    for (std::size_t i = 0; i < idx_names.size(); ++i)
        archives.push_back({fmt::format("{}/{}.gz", address, idx_names[i]), std::string(md5[i])});
    return archives;
}

constexpr std::array<std::string_view, 10> digits{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// EMNIST's classes: digits, and letters but for the small ones that look like capitals where both are one class.
std::vector<std::string_view> digits_and_letters(std::string_view merged) {
    std::vector<std::string_view> classes(digits.begin(), digits.end());
    for (std::size_t i = 0; i < letters.size(); ++i)
        if (merged.find(letters[i]) == std::string_view::npos) classes.push_back(letters.substr(i, 1));
    return classes;
}

/// Of its one archive, whose files are gzip/emnist-SPLIT-train-images-idx3-ubyte.gz and so on. Its images lie on their
/// side, and the letters are 1 to 26, as torchvision gives them.
CatalogEntry emnist(std::string_view name, std::vector<std::string_view> classes) {
    CatalogEntry entry{
        .name = name,
        .files = idx_files(),
        .archives = {{"https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e"}},
        .classes = std::move(classes)};
    const std::array parts{"train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"};
    for (std::size_t i = 0; i < parts.size(); ++i)
        entry.files[i].member = fmt::format("gzip/{}-{}-ubyte.gz", name, parts[i]);
    return entry;
}

std::vector<CatalogEntry> entries() {
    std::vector<CatalogEntry> all;
    // LeCun, Cortes, Burges. The hashes of this and the next were taken from files that have torchvision's MD5.
    all.push_back({.name = "mnist",
                   .files = idx_files({"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                                       "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                                       "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                                       "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}),
                   .archives = idx_archives("https://ossci-datasets.s3.amazonaws.com/mnist",
                                            {"f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432",
                                             "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c"}),
                   .classes = {digits.begin(), digits.end()}});
    // Xiao, Rasul, Vollgraf, arXiv:1708.07747.
    all.push_back({.name = "fashion-mnist",
                   .files = idx_files({"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                                       "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                                       "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                                       "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"}),
                   .archives = idx_archives("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                                            {"8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
                                             "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310"}),
                   .classes = {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker",
                               "bag", "ankle boot"}});
    // Clanuwat, Bober-Irizar, Kitamoto, Lamb, Yamamoto, Ha, arXiv:1812.01718.
    all.push_back({.name = "kmnist",
                   .files = idx_files(),
                   .archives = idx_archives("http://codh.rois.ac.jp/kmnist/dataset/kmnist",
                                            {"bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344",
                                             "5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134"}),
                   .classes = {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"}});
    // Cohen, Afshar, Tapson, van Schaik, arXiv:1702.05373.
    all.push_back(emnist("emnist-balanced", digits_and_letters("cijklmopsuvwxyz")));
    all.push_back(emnist("emnist-byclass", digits_and_letters("")));
    all.push_back(emnist("emnist-bymerge", digits_and_letters("cijklmopsuvwxyz")));
    all.push_back(emnist("emnist-digits", {digits.begin(), digits.end()}));
    std::vector<std::string_view> alphabet{"none"};  // the label 0, which nothing has
    for (std::size_t i = 26; i < letters.size(); ++i) alphabet.push_back(letters.substr(i, 1));
    all.push_back(emnist("emnist-letters", std::move(alphabet)));
    all.push_back(emnist("emnist-mnist", {digits.begin(), digits.end()}));
    // Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the MD5 of his page's binary versions.
    all.push_back(
        {.name = "cifar10",
         .format = FileFormat::cifar,
         .files = {{.name = "data_batch_1.bin", .member = "cifar-10-batches-bin/data_batch_1.bin"},
                   {.name = "data_batch_2.bin", .member = "cifar-10-batches-bin/data_batch_2.bin"},
                   {.name = "data_batch_3.bin", .member = "cifar-10-batches-bin/data_batch_3.bin"},
                   {.name = "data_batch_4.bin", .member = "cifar-10-batches-bin/data_batch_4.bin"},
                   {.name = "data_batch_5.bin", .member = "cifar-10-batches-bin/data_batch_5.bin"},
                   {.name = "test_batch.bin", .member = "cifar-10-batches-bin/test_batch.bin"}},
         .archives = {{"https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"}},
         .classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}});
    all.push_back({.name = "cifar100",
                   .format = FileFormat::cifar,
                   .files = {{.name = "train.bin", .member = "cifar-100-binary/train.bin"},
                             {.name = "test.bin", .member = "cifar-100-binary/test.bin"}},
                   .archives = {{"https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                                 "03b5dce01913d631647c71ecec9e9cb8"}}});
    return all;
}

}  // namespace

std::span<const CatalogEntry> catalog() {
    static const std::vector<CatalogEntry> all = entries();
    return all;
}

const CatalogEntry* find_in_catalog(std::string_view name) {
    const auto found = std::ranges::find(catalog(), name, &CatalogEntry::name);
    return found == catalog().end() ? nullptr : &*found;
}

std::vector<std::string> catalog_names() {
    std::vector<std::string> names;
    for (const CatalogEntry& entry : catalog()) names.emplace_back(entry.name);
    return names;
}

fs::path data_folder(const std::optional<fs::path>& chosen) {
    if (chosen) return *chosen;
    if (const char* folder = std::getenv("LABHOST_DATA"); folder != nullptr && *folder != '\0') return folder;
    fs::path cache = user_cache_folder();
    if (cache.empty())
        throw Error(ExitCode::usage,
                    "neither HOME nor XDG_CACHE_HOME is set, so there is no folder for data sets; "
                    "name one with --data DIR or LABHOST_DATA");
    return cache;
}

std::optional<fs::path> find_idx(const fs::path& folder, std::string_view name) {
    const fs::path raw = folder / name;
    if (file_exists(raw)) return raw;
    fs::path gzipped = raw;
    gzipped += ".gz";
    if (file_exists(gzipped)) return gzipped;
    return std::nullopt;
}

std::optional<fs::path> find_file(const CatalogEntry& entry, const CatalogFile& file, const fs::path& folder) {
    if (entry.format == FileFormat::idx) return find_idx(folder, file.name);
    return file_exists(folder / file.name) ? std::optional(folder / file.name) : std::nullopt;
}

std::string sha256_of(const CatalogEntry& entry, const fs::path& file) {
    return entry.format == FileFormat::idx ? read_idx(file).sha256 : sha256_of_file(file);
}

std::string genuine_sha256(const CatalogFile& file, const fs::path& folder) {
    if (!file.sha256.empty()) return std::string(file.sha256);
    if (!file_exists(folder / sums_file)) return "";
    const std::string ending = fmt::format("  {}", file.name);
    for (const std::string& line : split(read_file(folder / sums_file), '\n'))
        if (line.ends_with(ending)) return line.substr(0, line.size() - ending.size());
    return "";
}

void fail_missing(const CatalogEntry& entry, const fs::path& folder, std::string_view file, const Location& where) {
    fail_at(where,
            fmt::format("the data set '{}' is not in {} ({} is missing); get it with: labhost fetch {} --data {}",
                        entry.name, folder.native(), file, entry.name, folder.parent_path().native()));
}

void check_genuine(const CatalogEntry& entry, const CatalogFile& file, const fs::path& folder,
                   const std::string& sha256, const Location& where) {
    const std::string genuine = genuine_sha256(file, folder);
    if (genuine == sha256) return;
    const std::string path = find_file(entry, file, folder).value_or(folder / file.name).native();
    if (genuine.empty())
        fail_at(where, fmt::format("{} was not brought there by labhost fetch (there is no {} beside it, which tells "
                                   "that it is genuine); run: labhost fetch {} (to train on data of your own, name "
                                   "their folder in data.dataset)",
                                   path, sums_file, entry.name));
    throw Error(
        ExitCode::usage,
        fmt::format("{}: error: this is not the {} of {}: its SHA-256 is {}, not {}; delete it and run: labhost "
                    "fetch {} (to train on data of your own, name their folder in data.dataset)",
                    path, file.name, entry.name, sha256, genuine, entry.name));
}

}  // namespace labhost
