// What supervisor and workers say to each other comes through as it was said, and nothing else is taken for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "sweep/message.hpp"

namespace labhost::message_test {
namespace {

const EpochMetrics metrics{
    .epoch = 3,
    .train = {.loss = 0.25, .accuracy = 91.5, .correct = 915, .count = 1000},
    .validation = PassMetrics{.loss = 0.375, .accuracy = 90.0, .correct = 90, .count = 100},
    .test = {.loss = std::numeric_limits<double>::infinity(), .accuracy = 0.1, .correct = -1, .count = 7},
    .f1 = 0.5,
    .top5 = 99.0,
    .lr = 0.125,
    .seconds = 1e-300};
const Progress progress{
    .epoch = 2, .epochs = 5, .pass = Pass::validation, .batch = 4, .batches = 9, .examples = 256, .loss = 0.125};

/// One of each kind, no field as it is by default.
const std::vector<WorkerMessage> messages{
    message::Resumed{.at = progress, .seconds = 12.5, .final = metrics},
    message::Resumed{.at = progress, .seconds = 12.5, .final = {}},
    message::Progressed{progress},
    message::EpochFinished{metrics},
    message::Warned{std::string("caf\xc3\xa9\0!", 7)},
    message::Captured{},
    message::Measured{{.before = {1, 2}, .now = {3, 4}, .runs = 5, .all_tested = true}},
    message::Paused{},
    message::NotCaptured{"it reads a value back"},
    message::GpuFaulted{.kind = GpuFault::Kind::device, .code = 214, .words = "CUDA error"},
    message::GpuFaulted{.kind = GpuFault::Kind::out_of_memory, .code = -2, .words = ""},
    message::Finished{.seconds = 99.5, .final = metrics},
    message::Failed{"reason"},
    message::StorageFailed{"no space left"},
};

bool equal(const PassMetrics& a, const PassMetrics& b) {
    return a.loss == b.loss && a.accuracy == b.accuracy && a.correct == b.correct && a.count == b.count;
}
bool equal(const EpochMetrics& a, const EpochMetrics& b) {
    return a.epoch == b.epoch && equal(a.train, b.train) && a.validation.has_value() == b.validation.has_value() &&
           (!a.validation || equal(*a.validation, *b.validation)) && equal(a.test, b.test) && a.f1 == b.f1 &&
           a.top5 == b.top5 && a.lr == b.lr && a.seconds == b.seconds;
}
bool equal(const Progress& a, const Progress& b) {
    return a.epoch == b.epoch && a.epochs == b.epochs && a.pass == b.pass && a.batch == b.batch &&
           a.batches == b.batches && a.examples == b.examples && a.loss == b.loss;
}
bool equal(const message::Resumed& a, const message::Resumed& b) {
    return equal(a.at, b.at) && a.seconds == b.seconds && a.final.has_value() == b.final.has_value() &&
           (!a.final || equal(*a.final, *b.final));
}
bool equal(const message::Progressed& a, const message::Progressed& b) { return equal(a.at, b.at); }
bool equal(const message::EpochFinished& a, const message::EpochFinished& b) { return equal(a.metrics, b.metrics); }
bool equal(const message::Warned& a, const message::Warned& b) { return a.words == b.words; }
bool equal(const message::Captured&, const message::Captured&) { return true; }
bool equal(const message::Measured& a, const message::Measured& b) {
    const MeasuredMemory& x = a.memory;
    const MeasuredMemory& y = b.memory;
    return x.before.free == y.before.free && x.before.total == y.before.total && x.now.free == y.now.free &&
           x.now.total == y.now.total && x.runs == y.runs && x.all_tested == y.all_tested;
}
bool equal(const message::Paused&, const message::Paused&) { return true; }
bool equal(const message::NotCaptured& a, const message::NotCaptured& b) { return a.why == b.why; }
bool equal(const message::GpuFaulted& a, const message::GpuFaulted& b) {
    return a.kind == b.kind && a.code == b.code && a.words == b.words;
}
bool equal(const message::Finished& a, const message::Finished& b) {
    return a.seconds == b.seconds && equal(a.final, b.final);
}
bool equal(const message::Failed& a, const message::Failed& b) { return a.reason == b.reason; }
bool equal(const message::StorageFailed& a, const message::StorageFailed& b) { return a.words == b.words; }

bool equal(const WorkerMessage& a, const WorkerMessage& b) {
    return a.index() == b.index() &&
           std::visit([&](const auto& value) { return equal(value, std::get<std::decay_t<decltype(value)>>(b)); }, a);
}

TEST(Message, EachKindComesThroughAsItWasSaid) {
    std::vector<bool> seen(std::variant_size_v<WorkerMessage>);
    for (const WorkerMessage& message : messages) {
        seen[message.index()] = true;
        const auto heard = decode_message(encode(RunMessage{.run = 4000000000U, .what = message}));
        ASSERT_TRUE(heard) << message.index();
        EXPECT_EQ(heard->run, 4000000000U);
        EXPECT_TRUE(equal(heard->what, message)) << message.index();
    }
    EXPECT_EQ(std::ranges::count(seen, false), 0) << "a kind without an example";
}

TEST(Message, WhatIsCutOffOrLongerIsNone) {
    for (const WorkerMessage& message : messages) {
        const std::string bytes = encode(RunMessage{.run = 1, .what = message});
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_message(std::string_view(bytes).substr(0, size))) << message.index() << " " << size;
        EXPECT_FALSE(decode_message(bytes + '\0')) << message.index();
    }
}

TEST(Message, AnUnknownKindIsNone) {
    std::string bytes = encode(RunMessage{.run = 1, .what = message::Paused{}});
    ASSERT_EQ(bytes.size(), 5U);
    bytes[4] = static_cast<char>(std::variant_size_v<WorkerMessage>);
    EXPECT_FALSE(decode_message(bytes));
    bytes[4] = '\xff';
    EXPECT_FALSE(decode_message(bytes));
}

TEST(Message, APassIsOneOfAnEpochs) {
    std::string bytes = encode(RunMessage{.run = 0, .what = message::Progressed{progress}});
    const std::size_t pass = 4 + 1 + 2 * sizeof(std::int64_t);
    ASSERT_EQ(bytes[pass], '\1');
    bytes[pass] = '\2';
    EXPECT_TRUE(decode_message(bytes));
    bytes[pass] = '\3';
    EXPECT_FALSE(decode_message(bytes));
}

TEST(Message, ATruthValueIsZeroOrOne) {
    std::string bytes = encode(RunMessage{.run = 0, .what = message::Measured{{.all_tested = true}}});
    ASSERT_EQ(bytes.back(), '\1');
    bytes.back() = '\2';
    EXPECT_FALSE(decode_message(bytes));
}

TEST(Message, AFaultIsOfAKnownKind) {
    std::string bytes = encode(RunMessage{.run = 0, .what = message::GpuFaulted{}});
    bytes[5] = '\7';
    EXPECT_FALSE(decode_message(bytes));
}

TEST(Message, TheLastWordsAreThese) {
    const auto ends = [](const WorkerMessage& message) {
        return is_last_word(message) ? (ends_run(message) ? 2 : 1) : 0;
    };
    EXPECT_EQ(ends(message::Paused{}), 2);
    EXPECT_EQ(ends(message::Finished{}), 2);
    EXPECT_EQ(ends(message::Failed{}), 2);
    EXPECT_EQ(ends(message::NotCaptured{}), 1);
    EXPECT_EQ(ends(message::GpuFaulted{}), 1);
    EXPECT_EQ(ends(message::StorageFailed{}), 1);
    EXPECT_EQ(ends(message::Progressed{}), 0);
    EXPECT_EQ(ends(message::Warned{}), 0);
}

TEST(Command, EachKindComesThrough) {
    const auto train = decode_command(encode(WorkerCommand{command::Train{
        .number = 7, .index = 5000000000U, .from_scratch = true, .duplicate_of = "/runs/e/a-s1-01234567"}}));
    ASSERT_TRUE(train);
    const auto& told = std::get<command::Train>(*train);
    EXPECT_EQ(told.number, 7U);
    EXPECT_EQ(told.index, 5000000000U);
    EXPECT_TRUE(told.from_scratch);
    EXPECT_EQ(told.duplicate_of, "/runs/e/a-s1-01234567");
    const auto none = decode_command(encode(WorkerCommand{command::NoMoreRuns{}}));
    ASSERT_TRUE(none);
    EXPECT_TRUE(std::holds_alternative<command::NoMoreRuns>(*none));
    EXPECT_FALSE(decode_command(""));
}

}  // namespace
}  // namespace labhost::message_test
