// Tests of the file and of its load.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <ATen/record_function.h>
#include <fmt/format.h>

#include "engine/checks/checks.hpp"
#include "plugin/elf_file.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

namespace labhost::checks {

namespace {

/// How many operators LibTorch has run in this process since the first call.
int operators_run() {
    static std::atomic<int> count = 0;
    static const auto handle = at::addGlobalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
            ++count;
            return nullptr;
        }));
    static_cast<void>(handle);
    return count;
}

std::ptrdiff_t threads_running() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

}  // namespace

CheckResult loads(const CheckContext& context) {
    context.load();
    return {};
}

CheckResult exports(const CheckContext& context) {
    std::vector<std::string> others;
    for (const ExportedSymbol& symbol : ElfFile(read_file(context.file)).exported())
        if (symbol.name != LABHOST_PLUGIN_SYMBOL && !symbol.name.starts_with(LABHOST_PREFIX_STAMP))
            others.push_back(symbol.name);
    if (others.empty()) return {};
    const std::size_t count = others.size();
    constexpr std::size_t shown = 5;
    others.resize(std::min(count, shown));
    return failed(
        fmt::format("it exports {} more: {}{}; plugins may then take each other's symbols; build it with "
                    "labhost_add_plugin()",
                    count, join(others), count > shown ? ", ..." : ""));
}

CheckResult quiet_load(const CheckContext& context) {
    const int operators = operators_run();
    const std::ptrdiff_t threads = threads_running();
    context.load();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a thread needs a moment to be seen
    if (const auto started = threads_running() - threads; started > 0)
        return failed(fmt::format("{} thread{} started while it was loaded; start none before a model is built",
                                  started, started == 1 ? " was" : "s were"));
    if (const int ran = operators_run() - operators; ran > 0)
        return failed(
            fmt::format("{} operator{} of LibTorch ran while it was loaded; make no tensor in a static object", ran,
                        ran == 1 ? "" : "s"));
    return {};
}

}  // namespace labhost::checks
