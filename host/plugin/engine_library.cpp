#include "plugin/engine_library.hpp"

#include <cstdlib>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "plugin/loaded_torch.hpp"
#include "plugin/stamp.hpp"
#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost {

namespace {

/// UCX, which comes with the MPI of Debian 13's LibTorch, takes the signals of crashes when it is loaded, and SIGHUP:
/// what a plugin dies of would be told with a backtrace of UCX's, and a labhost would outlive its terminal. It asks the
/// environment then (openucx/ucx: src/ucs/config/global_opts.c, src/ucs/debug/debug.c); an empty set of ways to handle
/// errors, and signal 0, mean that it takes none. What the user has set stays.
void keep_ucx_from_signals() {
    ::setenv("UCX_HANDLE_ERRORS", "", /*overwrite=*/0);
    ::setenv("UCX_DEBUG_SIGNO", "0", /*overwrite=*/0);
}

/// The linker takes what has the right file name; another LibTorch under it would compute other numbers, or crash.
void refuse_other_torch(const boost::dll::shared_library& engine) {
    LoadedTorch loaded;
    engine.get<void(LoadedTorch&)>("labhost_loaded_torch")(loaded);
    if (const std::string why = why_other_torch(loaded, host_stamp()); !why.empty())
        throw Error(ExitCode::unusable, why);
}

boost::dll::shared_library load() {
    keep_ucx_from_signals();
    const auto file = installed_file("lib/liblabhost_engine.so", "lib/labhost/liblabhost_engine.so");
    try {
        // Lazy: LibTorch has 140,000 functions to bind. Global: plugins, and LibTorch's own parts, find it so.
        using boost::dll::load_mode::rtld_global;
        using boost::dll::load_mode::rtld_lazy;
        boost::dll::shared_library library(file, rtld_lazy | rtld_global);
        refuse_other_torch(library);
        return library;
    } catch (const Error&) {
        throw;
    } catch (const std::exception& e) {
        throw Error(
            ExitCode::unusable,
            fmt::format(
                "{}: error: cannot be loaded: {}; install LibTorch {}+{}, see that LD_LIBRARY_PATH names no other, "
                "or build labhost again",
                file.native(), e.what(), host_stamp().field("torch"), host_stamp().field("build")));
    }
}

}  // namespace

const labhost_descriptor& load_descriptor(const std::filesystem::path& file) {
    engine_library();
    try {
        using boost::dll::load_mode::rtld_local;
        using boost::dll::load_mode::rtld_now;
        // Never destroyed, on purpose.
        static auto& loaded = *std::make_unique<std::deque<boost::dll::shared_library>>().release();
        const auto& library = loaded.emplace_back(file, rtld_now | rtld_local);
        return library.get<const labhost_descriptor>(LABHOST_PLUGIN_SYMBOL);
    } catch (const std::exception& e) {
        throw Error(ExitCode::unusable, fmt::format("cannot be loaded: {}", e.what()));
    }
}

const boost::dll::shared_library& engine_library() {
    // Never unloaded: LibTorch cannot be, safely.
    static const auto& library = *std::make_unique<boost::dll::shared_library>(load()).release();
    return library;
}

}  // namespace labhost
