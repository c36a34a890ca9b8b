// Augmentation: torchvision's images and draws. The literal images and draws are torchvision 0.29's, of seeds that show
// something; tests/parity/augment.py compares thousands.
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/augment.hpp"

namespace labhost {
namespace {

/// A pixel's number is what it is before normalisation, which adds 1000: so 1000 is a fill before it, 0 one after it.
std::array<float, 256> plus_1000() {
    std::array<float, 256> table{};
    std::iota(table.begin(), table.end(), 1000.0F);
    return table;
}

struct Augmented {
    std::vector<float> image;
    std::int64_t next_draw;  ///< torch.randint(0, 1000000, (1,)).item()

    friend bool operator==(const Augmented&, const Augmented&) = default;
};

std::int64_t next_draw() { return torch::randint(0, 1000000, {1}).item<std::int64_t>(); }

/// The image whose pixels are 1, 2, 3, ...
Augmented augmented(const AugmentSettings& settings, const ImageSize& size, std::uint64_t seed) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size.bytes()));
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
    std::vector<float> image(bytes.size());
    Augment augment(settings, size, {plus_1000()});
    torch::manual_seed(seed);
    augment.fill(bytes.data(), image.data());
    return {.image = image, .next_draw = next_draw()};
}

std::vector<float> unchanged(const ImageSize& size) {
    std::vector<float> image(static_cast<std::size_t>(size.bytes()));
    std::iota(image.begin(), image.end(), 1001.0F);
    return image;
}

/// What is drawn next after so many draws of one number.
std::int64_t next_draw_after(int draws, std::uint64_t seed) {
    torch::manual_seed(seed);
    for (int i = 0; i < draws; ++i) torch::rand({1});
    return next_draw();
}

constexpr ImageSize small{.channels = 1, .height = 3, .width = 4};

TEST(AugmentTest, WithoutSettingsAnImageIsNormalizedAndNothingIsDrawn) {
    EXPECT_EQ(augmented({}, small, 1), (Augmented{unchanged(small), next_draw_after(0, 1)}));
}

TEST(AugmentTest, ACropIsOfThePaddedImageAndFilledBeforeNormalisation) {
    const AugmentSettings crop{.crop_padding = 1};
    EXPECT_EQ(augmented(crop, small, 0), (Augmented{{1000, 1005, 1006, 1007,  //
                                                     1000, 1009, 1010, 1011,  //
                                                     1000, 1000, 1000, 1000},
                                                    714933}));
    EXPECT_EQ(augmented(crop, small, 1), (Augmented{{1002, 1003, 1004, 1000,  //
                                                     1006, 1007, 1008, 1000,  //
                                                     1010, 1011, 1012, 1000},
                                                    770124}));
}

TEST(AugmentTest, ACropWithoutPaddingDrawsNothing) {
    EXPECT_EQ(augmented({.crop_padding = 0}, small, 1), (Augmented{unchanged(small), next_draw_after(0, 1)}));
}

TEST(AugmentTest, ACropMayMissTheWholeImage) {
    const std::vector<float> nothing(12, 1000.0F);
    int missed = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        missed += augmented({.crop_padding = 50}, small, seed).image == nothing ? 1 : 0;
    EXPECT_GT(missed, 10);
}

TEST(AugmentTest, AFlipReversesRowsWithItsProbability) {
    const AugmentSettings flip{.horizontal_flip = 0.5};
    EXPECT_EQ(augmented(flip, small, 0), (Augmented{{1004, 1003, 1002, 1001,  //
                                                     1008, 1007, 1006, 1005,  //
                                                     1012, 1011, 1010, 1009},
                                                    248239}));
    EXPECT_EQ(augmented(flip, small, 1), (Augmented{unchanged(small), 876139}));
}

TEST(AugmentTest, ProbabilitiesOfZeroAndOneAreDrawnForToo) {
    EXPECT_EQ(augmented({.horizontal_flip = 0.0}, small, 0), (Augmented{unchanged(small), 248239}));
    EXPECT_EQ(augmented({.erasing = 0.0}, small, 0), (Augmented{unchanged(small), 248239}));
    EXPECT_EQ(augmented({.horizontal_flip = 1.0}, small, 1).image.front(), 1004.0F);
    EXPECT_EQ(augmented({.horizontal_flip = 1.0}, small, 1).next_draw, 876139);
}

TEST(AugmentTest, AProbabilityIsComparedInFloat32) {
    torch::manual_seed(1);
    const double drawn = torch::rand({1}).item<float>();
    EXPECT_EQ(augmented({.horizontal_flip = drawn + 1e-12}, small, 1).image, unchanged(small));  // drawn < drawn
    EXPECT_NE(augmented({.horizontal_flip = drawn + 1e-7}, small, 1).image, unchanged(small));
}

TEST(AugmentTest, ARotationTakesNearestPixelsAndFillsBeforeNormalisation) {
    EXPECT_EQ(augmented({.rotation = 60}, small, 1), (Augmented{{1000, 1003, 1003, 1008,  //
                                                                 1001, 1006, 1007, 1012,  //
                                                                 1005, 1010, 1010, 1000},
                                                                876139}));
}

TEST(AugmentTest, ARotationByZeroIsDrawnAndChangesNothing) {
    EXPECT_EQ(augmented({.rotation = 0}, small, 1), (Augmented{unchanged(small), 876139}));
}

TEST(AugmentTest, ErasingFillsAfterNormalisation) {
    EXPECT_EQ(augmented({.erasing = 1}, small, 0), (Augmented{{1001, 0, 0, 0,           //
                                                               1005, 1006, 1007, 1008,  //
                                                               1009, 1010, 1011, 1012},
                                                              848379}));
    EXPECT_EQ(augmented({.erasing = 1}, small, 2), (Augmented{{1001, 1002, 0, 1004,  //
                                                               1005, 1006, 0, 1008,  //
                                                               1009, 1010, 1011, 1012},
                                                              471979}));
}

/// What is erased must be smaller than the image both ways, and of 1 x 60 pixels it is at least 0.6 high: one row or
/// more.
TEST(AugmentTest, ErasingThatFindsNoPlaceTriesTenTimes) {
    constexpr ImageSize flat{.channels = 1, .height = 1, .width = 60};
    EXPECT_EQ(augmented({.erasing = 1}, flat, 3), (Augmented{unchanged(flat), next_draw_after(1 + 2 * 10, 3)}));
}

TEST(AugmentTest, AllActInTheirOrderAndChannelsAlike) {
    constexpr ImageSize size{.channels = 2, .height = 4, .width = 5};
    const AugmentSettings all{.crop_padding = 1, .horizontal_flip = 0.5, .rotation = 60, .erasing = 0.5};
    EXPECT_EQ(augmented(all, size, 1), (Augmented{{1000, 1004, 1003, 1007, 1007,  //
                                                   1000, 1010, 1009, 1013, 1012,  //
                                                   1000, 1010, 0, 0, 0,           //
                                                   1000, 1000, 0, 0, 0,           //
                                                                                  //
                                                   1000, 1024, 1023, 1027, 1027,  //
                                                   1000, 1030, 1029, 1033, 1032,  //
                                                   1000, 1030, 0, 0, 0,           //
                                                   1000, 1000, 0, 0, 0},
                                                  994432}));
    EXPECT_EQ(augmented(all, size, 5), (Augmented{{1000, 1007, 1008, 1014, 1019,  //
                                                   1006, 1007, 1012, 1018, 1019,  //
                                                   1000, 1011, 1017, 1000, 1000,  //
                                                   1000, 1000, 1000, 1000, 1000,  //
                                                                                  //
                                                   1000, 1027, 1028, 1034, 1039,  //
                                                   1026, 1027, 1032, 1038, 1039,  //
                                                   1000, 1031, 1037, 1000, 1000,  //
                                                   1000, 1000, 1000, 1000, 1000},
                                                  238070}));
}

TEST(AugmentTest, OneImageLeavesNothingToTheNext) {
    const AugmentSettings all{.crop_padding = 1, .horizontal_flip = 0.5, .rotation = 60, .erasing = 0.5};
    constexpr ImageSize size{.channels = 2, .height = 4, .width = 5};
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size.bytes()));
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
    std::vector<float> image(bytes.size());
    Augment augment(all, size, {plus_1000()});
    for (const std::uint64_t seed : {5, 1}) {
        torch::manual_seed(seed);
        augment.fill(bytes.data(), image.data());
        EXPECT_EQ(image, augmented(all, size, seed).image);
    }
}

std::vector<std::int32_t> sources(std::int64_t height, std::int64_t width, double degrees) {
    Rotation rotation(height, width);
    const auto found = rotation.sources(degrees);
    return {found.begin(), found.end()};
}

TEST(RotationTest, IsCounterClockwiseAndFillsWhatLiesOutside) {
    EXPECT_EQ(sources(3, 3, 90), (std::vector<std::int32_t>{2, 5, 8,  //
                                                            1, 4, 7,  //
                                                            0, 3, 6}));
    EXPECT_EQ(sources(3, 3, -45), (std::vector<std::int32_t>{3, 0, 1,  //
                                                             6, 4, 2,  //
                                                             7, 8, 5}));
    EXPECT_EQ(sources(1, 3, 90), (std::vector<std::int32_t>{Rotation::outside, 1, Rotation::outside}));
}

/// torchvision's operators, on an image of its pixels' numbers.
std::vector<std::int32_t> sources_by_operators(std::int64_t height, std::int64_t width, double degrees) {
    const double radians = -degrees * (std::numbers::pi / 180.0);
    const double cos = std::cos(radians);
    const double sin = std::sin(radians);
    const auto from_centre = [](std::int64_t size) {
        const double last = 0.5 * static_cast<double>(size) - 0.5;
        return torch::linspace(-last, last, size);
    };
    torch::Tensor positions = torch::ones({1, height, width, 3});
    positions.select(-1, 0).copy_(from_centre(width));
    positions.select(-1, 1).copy_(from_centre(height).unsqueeze(-1));
    const torch::Tensor theta =
        torch::tensor({cos, sin, 0.0, -sin, cos, 0.0}, torch::kFloat32).view({1, 2, 3}).transpose(1, 2) /
        torch::tensor({0.5F * static_cast<float>(width), 0.5F * static_cast<float>(height)});
    const torch::Tensor grid = positions.view({1, -1, 3}).bmm(theta).view({1, height, width, 2});
    const torch::Tensor numbers = torch::arange(1.0, static_cast<double>(height * width) + 1.0, torch::kFloat32);
    const torch::Tensor taken = torch::grid_sampler(numbers.view({1, 1, height, width}), grid, 1, 0, false);
    const torch::Tensor found = taken.flatten().to(torch::kInt32) - 1;
    return {found.data_ptr<std::int32_t>(), found.data_ptr<std::int32_t>() + found.numel()};
}

TEST(RotationTest, TakesThePixelsThatTheOperatorsTake) {
    std::mt19937 random(1);
    for (int i = 0; i < 3000; ++i) {
        const auto height = std::uniform_int_distribution<std::int64_t>(1, 40)(random);
        const auto width = std::uniform_int_distribution<std::int64_t>(1, 40)(random);
        const double degrees = std::uniform_real_distribution<double>(-180.0, 180.0)(random);
        ASSERT_EQ(sources(height, width, degrees), sources_by_operators(height, width, degrees))
            << height << " x " << width << ", " << degrees;
    }
}

/// Float32's roundings decide which pixel it is.
TEST(RotationTest, TakesThoseOfTheOperatorsInTheMiddleBetweenPixels) {
    for (const double degrees : {-180.0, -90.0, -45.0, -30.0, 30.0, 45.0, 60.0, 90.0, 180.0})
        for (std::int64_t height = 1; height < 33; ++height)
            for (std::int64_t width = 1; width < 33; ++width)
                ASSERT_EQ(sources(height, width, degrees), sources_by_operators(height, width, degrees))
                    << height << " x " << width << ", " << degrees;
}

/// At these angles a pixel's column, x cos + y sin from the centre, is as near to the middle between two as a double
/// is.
TEST(RotationTest, TakesThoseOfTheOperatorsNextToTheMiddle) {
    std::mt19937 random(1);
    const auto below = [&](std::int64_t end) {
        return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random);
    };
    for (int i = 0; i < 20000; ++i) {
        const std::int64_t height = 2 + below(39);
        const std::int64_t width = 2 + below(39);
        const double x = static_cast<double>(below(width)) - 0.5 * static_cast<double>(width - 1);
        const double y = static_cast<double>(below(height)) - 0.5 * static_cast<double>(height - 1);
        const double middle = static_cast<double>(below(width)) + 0.5 - 0.5 * static_cast<double>(width - 1);
        const double distance = std::hypot(x, y);
        if (std::abs(middle) > distance || distance == 0.0) continue;
        const double radians = std::atan2(y, x) + std::acos(middle / distance);
        const double degrees = -radians * 180.0 / std::numbers::pi;
        ASSERT_EQ(sources(height, width, degrees), sources_by_operators(height, width, degrees))
            << height << " x " << width << ", " << degrees;
    }
}

}  // namespace
}  // namespace labhost
