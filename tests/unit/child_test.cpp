// A function in a child process: its messages, and every way to end.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "support/child.hpp"
#include "support/error.hpp"

namespace labhost::child_test {
namespace {

using How = ChildEnd::How;

TEST(Child, SendsMessagesWholeAndInOrder) {
    std::vector<std::string> heard;
    const std::string large(3'000'000, 'x');  // more than a pipe holds
    const ChildEnd end = run_in_child(
        [&](const Outbox& outbox) {
            outbox.send("first");
            outbox.send(large);
            outbox.send(std::string("\0\n", 2));
        },
        {.on_message = [&](std::string_view message) { heard.emplace_back(message); }});
    EXPECT_EQ(end.how, How::completed);
    EXPECT_EQ(heard, (std::vector<std::string>{"first", large, std::string("\0\n", 2)}));
}

TEST(Child, HearsWhatItIsTold) {
    std::vector<std::string> heard;
    const std::string large(300'000, 'x');  // more than a socket holds
    Child child(
        [](const Outbox& outbox, Inbox& inbox) {
            for (;;) {
                const auto message = inbox.next();
                if (!message) inbox.wait(std::chrono::seconds(5));
                if (message && message->empty()) return;
                if (message) outbox.send(fmt::format("{} {}", message->substr(0, 5), message->size()));
            }
        },
        {.on_message = [&](std::string_view message) { heard.emplace_back(message); }});
    for (const std::string& message : {std::string("first"), large, std::string("last"), std::string()})
        child.tell(message);
    while (!child.poll()) wait_for_any({&child}, std::chrono::milliseconds(50));
    EXPECT_EQ(heard, (std::vector<std::string>{"first 5", "xxxxx 300000", "last 4"}));
    child.tell("and one that has ended does not mind");
}

TEST(Child, ChangesNothingHere) {
    int value = 1;
    run_in_child([&](const Outbox&) { value = 2; }, {});
    EXPECT_EQ(value, 1);
}

TEST(Child, MayExitAbortOrHang) {
    ChildEnd end = run_in_child([](const Outbox&) { std::exit(0); }, {});
    EXPECT_EQ(end.how, How::exited);
    EXPECT_EQ(end.text(), "called exit(0)");
    end = run_in_child([](const Outbox&) { ::raise(SIGKILL); }, {});
    EXPECT_EQ(end.text(), "was killed by SIGKILL");
    end = run_in_child([](const Outbox&) { ::pause(); }, {.limit = std::chrono::milliseconds(200)});
    EXPECT_EQ(end.how, How::timed_out);
    EXPECT_EQ(end.text(), "was not done after 0.2 s");
}

TEST(Child, WhatItSaidBeforeItsEndIsHeard) {
    std::string heard;
    const ChildEnd end = run_in_child(
        [](const Outbox& outbox) {
            outbox.send("so far");
            std::printf("on standard output\n");
            std::fflush(stdout);
            std::fprintf(stderr, "on standard error\n");
            ::raise(SIGTERM);  // ignored
            std::_Exit(7);
        },
        {.on_message = [&](std::string_view message) { heard = message; }});
    EXPECT_EQ(heard, "so far");
    EXPECT_EQ(end.text(), "called exit(7); it wrote: on standard output | on standard error");
}

TEST(Child, OneThatLeavesAProcessBehindIsNotWaitedForLonger) {
    const auto start = std::chrono::steady_clock::now();
    const ChildEnd end = run_in_child(
        [](const Outbox&) {
            if (::fork() == 0) {
                ::sleep(5);  // holds the pipe open
                ::_exit(0);
            }
        },
        {});
    EXPECT_EQ(end.how, How::completed);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(Child, IsKilledWhenItsListenerThrows) {
    EXPECT_THROW(run_in_child(
                     [](const Outbox& outbox) {
                         outbox.send("now");
                         ::pause();
                     },
                     {.on_message = [](std::string_view) { throw Error(ExitCode::usage, "enough"); }}),
                 Error);
}

TEST(Child, OneThatFloodsIsHeardInPartsAndEndsAtItsLimit) {
    std::size_t lines = 0;
    const auto flood = [](const Outbox&) {
        const std::string line = "x\n";
        for (;;) static_cast<void>(::write(STDOUT_FILENO, line.data(), line.size()));
    };
    const ChildEnd end = run_in_child(flood, {.limit = std::chrono::milliseconds(300),
                                              .on_output = [&](std::string_view line) { lines += line == "x"; }});
    EXPECT_EQ(end.how, ChildEnd::How::timed_out);
    EXPECT_GT(lines, 100U);
}

}  // namespace
}  // namespace labhost::child_test
