#include "plugin/stamp.hpp"

#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <labhost/abi.h>
#include <torch/version.h>

#include "support/text.hpp"

namespace labhost {

namespace {

int part_of_version(const std::string& version, std::size_t index) {
    const auto parts = split(version, '.');
    return index < parts.size() ? std::atoi(parts[index].c_str()) : -1;
}

}  // namespace

Stamp::Stamp(std::string_view symbol) : text_(symbol) {
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

int Stamp::sdk_major() const { return part_of_version(field("sdk"), 0); }
int Stamp::sdk_minor() const { return part_of_version(field("sdk"), 1); }

std::string Stamp::summary() const {
    return fmt::format("SDK {}, LibTorch {}+{}, {}", field("sdk"), field("torch"), field("build"), field("compiler"));
}

const Stamp& host_stamp() {
    static const Stamp stamp(LABHOST_ABI_STAMP);
    return stamp;
}

std::vector<std::string> mismatches(const Stamp& plugin, const Stamp& host) {
    std::vector<std::string> found;
    if (plugin.sdk_major() != host.sdk_major() || plugin.sdk_minor() < 0 || plugin.sdk_minor() > host.sdk_minor())
        found.push_back(
            fmt::format("built with labhost SDK {}, this host has SDK {}", plugin.field("sdk"), host.field("sdk")));

    const auto torch = [](const Stamp& stamp) {
        return fmt::format("{}+{}", stamp.field("torch"), stamp.field("build"));
    };
    if (torch(plugin) != torch(host))
        found.push_back(fmt::format("built for LibTorch {}, this host has {}", torch(plugin), torch(host)));

    constexpr std::array<std::pair<const char*, const char*>, 3> others{
        {{"cxx11", "_GLIBCXX_USE_CXX11_ABI"}, {"stdlib", "the standard library"}, {"sanitizer", "the sanitizer"}}};
    for (const auto& [key, what] : others)
        if (plugin.field(key) != host.field(key))
            found.push_back(
                fmt::format("built with {} '{}', this host with '{}'", what, plugin.field(key), host.field(key)));
    return found;
}

}  // namespace labhost
