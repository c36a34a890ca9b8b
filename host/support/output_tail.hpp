// What a process writes: line by line to a listener, and its end kept.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace labhost {

class OutputTail {
public:
    explicit OutputTail(std::function<void(std::string_view)> on_line);

    void add(std::string_view bytes);

    /// The listener gets what has come of a line that has no end yet.
    void finish_line();

    /// The last 2000 characters, from the start of a line.
    std::string text();

private:
    void cut();

    std::function<void(std::string_view)> on_line_;
    std::string line_;
    std::string text_;
};

}  // namespace labhost
