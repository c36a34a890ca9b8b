// Folders of images: which files, in which order, decoded once. Their values are held against Pillow's by
// parity/images.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "data/dataset.hpp"
#include "data/images/decode.hpp"
#include "data/images/folder.hpp"
#include "data/images/resize.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/image_files.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost::images_test {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::jpeg_file;
using testing::plain_png;
using testing::png_file;
using testing::png_file_of_16_bits;
using Bytes = std::vector<std::uint8_t>;

std::span<const std::uint8_t> span_of(const std::string& file) {
    return {reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
}

void expect_refused(const std::string& file, const std::string& words) {
    try {
        decode_image(span_of(file), 3);
        ADD_FAILURE() << "decoded; expected: " << words;
    } catch (const DecodeError& e) {
        EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
    }
}

TEST(DecodeImage, AsRgbOrGreys) {
    const std::string colours = png_file(1, 2, {200, 100, 50, 0, 0, 255});
    EXPECT_EQ(decode_image(span_of(colours), 3).bytes, (Bytes{200, 100, 50, 0, 0, 255}));
    EXPECT_EQ(decode_image(span_of(colours), 1).bytes, (Bytes{124, 29})) << "0.299 R + 0.587 G + 0.114 B";
    EXPECT_EQ(decode_image(span_of(png_file(2, 1, {7, 9})), 3).bytes, (Bytes{7, 7, 7, 9, 9, 9}));
    EXPECT_EQ(decode_image(span_of(png_file(1, 1, {1, 2, 3, 0})), 3).bytes, (Bytes{1, 2, 3})) << "transparent";
    const Image jpeg = decode_image(span_of(jpeg_file(8, 16, Bytes(8 * 16 * 3, 77))), 3);
    EXPECT_EQ(jpeg.height, 8);
    EXPECT_EQ(jpeg.width, 16);
    EXPECT_EQ(jpeg.bytes, Bytes(8 * 16 * 3, 77));
}

TEST(DecodeImage, Of16BitsHasTheHighByte) {
    EXPECT_EQ(decode_image(span_of(png_file_of_16_bits(PNG_FORMAT_LINEAR_RGB, {0x12FF, 0x0080, 0xFFFF})), 3).bytes,
              (Bytes{0x12, 0x00, 0xFF}));
    expect_refused(png_file_of_16_bits(PNG_FORMAT_LINEAR_Y, {0x12FF}), "it has 16-bit greys, which Pillow would clip");
}

TEST(DecodeImage, RefusesWhatIsNoImage) {
    expect_refused("", "it is empty");
    expect_refused("GIF89a and so on", "it is neither a PNG nor a JPEG, by its first bytes");
    const std::string png = plain_png(1, 2, 3);
    for (std::size_t size = 8; size < png.size() - 24; ++size) expect_refused(png.substr(0, size), "it is truncated");
    std::string flipped = png;
    flipped[png.size() / 2] ^= 1;
    EXPECT_THROW(decode_image(span_of(flipped), 3), DecodeError);
    std::string jpeg = jpeg_file(16, 16, Bytes(768, 77));
    for (std::size_t size = 4; size < jpeg.size() - 2; size += 7)
        EXPECT_THROW(decode_image(span_of(jpeg.substr(0, size)), 3), DecodeError) << size;
    const std::size_t header = jpeg.find("\xFF\xC0");  // then a length, the bits, the height and the width
    const auto promise = [&](std::string sizes) { return jpeg.replace(header + 5, 4, sizes); };
    expect_refused(promise("\x20\x01\x20\x01"), "it promises 8193 x 8193 pixels, more than its ");
    expect_refused(promise("\xFF\xDC\xFF\xDC"), "it promises 65500 x 65500 pixels, and more than 178956970");
}

TEST(ResizeImage, WeighsATriangleAsWideAsTheImagesDiffer) {
    const Image image{.height = 1, .width = 4, .channels = 1, .bytes = {0, 101, 200, 41}};
    EXPECT_EQ(resized(image, 1, 4).bytes, image.bytes);
    EXPECT_EQ(resized(image, 1, 2).bytes, (Bytes{72, 118})) << "weights 3, 3, 1 over 7, and mirrored; rounded";
    EXPECT_EQ(resized(image, 2, 4).bytes, (Bytes{0, 101, 200, 41, 0, 101, 200, 41}));
}

/// The user's cache is a folder of the test's.
class ImageFolders : public ::testing::Test {
protected:
    ImageFolders() {
        const char* old = std::getenv("XDG_CACHE_HOME");
        if (old != nullptr) before_ = old;
        ::setenv("XDG_CACHE_HOME", cache_.path().c_str(), 1);
    }
    ~ImageFolders() override {
        if (before_.empty())
            ::unsetenv("XDG_CACHE_HOME");
        else
            ::setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    }
    /// An image whose red is `red`.
    void image(const std::string& name, std::uint8_t red) { folder_.write(name, plain_png(red, 0, 0)); }
    Dataset load() { return load_dataset(settings_, "/nowhere"); }
    /// The reds of a part's images, in their order.
    static Bytes reds(const Split& split) {
        Bytes found;
        for (std::int64_t i = 0; i < split.count; ++i) found.push_back(*split.bytes_of(i));
        return found;
    }
    std::size_t cached() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(cache_ / "labhost/images"), {}));
    }
    void two_classes() {
        for (const char* part : {"train", "test"}) {
            image(fmt::format("{}/cat/a.png", part), 1);
            image(fmt::format("{}/dog/b.png", part), 2);
        }
    }
    void refuse(const std::string& words) {
        expect_error(ExitCode::usage, words, [&] { load(); });
    }

    testing::TemporaryFolder folder_;
    testing::TemporaryFolder cache_;
    std::string before_;
    DataSettings settings_{
        .dataset = folder_.path().native(), .where = Location{"e.toml", 2, 1}, .image_sizes = {3, 4, 4}};
};

TEST_F(ImageFolders, AreReadInTheOrderOfTorchvisionsImageFolder) {
    // sorted(os.walk(class)): folders by path, and in each the files by name.
    for (const char* name : {"dog/x.png", "dog/B.PNG", "dog/a/2.png", "dog/a-b/3.png", "dog/a/1.png", "cat/z.png"})
        image(name, 1);
    image("dog/.hidden.png", 1);
    image(".cache/x.png", 1);
    folder_.write("dog/notes.txt", "no image");
    folder_.write("readme.md", "no image");
    EXPECT_TRUE(is_image_folder(folder_.path()));
    const ImageFolder found = list_images(folder_.path());
    EXPECT_EQ(found.classes, (std::vector<std::string>{"cat", "dog"}));
    std::vector<std::string> names;
    for (const StampedFile& file : found.train.files) names.push_back(file.name);
    EXPECT_EQ(names, (std::vector<std::string>{"cat/z.png", "dog/B.PNG", "dog/x.png", "dog/a/1.png", "dog/a/2.png",
                                               "dog/a-b/3.png"}));
    EXPECT_EQ(found.train.labels, (std::vector<std::int64_t>{0, 1, 1, 1, 1, 1}));
}

TEST_F(ImageFolders, HavePartsOrATestThatIsDrawn) {
    image("cat/1.png", 1);
    image("cat/2.png", 2);
    image("dog/3.png", 3);
    refuse("has no test part: add data.test");
    settings_.test = PartSettings{.count = 1, .seed = 3};
    const Dataset drawn = load();
    EXPECT_EQ(drawn.train.count, 2);
    EXPECT_EQ(drawn.test.count, 1);
    EXPECT_EQ(drawn.train.bytes.data(), drawn.test.bytes.data()) << "mapped once";
    EXPECT_EQ(drawn.classes, (std::vector<std::string>{"cat", "dog"}));

    for (const auto& [part, red] : {std::pair{"train", 10}, {"val", 20}, {"test", 30}}) {
        image(fmt::format("{}/cat/1.png", part), static_cast<std::uint8_t>(red + 1));
        image(fmt::format("{}/dog/2.png", part), static_cast<std::uint8_t>(red + 2));
    }
    refuse("has a test part of its own; leave this out");
    settings_.test.reset();
    const Dataset parts = load();
    EXPECT_EQ(reds(parts.train), (Bytes{11, 12}));
    EXPECT_EQ(reds(*parts.validation), (Bytes{21, 22}));
    EXPECT_EQ(reds(parts.test), (Bytes{31, 32}));
    EXPECT_EQ(parts.test.labels, (std::vector<std::int64_t>{0, 1}));
    EXPECT_EQ(parts.sha256.size(), 3U);
}

TEST_F(ImageFolders, MayHaveAClassCalledTrain) {
    image("plane/1.png", 1);
    image("train/2.png", 2);
    EXPECT_EQ(list_images(folder_.path()).classes, (std::vector<std::string>{"plane", "train"}));
}

TEST_F(ImageFolders, AreDecodedOnce) {
    two_classes();
    settings_.image_sizes = {3, 2, 2};
    const Dataset first = load();
    EXPECT_EQ(reds(first.train), (Bytes{1, 2}));
    EXPECT_EQ(first.train.bytes.size(), 2U * 12U);
    ASSERT_EQ(cached(), 1U);
    const fs::path file = fs::directory_iterator(cache_ / "labhost/images")->path();
    const auto inode = [&] {
        struct stat status {};
        ::stat(file.c_str(), &status);
        return status.st_ino;
    };
    const auto before = inode();
    EXPECT_EQ(load().sha256, first.sha256);
    EXPECT_EQ(inode(), before) << "not written again";
    std::ofstream(file, std::ios::app) << "more";
    EXPECT_EQ(reds(load().train), (Bytes{1, 2}));
    EXPECT_NE(inode(), before) << "what is not whole is decoded anew";
    std::ifstream whole(file, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(whole)), {});
    std::ofstream(file, std::ios::binary) << content.substr(1);
    const auto cut = inode();
    load();
    EXPECT_NE(inode(), cut) << "so is what lacks its beginning";

    fs::rename(folder_ / "train/dog/b.png", folder_ / "train/dog/c.png");
    EXPECT_EQ(load().sha256, first.sha256) << "names alone change nothing";
    EXPECT_EQ(cached(), 1U);
    fs::rename(folder_ / "train/dog/c.png", folder_ / "train/cat/c.png");
    image("train/dog/d.png", 2);
    const Dataset more = load();
    fs::remove(folder_ / "train/dog/d.png");
    fs::rename(folder_ / "train/cat/c.png", folder_ / "train/dog/c.png");
    image("train/dog/d.png", 2);
    EXPECT_EQ(reds(load().train), reds(more.train));
    EXPECT_NE(load().sha256[0], more.sha256[0]) << "the same images, of other classes";
    fs::remove(folder_ / "train/dog/d.png");
    image("train/dog/c.png", 7);
    const Dataset changed = load();
    EXPECT_EQ(reds(changed.train), (Bytes{1, 7}));
    EXPECT_NE(changed.sha256[0], first.sha256[0]);
    EXPECT_EQ(changed.sha256[1], first.sha256[1]);
    settings_.image_sizes = {1, 2, 2};
    load();
    EXPECT_EQ(cached(), 4U);
}

TEST_F(ImageFolders, SkipsWhatIsDamagedOnlyWhereThatIsAskedFor) {
    two_classes();
    folder_.write("train/cat/aa.png", "no image");
    folder_.write("test/cat/0.png", plain_png(1, 2, 3).substr(0, 40));
    refuse((folder_ / "train/cat/aa.png").native() +
           ": error: it cannot be decoded: it is neither a PNG nor a JPEG, by its first bytes (and 1 more files); mend "
           "or remove it, or leave such files out: data.on_damaged = \"skip\"");
    settings_.on_damaged = OnDamaged::skip;
    const Dataset skipped = load();
    EXPECT_EQ(reds(skipped.train), (Bytes{1, 2}));
    EXPECT_EQ(reds(skipped.test), (Bytes{1, 2}));
    ASSERT_EQ(skipped.left_out.size(), 2U);
    EXPECT_NE(skipped.left_out[1].find("test/cat/0.png: it is truncated"), std::string::npos) << skipped.left_out[1];
    EXPECT_EQ(load().left_out, skipped.left_out) << "from the cache";
    for (const char* name : {"test/cat/0.png", "train/cat/aa.png"}) fs::remove(folder_ / name);
    EXPECT_EQ(load().sha256, skipped.sha256) << "the same examples";
    for (const char* name : {"test/cat/a.png", "test/dog/b.png"}) folder_.write(name, "");
    refuse("test: error: none of its images can be decoded");
}

TEST_F(ImageFolders, RefusesWhatDoesNotFit) {
    two_classes();
    fs::create_directory(folder_ / "train/empty");
    refuse("train/empty: error: is the folder of a class, and holds no image");
    fs::remove(folder_ / "train/empty");
    image("test/cow/c.png", 1);
    refuse("test/cow: error: there is no such class in train/");
    fs::remove_all(folder_ / "test/cow");
    image("train/cow/c.png", 1);
    refuse("test: error: lacks the class 'cow' of train/");
    fs::remove_all(folder_ / "train/cow");
    image("val/cat/1.png", 1);
    image("valid/cat/1.png", 1);
    refuse("has both val/ and valid/; leave one of them there");
    fs::remove_all(folder_ / "val");
    fs::remove_all(folder_ / "valid");
    folder_.write("train/cat/x.webp", "RIFF");
    refuse("train/cat/x.webp: error: only PNG and JPEG are read");
    fs::remove(folder_ / "train/cat/x.webp");
    image("test/stray.png", 1);
    refuse("test/stray.png: error: lies in no class's folder");
    fs::remove(folder_ / "test/stray.png");
    fs::create_directory_symlink(folder_ / "train/cat", folder_ / "train/cat/loop");
    refuse("lies more than 16 folders deep; a link to itself?");
    fs::remove(folder_ / "train/cat/loop");
    fs::create_symlink("nowhere", folder_ / "train/cat/link.png");
    refuse("train/cat/link.png: error: is no file that can be read");
    fs::remove(folder_ / "train/cat/link.png");
    folder_.write("x_train.npy", "");
    refuse("holds files of several kinds (IDX, CIFAR's, .npy, folders of images)");
    fs::remove(folder_ / "x_train.npy");
    settings_.layout = Layout::nhwc;
    refuse("data.layout is of arrays, not of folders of images");
    settings_.layout.reset();
    EXPECT_EQ(load().train.count, 2);
    expect_error(ExitCode::usage, "a folder of images tells their classes",
                 [&] { load_dataset(settings_, "/nowhere", TargetKind::reals); });
}

TEST_F(ImageFolders, AFileThatChangesWhileItIsReadIsNotTakenForWhatItWas) {
    image("cat/a.png", 1);
    StampedFile file = stamp_of(folder_.path(), "cat/a.png");
    EXPECT_FALSE(file.is_settled());
    const std::string hash = sha256_of_files(folder_.path(), {&file, 1}).front();
    const std::string bytes = read_as_hashed(folder_.path(), file, hash);
    file.seen += 3'000'000'000;  // as if it were older: then its stamp tells
    EXPECT_EQ(read_as_hashed(folder_.path(), file, "not looked at"), bytes);
    file.seen -= 3'000'000'000;
    image("cat/a.png", 2);
    for (const std::int64_t later : {0LL, 3'000'000'000LL}) {
        file.seen += later;
        expect_error(ExitCode::usage, "cat/a.png: error: it changes while it is read; run the same command again",
                     [&] { read_as_hashed(folder_.path(), file, hash); });
    }
}

TEST_F(ImageFolders, HashesAreRememberedUntilAFileChanges) {
    two_classes();
    const auto hashes = [&] {
        const ImageFolder found = list_images(folder_.path());
        return sha256_of_files(folder_.path(), found.train.files);
    };
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    const auto first = hashes();
    // A young file is not remembered, and so what `changed` says of it is: an hour is not waited for here.
    std::string memory;
    for (const auto& entry : fs::directory_iterator(cache_ / "labhost/hashes")) memory = entry.path();
    EXPECT_EQ(fs::file_size(memory), 0U);
    StampedFile file = stamp_of(folder_.path(), "train/cat/a.png");
    file.changed = file.modified = 1;
    EXPECT_TRUE(file.is_settled());
    EXPECT_EQ(sha256_of_files(folder_.path(), {&file, 1}).front(), first[0]);
    folder_.write("train/cat/a.png", "other");
    EXPECT_EQ(sha256_of_files(folder_.path(), {&file, 1}).front(), first[0]) << "by its stamp, unread";
    fs::last_write_time(folder_ / "train/cat/a.png", old);
    EXPECT_NE(hashes()[0], first[0]);
}

}  // namespace
}  // namespace labhost::images_test
