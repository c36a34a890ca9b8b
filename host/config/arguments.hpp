// The arguments of what is chosen by name, such as an optimizer: { name = "adam", lr = 1e-3, betas = [0.9, 0.98] }.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/json.hpp"

namespace labhost {

using Argument = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>;

/// By torch's keywords. The getters are for keys that are there, of that type.
class Arguments {
public:
    bool has(std::string_view key) const { return values_.contains(key); }
    bool flag(std::string_view key) const { return get<bool>(key); }
    std::int64_t integer(std::string_view key) const { return get<std::int64_t>(key); }
    double number(std::string_view key) const { return get<double>(key); }
    const std::string& text(std::string_view key) const { return get<std::string>(key); }
    const std::vector<std::int64_t>& integers(std::string_view key) const {
        return get<std::vector<std::int64_t>>(key);
    }
    const std::vector<double>& numbers(std::string_view key) const { return get<std::vector<double>>(key); }

    void set(const std::string& key, Argument value) { values_.insert_or_assign(key, std::move(value)); }
    const std::map<std::string, Argument, std::less<>>& all() const { return values_; }

    friend bool operator==(const Arguments&, const Arguments&) = default;

private:
    template <class Value>
    const Value& get(std::string_view key) const {
        return std::get<Value>(values_.find(key)->second);
    }

    std::map<std::string, Argument, std::less<>> values_{};
};

}  // namespace labhost
