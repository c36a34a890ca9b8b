// state_dict files: written, read back, and damaged in many ways.
#include <caffe2/serialize/inline_container.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"
#include "train/pickle.hpp"

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

/// A file of torch.save's form around a pickle of one's own.
std::filesystem::path archive(const testing::TemporaryFolder& folder, const std::string& program) {
    const auto file = folder / "made.pt";
    caffe2::serialize::PyTorchStreamWriter writer(file.native());
    writer.writeRecord("data.pkl", program.data(), program.size());
    writer.writeEndOfFile();
    return file;
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
}

}  // namespace
}  // namespace labhost
