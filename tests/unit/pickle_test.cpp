// state_dict files: written, read back, and damaged in many ways.
#include <array>

#include <caffe2/serialize/inline_container.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/pickle.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost {
namespace {

NamedTensors example() {
    torch::manual_seed(1);
    return {{"zeta.weight", torch::randn({3, 4})},
            {"alpha.bias", torch::randn({5}).to(torch::kFloat64)},
            {"count", torch::tensor(7, torch::kInt64)},
            {"empty", torch::empty({0})},
            {"view", torch::randn({4, 6}).t()}};
}

TEST(Pickle, ReadsBackNamesOrderAndBits) {
    const testing::TemporaryFolder folder;
    const NamedTensors written = example();
    const NamedTensors read = unpickle_state_dict(folder.write("model.pt", pickle_state_dict(written)));
    ASSERT_FALSE(written.empty());
    ASSERT_EQ(read.size(), written.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].first, written[i].first);
        EXPECT_EQ(read[i].second.scalar_type(), written[i].second.scalar_type());
        EXPECT_TRUE(torch::equal(read[i].second, written[i].second)) << read[i].first;
    }
}

TEST(Pickle, TheSameTensorsGiveTheSameBytes) { EXPECT_EQ(pickle_state_dict(example()), pickle_state_dict(example())); }

TEST(Pickle, DamagedFilesAreRefusedWithoutACrash) {
    const testing::TemporaryFolder folder;
    const std::string good = pickle_state_dict(example());
    for (std::size_t size = 0; size < good.size(); size += 97) {
        const auto file = folder.write("short.pt", good.substr(0, size));
        EXPECT_THROW(unpickle_state_dict(file), Error) << size;
    }
    for (std::size_t at = 0; at < good.size(); at += 13) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
        try {
            unpickle_state_dict(folder.write("flipped.pt", bytes));  // a flip in a name or in padding may go unseen
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), ExitCode::usage);
        }
    }
    testing::expect_error(ExitCode::usage, "cannot read: No such file",
                          [&] { unpickle_state_dict(folder / "none.pt"); });
}

/// A file of torch.save's form around a pickle of one's own, with a storage '0' of two floats.
std::filesystem::path archive(const testing::TemporaryFolder& folder, const std::string& program) {
    const auto file = folder / "made.pt";
    caffe2::serialize::PyTorchStreamWriter writer(file.native());
    writer.writeRecord("data.pkl", program.data(), program.size());
    const std::array<float, 2> storage{1, 2};
    writer.writeRecord("data/0", storage.data(), sizeof storage);
    writer.writeEndOfFile();
    return file;
}

std::string text(const std::string& value) {
    return std::string("X") + static_cast<char>(value.size()) + std::string(3, '\0') + value;
}

/// Instructions for `count` elements of storage '0'.
std::string tensor(const std::string& storage_type, char count) {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + storage_type + "\n" + text("0") +
           text("cpu") + "K" + count + "tQK" + std::string(1, '\0') + "K" + count + "\x85K\x01\x85tR";
}

TEST(Pickle, TensorsOfOneStorageShareIt) {
    const testing::TemporaryFolder folder;
    const std::string one = tensor("FloatStorage", 2);
    const NamedTensors read =
        unpickle_state_dict(archive(folder, "\x80\x02}(" + text("a") + one + text("b") + one + "u."));
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0].second[1].item<float>(), 2.0F);
    EXPECT_EQ(read[0].second.data_ptr(), read[1].second.data_ptr());
}

TEST(Pickle, WhatIsNoStateDictIsRefused) {
    const testing::TemporaryFolder folder;
    const auto refuse = [&](const std::string& program, const std::string& words) {
        const auto file = archive(folder, "\x80\x02" + program + ".");
        testing::expect_error(ExitCode::usage, words, [&] { unpickle_state_dict(file); });
    };
    refuse(")" + std::string(3'000'000, '\x85'), "is nested too deeply");
    refuse(std::string("cos\nsystem\n(X\x04\0\0\0truetR", 23),
           "holds more than a dict of tensors (it calls os system)");
    refuse("K\x05", "holds something else than a dict of tensors");
    refuse("}K\x01K\x02s", "holds something else than a dict of tensors");
    refuse("u", "its pickle lacks a mark");
    refuse("h\x05", "recalls what it never stored");
    refuse("}(" + text("a") + tensor("FloatStorage", 2) + text("b") + tensor("ByteStorage", 2) + "u",
           "a storage of two types or sizes");
    refuse("}" + text("a") + tensor("FloatStorage", 3) + "s", "shorter than it says");
}

TEST(Pickle, ADictThatIsHeldMayNotGrow) {
    const testing::TemporaryFolder folder;
    const auto refuse = [&](const std::string& program) {
        const auto file = archive(folder, "\x80\x02" + program + ".");
        testing::expect_error(ExitCode::usage, "a dict in another one is filled later",
                              [&] { unpickle_state_dict(file); });
    };
    const std::string store("q\0", 2);
    const std::string recall("h\0", 2);
    refuse("}" + store + text("itself") + recall + "s");
    refuse("}" + store + recall + text("as a key") + "s");
    refuse("}" + text("inner") + "}" + store + "s" + recall + text("later") + "}s");
}

}  // namespace
}  // namespace labhost
