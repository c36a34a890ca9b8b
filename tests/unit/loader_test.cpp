// The loader: torchvision's arithmetic and DataLoader's draws.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <numeric>

#include "data/examples.hpp"
#include "data/random_split.hpp"
#include "engine/loader.hpp"
#include "engine/pass_sums.hpp"

namespace labhost {
namespace {

TEST(Normalization, IsToTensorThenNormalizeInFloat32) {
    const Normalizer normalizer({.mean = {0.1307}, .std = {0.3081}}, 1, 1);
    const ByteTable& table = normalizer.tables().front();
    // torchvision: img.to(float32).div(255), then sub_(mean).div_(std) with float32 tensors.
    const torch::Tensor expected = torch::arange(256, torch::kUInt8)
                                       .to(torch::kFloat32)
                                       .div(255)
                                       .sub_(torch::tensor({0.1307}, torch::kFloat32))
                                       .div_(torch::tensor({0.3081}, torch::kFloat32));
    for (std::int64_t byte = 0; byte < 256; ++byte)
        EXPECT_EQ(table[static_cast<std::size_t>(byte)], expected[byte].item<float>()) << byte;
}

TEST(Normalization, IsOfEachChannelOrOfAll) {
    const std::vector<std::uint8_t> bytes{0, 51, 102, 153, 204, 255};
    const torch::Tensor images =
        torch::from_blob(const_cast<std::uint8_t*>(bytes.data()), {3, 2}, torch::kUInt8).to(torch::kFloat32);
    const auto normalized = [](const Normalizer& normalizer, const auto* values) {
        torch::Tensor into = torch::empty({3, 2}, torch::kFloat32);
        normalizer.fill(values, into.data_ptr<float>());
        return into;
    };
    const torch::Tensor mean = torch::tensor({0.1, 0.2, 0.3}, torch::kFloat32).view({3, 1});
    const torch::Tensor std = torch::tensor({0.4, 0.5, 0.6}, torch::kFloat32).view({3, 1});
    const Normalizer each({.mean = {0.1, 0.2, 0.3}, .std = {0.4, 0.5, 0.6}}, 3, 2);
    EXPECT_TRUE(torch::equal(normalized(each, bytes.data()), images.div(255).sub(mean).div(std)));
    EXPECT_TRUE(torch::equal(normalized(each, images.data_ptr<float>()), images.sub(mean).div(std)));
    const Normalizer one({.mean = {0.1, 0.2, 0.3}, .std = {0.5}}, 3, 2);
    EXPECT_TRUE(torch::equal(normalized(one, bytes.data()), images.div(255).sub(mean).div(0.5F)));
    const Normalizer all({.mean = {0.1}, .std = {0.4}}, 3, 2);
    EXPECT_TRUE(torch::equal(normalized(all, images.data_ptr<float>()), images.sub(mean[0]).div(std[0])));
}

TEST(RandomSplit, IsTorchs) {
    for (const std::int64_t count : {1, 2, 7, 1000, 60000})
        for (const std::uint64_t seed : {0ULL, 1ULL, 42ULL, 0xFFFFFFFFULL, 0x123456789ABCDEFULL}) {
            const auto order = random_permutation(count, seed);
            EXPECT_TRUE(torch::equal(torch::tensor(order, torch::kInt64),
                                     torch::randperm(count, at::detail::createCPUGenerator(seed), torch::kInt64)))
                << count << " " << seed;
        }
}

Split numbered(std::uint8_t count) {
    Split split{.count = count, .sizes = {1, 2}, .largest_label = count - 1};
    std::vector<std::uint8_t> bytes;
    for (std::uint8_t i = 0; i < count; ++i) {
        bytes.insert(bytes.end(), {i, static_cast<std::uint8_t>(i + 100)});
        split.labels.push_back(i);
    }
    split.bytes = std::move(bytes);
    return split;
}

/// By the operators that make them on a GPU, here on the CPU.
TEST(LoaderTest, BatchesMadeOnADeviceHaveTheSameBits) {
    const Split split = numbered(50);
    LoaderSettings settings{
        .limit = 47, .batch_size = 10, .sizes = {1, 1, 2}, .normalize = {.mean = {0.1307}, .std = {0.3081}}};
    Loader loader(split, settings);
    settings.gpu = torch::kCPU;
    Loader on_device(split, settings);
    torch::manual_seed(1);
    loader.begin_pass();
    torch::manual_seed(1);
    on_device.begin_pass();
    Batch batch;
    int batches = 0;
    while (loader.next(batch)) {
        EXPECT_EQ(on_device.next_is_whole(), ++batches < 5);
        const Batch same = on_device.gather(on_device.next_examples());
        EXPECT_TRUE(torch::equal(same.images, batch.images) && same.images.sizes() == batch.images.sizes());
        EXPECT_TRUE(torch::equal(same.targets, batch.targets));
        EXPECT_EQ(on_device.position(), loader.position());
    }
    EXPECT_EQ(batches, 5);
    EXPECT_FALSE(on_device.next(batch));
}

TEST(LoaderTest, ExamplesThatWereDrawnComeInTheirOrder) {
    const Split all = numbered(20);
    const Split drawn = taken_from(all, std::vector<std::int64_t>{7, 2, 19});
    for (const bool on_device : {false, true}) {
        LoaderSettings settings{
            .limit = 3, .batch_size = 3, .normalize = {.mean = {0.0}, .std = {1.0 / 255}}, .shuffle = false};
        if (on_device) settings.gpu = torch::kCPU;
        Loader loader(drawn, settings);
        loader.begin_pass();
        Batch batch;
        ASSERT_TRUE(loader.next(batch));
        EXPECT_TRUE(torch::equal(batch.targets, torch::tensor({7, 2, 19}, torch::kInt64)));
        EXPECT_TRUE(
            torch::equal(batch.images.flatten().round(), torch::tensor({7.0F, 107.0F, 2.0F, 102.0F, 19.0F, 119.0F})));
    }
}

/// Of several channels, of reals and of vectors of bytes, with targets that are no classes.
TEST(LoaderTest, BatchesOfOtherDataHaveTheSameBitsOnADevice) {
    Split colours{.count = 9, .sizes = {3, 2, 1}, .targets = std::vector<float>(18), .outputs = 2};
    std::vector<std::uint8_t> bytes(54);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 4 + 1);
    colours.bytes = bytes;
    std::iota(colours.targets.begin(), colours.targets.end(), 0.5F);
    Split reals{.count = 9, .sizes = {6}, .labels = {0, 1, 2, 3, 4, 5, 6, 7, 8}, .largest_label = 8};
    std::vector<float> values(54);
    std::ranges::transform(bytes, values.begin(), [](std::uint8_t byte) { return static_cast<float>(byte) * 0.3F; });
    reals.reals = std::move(values);
    Split columns = reals;
    columns.reals = {};
    columns.bytes = bytes;
    const std::vector<double> six{0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
    for (const auto& [split, numbers] :
         {std::pair{&colours, std::vector<double>{0.1, 0.2, 0.3}}, {&reals, six}, {&columns, six}}) {
        LoaderSettings settings{.limit = 8, .batch_size = 3, .normalize = {.mean = numbers, .std = numbers}};
        Loader loader(*split, settings);
        settings.gpu = torch::kCPU;
        Loader on_device(*split, settings);
        torch::manual_seed(1);
        loader.begin_pass();
        torch::manual_seed(1);
        on_device.begin_pass();
        int batches = 0;
        for (Batch batch; loader.next(batch); ++batches) {
            Batch same;
            ASSERT_TRUE(on_device.next(same));
            EXPECT_TRUE(torch::equal(same.images, batch.images));
            EXPECT_TRUE(torch::equal(same.targets, batch.targets));
            const auto at = static_cast<std::size_t>(batch.examples[0].item<std::int64_t>() * 6);
            const torch::Tensor first = batch.images[0].flatten();
            for (std::size_t value = 0; value < 6; ++value) {
                const auto of_channel = static_cast<float>(numbers[value * numbers.size() / 6]);
                const float raw = split->is_bytes() ? static_cast<float>(split->bytes[at + value]) / 255.0F
                                                    : split->reals[at + value];
                EXPECT_EQ(first[static_cast<std::int64_t>(value)].item<float>(), (raw - of_channel) / of_channel);
            }
        }
        EXPECT_EQ(batches, 3);
    }
}

TEST(PassSums, OfARegressionOnADeviceAreThoseOnTheCpu) {
    torch::manual_seed(1);
    const torch::Tensor targets = torch::randn({20, 3});
    const SummedTargets of{.kind = TargetKind::reals, .outputs = 3};
    PassSums here(of);
    PassSums there(torch::kCPU, 4, 20, of);
    for (PassSums* sums : {&here, &there}) {
        torch::manual_seed(2);
        sums->set({.loss = 0.5, .examples = 2, .absolute = {1, 2, 3}, .squared = {4, 5, 6}});
        for (std::int64_t i = 0; i < 4; ++i) {
            const torch::Tensor examples = torch::arange(i * 5, (i + 1) * 5);
            sums->add(torch::rand({}), torch::randn({5, 3}),
                      {.images = {}, .targets = targets.index_select(0, examples), .examples = examples});
            sums->count(5);
        }
        sums->read({});
    }
    const std::vector<double> variation{10, 20, 0};
    const PassMetrics a = here.metrics(variation);
    const PassMetrics b = there.metrics(variation);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.loss, here.known().loss / 66.0);
    EXPECT_NEAR(*a.mae, *b.mae, 1e-14);
    EXPECT_NEAR(*a.rmse, *b.rmse, 1e-14);
    EXPECT_NEAR(*a.r2, *b.r2, 1e-14);
    EXPECT_GT(here.known().absolute[0], 1.0) << "it goes on from what was there";
    EXPECT_FALSE(a.accuracy || a.correct);
}

TEST(PassSums, OfAModelsOwnLossAreOverExamplesAndHaveNoErrors) {
    for (const std::int64_t columns : {1, 2}) {
        PassSums sums(SummedTargets{.kind = TargetKind::given, .outputs = columns});
        sums.set({});
        sums.add(torch::full({}, 10.0F), torch::randn({5, 64}),  // outputs are not what targets are
                 {.images = {}, .targets = torch::zeros({5, 2}), .examples = torch::arange(5)});
        sums.count(5);
        EXPECT_EQ(sums.metrics({}).loss, 2.0);
        EXPECT_FALSE(sums.metrics({}).mae || sums.metrics({}).accuracy);
    }
}

TEST(PassSums, OnADeviceAreThoseOnTheCpu) {
    constexpr std::int64_t batches = 20;
    constexpr std::int64_t size = 5;
    torch::manual_seed(1);
    const torch::Tensor labels = torch::randint(4, {batches * size}, torch::kInt64);
    PassSums here;
    PassSums there(torch::kCPU, batches, batches * size + 3);
    for (PassSums* sums : {&here, &there}) {
        torch::manual_seed(2);
        sums->set({.loss = 0.5, .correct = 3, .examples = 7});
        for (std::int64_t i = 0; i < batches; ++i) {
            const torch::Tensor output = torch::rand({size, 4}).round();  // ties: the first is the maximum
            const torch::Tensor examples = torch::arange(i * size, (i + 1) * size);
            sums->add(torch::rand({}), output,
                      {.images = {}, .targets = labels.index_select(0, examples), .examples = examples});
            sums->count(size);
            if (i == batches / 4) sums->read_losses();  // as where progress is shown: then only the rest is added
            if (i == batches / 2) sums->request_losses();
            if (i == batches / 2 + 2) {
                const double before = there.known().loss;
                sums->poll_losses();
                if (sums == &there) {
                    EXPECT_GT(there.known().loss, before);
                    EXPECT_EQ(there.known().examples, 7 + (batches / 2 + 1) * size);
                }
            }
        }
    }
    EXPECT_EQ(there.known().correct, 3);  // not read yet
    const Sums read = there.read(labels);
    EXPECT_EQ(read.loss, here.known().loss);
    EXPECT_EQ(read.correct, here.known().correct);
    EXPECT_EQ(read.examples, 107);
    EXPECT_EQ(here.known().examples, 107);
    there.set({});
    EXPECT_EQ(there.read(labels).correct, 0);
    EXPECT_EQ(there.known().loss, 0.0);
}

TEST(LoaderTest, APassIsAPermutationInBatchesWithAShortLastOne) {
    const Split split = numbered(10);
    // The first seven examples; pixels come out as their bytes.
    Loader loader(split, {.limit = 7, .batch_size = 3, .normalize = {.std = {1.0 / 255.0}}});
    EXPECT_EQ(loader.batches(), 3);
    torch::manual_seed(1);
    loader.begin_pass();
    Batch batch;
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> seen;
    while (loader.next(batch)) {
        sizes.push_back(batch.targets.size(0));
        for (std::int64_t i = 0; i < batch.targets.size(0); ++i) {
            const auto label = batch.targets[i].item<std::int64_t>();
            seen.push_back(label);
            EXPECT_NEAR(batch.images[i][0][0].item<float>(), static_cast<float>(label), 1e-4);
            EXPECT_NEAR(batch.images[i][0][1].item<float>(), static_cast<float>(label + 100), 1e-4);
        }
    }
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{3, 3, 1}));
    std::ranges::sort(seen);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(LoaderTest, DrawsABaseSeedAndASamplersSeedOnEachPass) {
    const Split split = numbered(50);
    Loader loader(split, {.limit = 50, .batch_size = 50});
    torch::manual_seed(3);
    Batch first;
    loader.begin_pass();
    loader.next(first);
    const auto next_draw = torch::empty({}, torch::kInt64).random_().item<std::int64_t>();

    torch::manual_seed(3);
    torch::empty({}, torch::kInt64).random_();
    const auto seed = torch::empty({}, torch::kInt64).random_().item<std::int64_t>();
    auto generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed));
    EXPECT_TRUE(torch::equal(first.targets, torch::randperm(50, generator, torch::kInt64)));
    EXPECT_EQ(next_draw, torch::empty({}, torch::kInt64).random_().item<std::int64_t>());
}

}  // namespace
}  // namespace labhost
