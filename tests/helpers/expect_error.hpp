// Expecting an Error: its message and its exit code.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "support/error.hpp"

namespace labhost::testing {

/// Runs `action`, which must throw Error with this code and a message that contains `words`.
inline void expect_error(ExitCode code, const std::string& words, const std::function<void()>& action) {
    try {
        action();
        ADD_FAILURE() << "no error; expected: " << words;
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), code) << e.what();
        EXPECT_NE(std::string(e.what()).find(words), std::string::npos)
            << "expected: " << words << "\n     got: " << e.what();
    }
}

}  // namespace labhost::testing
