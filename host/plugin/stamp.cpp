#include "plugin/stamp.hpp"

#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <labhost/abi.h>
#include <torch/version.h>

#include "support/text.hpp"

namespace labhost {

Stamp::Stamp(std::string_view symbol) {
    for (const std::string& part : split(symbol, '$')) {
        const std::size_t underscore = part.find('_');
        if (underscore == std::string::npos) continue;
        fields_[part.substr(0, underscore)] = part.substr(underscore + 1);
    }
}

std::string Stamp::field(const std::string& key) const {
    const auto found = fields_.find(key);
    return found == fields_.end() ? "" : found->second;
}

std::string Stamp::summary() const {
    return fmt::format("SDK {}, LibTorch {}+{}, {}", field("sdk"), field("torch"), field("build"), field("compiler"));
}

const Stamp& host_stamp() {
    static const Stamp stamp(LABHOST_ABI_STAMP);
    return stamp;
}

std::vector<std::string> mismatches(const Stamp& plugin, const Stamp& host) {
    std::vector<std::string> found;
    const auto version = [](const Stamp& stamp) {
        const auto parts = split(stamp.field("sdk"), '.');
        const auto number = [&](std::size_t i) { return i < parts.size() ? std::atoi(parts[i].c_str()) : -1; };
        return std::pair(number(0), number(1));
    };
    const auto [plugin_major, plugin_minor] = version(plugin);
    const auto [host_major, host_minor] = version(host);
    if (plugin_major != host_major || plugin_minor < 0 || plugin_minor > host_minor)
        found.push_back(
            fmt::format("built with labhost SDK {}, this host has SDK {}", plugin.field("sdk"), host.field("sdk")));

    const auto torch = [](const Stamp& stamp) {
        return fmt::format("{}+{}", stamp.field("torch"), stamp.field("build"));
    };
    if (torch(plugin) != torch(host))
        found.push_back(fmt::format("built for LibTorch {}, this host has {}", torch(plugin), torch(host)));

    constexpr std::array<std::pair<const char*, const char*>, 3> others{
        {{"cxx11", "the C++11 string ABI"}, {"stdlib", "the standard library"}, {"sanitizer", "the sanitizer"}}};
    for (const auto& [key, what] : others)
        if (plugin.field(key) != host.field(key))
            found.push_back(
                fmt::format("built with {} '{}', this host with '{}'", what, plugin.field(key), host.field(key)));
    return found;
}

}  // namespace labhost
