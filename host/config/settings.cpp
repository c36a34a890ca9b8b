#include "config/settings.hpp"

#include <utility>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

std::filesystem::path resolve(const std::string& path, const Location& where, const std::filesystem::path& folder) {
    const bool from_option = where.line == 0;
    return std::filesystem::absolute(from_option ? std::filesystem::path(path) : folder / path).lexically_normal();
}

std::string resolve_dataset(const std::string& name, const Location& where, const std::filesystem::path& folder) {
    const bool is_path = name.find('/') != std::string::npos || name.ends_with(".npz") || name.ends_with(".csv");
    return is_path ? resolve(name, where, folder).native() : name;
}

bool is_device(const std::string& name) {
    if (name == "auto" || name == "cpu" || name == "cuda") return true;
    return name.starts_with("cuda:") && name.size() < 9 && is_digits(std::string_view(name).substr(5));
}

bool is_sha256(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

ParamValue param_value(const toml::node& node, const std::string& name, const Location& where) {
    if (node.is_boolean()) return node.as_boolean()->get();
    if (node.is_integer()) return node.as_integer()->get();
    if (node.is_floating_point()) return node.as_floating_point()->get();
    if (node.is_string()) return node.as_string()->get();
    fail_at(where, fmt::format("{} must be a number, a string or a boolean, not {}", name, type_name(node)));
}

void read_params(const StrictTable& table, std::map<std::string, WrittenParam>& params) {
    for (const auto& [key, node] : table.raw()) {
        const std::string name(key.str());
        const Location where = location_of(node.source(), table.where(name));
        params[name] = {param_value(node, table.name_of(name), where), where};
    }
}

void read_reference(StrictTable table, Reference& reference) {
    for (const auto& [key, values] : published)
        if (auto numbers = table.numbers(key)) reference.*values = *std::move(numbers);
    table.finish();
}

}  // namespace labhost
