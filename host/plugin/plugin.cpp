#include "plugin/plugin.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <utility>

#define BOOST_DLL_USE_STD_FS
#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

#include "plugin/engine_library.hpp"
#include "plugin/gate.hpp"
#include "plugin/params.hpp"
#include "support/error.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

struct Loaded {
    boost::dll::shared_library library;
    Plugin plugin;
};

/// Never destroyed, on purpose: a library that uses LibTorch cannot be unloaded safely, not even at exit, since
/// LibTorch's own statics may still refer to it (pytorch issues 46171 and 61111).
std::map<fs::path, std::unique_ptr<Loaded>>& registry() {
    static auto& plugins = *std::make_unique<std::map<fs::path, std::unique_ptr<Loaded>>>().release();
    return plugins;
}

boost::dll::shared_library open_library(const fs::path& file) {
    engine_library();
    try {
        boost::dll::shared_library library(file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
        library.get<const labhost_descriptor>(LABHOST_PLUGIN_SYMBOL);  // throws if it is not there
        return library;
    } catch (const std::exception& e) {
        throw Error(ExitCode::unusable, fmt::format("{}: error: cannot be loaded: {}", file.native(), e.what()));
    }
}

}  // namespace

std::vector<std::string> descriptor_faults(const labhost_descriptor& d, const std::string& expected_id) {
    // SDK 1.0 ends with `forward`; later minors append.
    constexpr std::size_t size_1_0 = offsetof(labhost_descriptor, forward) + sizeof(labhost_descriptor::forward);
    if (d.struct_size < size_1_0)
        return {fmt::format("its descriptor has {} bytes, this host reads {}", d.struct_size, size_1_0)};
    if (d.id == nullptr || d.version == nullptr || d.summary == nullptr) return {"its id, version or summary is null"};
    std::vector<std::string> faults;
    if (d.id != expected_id)
        faults.push_back(
            fmt::format("it says it is '{}', but the file is called {}.so; rename one of them", d.id, expected_id));
    if (!is_file_name(d.id))
        faults.push_back(
            fmt::format("its id '{}' must be made of at most 100 letters, digits, '_', '-' and '.'", d.id));
    if (d.create == nullptr || d.forward == nullptr) faults.emplace_back("its create or forward function is null");
    if (d.input[0] <= 0 || d.input[1] <= 0 || d.input[2] <= 0)
        faults.push_back(fmt::format("its input shape {}x{}x{} is not positive", d.input[0], d.input[1], d.input[2]));
    if (d.classes <= 0) faults.push_back(fmt::format("it declares {} classes", d.classes));
    if (d.param_count > 0 && d.params == nullptr) return {"its parameters are null"};
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < d.param_count; ++i) {
        const std::string fault = declaration_fault(d.params[i]);
        if (!fault.empty()) faults.push_back(fmt::format("its parameter {} {}", i, fault));
        if (fault.empty() && !names.insert(d.params[i].name).second)
            faults.push_back(fmt::format("it declares the parameter '{}' twice", d.params[i].name));
    }
    return faults;
}

const Plugin& load_plugin(const fs::path& file_as_given) {
    const fs::path file = fs::absolute(file_as_given).lexically_normal();
    auto& plugins = registry();
    if (const auto found = plugins.find(file); found != plugins.end()) return found->second->plugin;

    Stamp stamp = check_at_gate(file);
    std::string hash = sha256_of_file(file);
    boost::dll::shared_library library = open_library(file);
    const auto& descriptor = library.get<const labhost_descriptor>(LABHOST_PLUGIN_SYMBOL);
    auto loaded = std::make_unique<Loaded>(
        Loaded{std::move(library), Plugin{file, std::move(hash), std::move(stamp), &descriptor}});
    const auto faults = descriptor_faults(descriptor, file.stem().native());
    if (!faults.empty())
        throw Error(ExitCode::unusable, fmt::format("{}: error: {}", file.native(), join(faults, "; ")));
    return plugins.emplace(file, std::move(loaded)).first->second->plugin;
}

}  // namespace labhost
