// What is posted to a writer is done in its order, whatever happens to who posted it.
#include <future>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "sweep/writer.hpp"

namespace labhost::writer_test {
namespace {

TEST(Writer, DoesJobsInTheirOrderBesideWhoPostsThem) {
    Writer writer;
    std::promise<void> go;
    std::vector<int> done;
    const auto first = writer.post([&] {
        go.get_future().wait();  // posting does not wait for it
        done.push_back(1);
    });
    auto second = writer.post([&] { done.push_back(2); });
    EXPECT_EQ(second.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    go.set_value();
    second.get();
    EXPECT_EQ(done, (std::vector<int>{1, 2}));
}

TEST(Writer, WhatAJobThrowsIsTheFuturesAndTheNextOneIsDone) {
    Writer writer;
    auto failed = writer.post([] { throw std::runtime_error("disk"); });
    auto next = writer.post([] {});
    EXPECT_THROW(failed.get(), std::runtime_error);
    EXPECT_NO_THROW(next.get());
}

TEST(Writer, DoesWhatIsLeftBeforeItIsGone) {
    int done = 0;
    {
        Writer writer;
        for (int i = 0; i < 100; ++i) static_cast<void>(writer.post([&] { ++done; }));
    }
    EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace labhost::writer_test
