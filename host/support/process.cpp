#include "support/process.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <exception>
#include <future>
#include <span>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace bp = boost::process;

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
    try {
        const auto program = command.at(0).find('/') == std::string::npos ? bp::search_path(command[0])
                                                                          : boost::filesystem::path(command[0]);
        if (program.empty()) throw Error(ExitCode::run_failed, fmt::format("{}: no such program in PATH", command[0]));
        bp::environment environment = boost::this_process::environment();
        for (char** variable = environ; !options.without.empty() && *variable != nullptr; ++variable) {
            const std::string text = *variable;
            const std::string name = text.substr(0, text.find('='));
            if (std::ranges::any_of(options.without, [&](const std::string& glob) { return glob_matches(glob, name); }))
                environment.erase(name);
        }
        for (const auto& [name, value] : options.environment) environment[name] = value;
        const std::vector<std::string> arguments(command.begin() + 1, command.end());
        boost::asio::io_context context;
        std::future<std::string> out;
        std::future<std::string> err;
        const auto start = [&](const auto&... folder) {
            return bp::child(bp::exe = program, bp::args = arguments, environment,
                             bp::std_in<bp::null, bp::std_out> out, bp::std_err > err, context, folder...);
        };
        // This process's own is not asked for, nor gone into anew: it may have been removed, or be closed to this user.
        bp::child child = options.folder.empty() ? start() : start(bp::start_dir = options.folder.native());
        context.run();
        child.wait();
        const int status = child.native_exit_code();
        return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : child.exit_code(), out.get(), err.get()};
    } catch (const Error&) {
        throw;
    } catch (const std::exception& e) {
        throw Error(ExitCode::run_failed, fmt::format("{}: cannot be run: {}", command.at(0), e.what()));
    }
}

}  // namespace labhost
