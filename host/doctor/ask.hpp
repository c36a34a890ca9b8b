// Asking what may crash or hang: in a child process, with a time limit.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "doctor/finding.hpp"

namespace labhost {

using Tell = std::function<void(const Finding&)>;

/// What is looked at, and what is said if the child that looks crashes or is not done in time.
struct Subject {
    std::string name{};
    Finding::Status if_it_fails = Finding::Status::failure;
    std::chrono::seconds limit{};
    std::string remedy{};
};

/// Runs `look` in a child process. What it told before the child's end is kept; an end that is not its own becomes a
/// finding behind the others. `look` may throw Error: that is a finding, too.
Findings look_in_child(const Subject& subject, const std::function<void(const Tell&)>& look);

/// What another program answers.
struct Answer {
    bool found = false;  ///< in PATH, or where its path says
    std::string
        fault{};        ///< why it gave no answer: its own words, or that it was killed at the time limit; "" if it did
    bool hung = false;  ///< it was killed at the time limit
    std::string out{};
};

/// Runs a program (a path, or looked up in PATH) for at most ten seconds. Not to be called in a child with a limit of
/// its own: should that be killed first, the program would go on.
Answer ask_program(const std::vector<std::string>& command);

}  // namespace labhost
