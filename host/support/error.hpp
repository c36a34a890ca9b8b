// The one exception type of the host: a message for a person, and the exit code that goes with it.
#pragma once

#include <stdexcept>
#include <string>

namespace labhost {

/// What labhost's exit status says. Scripts rely on the numbers.
enum class ExitCode : int {
    ok = 0,
    run_failed = 1,
    usage = 2,                ///< bad command line, experiment file or data
    claim_not_supported = 3,  ///< with --check-claims
    unusable = 4,             ///< a plugin or device cannot be used
    interrupted = 130,        ///< by SIGINT
    terminated = 143,         ///< by SIGTERM
};

/// A message says where, what, and what to do; `main` prints it and exits with `code`.
class Error : public std::runtime_error {
public:
    Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

/// A run's record cannot be written: disk full, folder gone. It stops a sweep, since the next run would fail alike.
class StorageError : public Error {
public:
    explicit StorageError(const std::string& message) : Error(ExitCode::run_failed, message) {}
};

/// A signal asked to stop. What is finished stays; what was under way is not over.
class StopError : public Error {
public:
    using Error::Error;
};

}  // namespace labhost
