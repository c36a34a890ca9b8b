// A verb: a struct of the options that it declares, and the function that is called once they are read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cli/command_line.hpp"
#include "support/error.hpp"

namespace labhost {

struct Verb {
    std::string name{};
    std::string summary{};  ///< one line
    /// Declares what the verb takes. What comes back runs it, once the line is read, and returns its exit code or
    /// throws Error.
    std::function<std::function<ExitCode()>(CommandLine& line)> prepare{};
};

/// `Options` has `void declare(CommandLine&)`.
template <typename Options>
Verb make_verb(std::string name, std::string summary, ExitCode (*run)(const Options&)) {
    return {std::move(name), std::move(summary), [run](CommandLine& line) -> std::function<ExitCode()> {
                auto options = std::make_shared<Options>();
                options->declare(line);
                return [run, options] { return run(*options); };
            }};
}

}  // namespace labhost
