// A checkpoint's file: what it says of where it was made, and that this is a part of what its digest guards.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/checkpoint.hpp"
#include "helpers/expect_error.hpp"
#include "helpers/temporary_folder.hpp"

namespace labhost {
namespace {

const NamedTensors state{{"model.weight", torch::ones({2, 3})}};

TEST(Checkpoint, SaysOnWhichGpuItWasMade) {
    const testing::TemporaryFolder folder;
    const std::string gpu = R"({"gpu":"NVIDIA H200","cudnn":"9.12.0"})";
    const NamedTensors read = read_checkpoint(folder.write("c.pt", pack_checkpoint(state, gpu, "print")), "print");
    EXPECT_EQ(gpu_of(read), gpu);
    EXPECT_TRUE(torch::equal(tensor_of(read, "model.weight", torch::kFloat32), state.front().second));
}

TEST(Checkpoint, OfACpuHoldsWhatItAlwaysHeld) {
    const testing::TemporaryFolder folder;
    const NamedTensors read = read_checkpoint(folder.write("c.pt", pack_checkpoint(state, "", "print")), "print");
    EXPECT_EQ(gpu_of(read), "");
    EXPECT_EQ(read.size(), 1U);
}

TEST(Checkpoint, OfAnotherRunIsRefusedWhereverItWasMade) {
    const testing::TemporaryFolder folder;
    const auto file = folder.write("c.pt", pack_checkpoint(state, "{}", "print"));
    testing::expect_error(ExitCode::usage, "is another run's checkpoint", [&] { read_checkpoint(file, "other"); });
}

}  // namespace
}  // namespace labhost
