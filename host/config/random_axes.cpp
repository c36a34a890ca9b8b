#include "config/random_axes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <random>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

const std::vector<std::string> distribution_names{"uniform", "log_uniform", "choice", "int"};

constexpr const char* examples =
    "{ uniform = [0.0, 1.0] }, { log_uniform = [1e-4, 1e-1] }, { int = [16, 128] } or { choice = [32, 64] }";

/// What the standard library's distributions make of a generator differs between libraries; this does not.
class Stream {
public:
    Stream(std::int64_t seed, const std::string& key) : generator_(seed_of(fmt::format("{}:{}", seed, key))) {}

    /// Uniform in [0, 1), a multiple of 2^-53.
    double unit() { return static_cast<double>(generator_() >> 11U) * 0x1p-53; }

    /// Uniform in [0, last]; values past the last whole multiple of the range are drawn again, so none is favoured.
    std::uint64_t up_to(std::uint64_t last) {
        const std::uint64_t count = last + 1;
        if (count == 0) return generator_();
        const std::uint64_t rest = (0 - count) % count;  // 2^64 modulo count
        std::uint64_t draw = generator_();
        while (draw < rest) draw = generator_();
        return draw % count;
    }

private:
    static std::uint64_t seed_of(const std::string& text) {
        const std::string digits = sha256(text).substr(0, 16);
        std::uint64_t seed = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), seed, 16);
        return seed;
    }

    std::mt19937_64 generator_;
};

/// Of a value without its place.
using Draw = std::function<AxisValue(Stream&)>;

/// Six significant digits: ids stay short, and the last bits in which libraries' log and exp differ drop out.
double rounded(double value, double low, double high) {
    const std::string text = fmt::format("{:.6g}", value);
    double result = value;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return std::clamp(result, low, high);
}

/// A distribution as it stands in the file: { name = value }.
struct WrittenDistribution {
    const WrittenAxis& axis;
    std::string name;
    const toml::node& value;

    Location where() const { return location_of(value.source(), axis.where); }
    [[noreturn]] void fail(const std::string& message) const {
        fail_at(where(), fmt::format("{} of the axis '{}' {}", name, axis.key, message));
    }

    const toml::array& bounds(const char* example) const {
        if (!value.is_array() || value.as_array()->size() != 2)
            fail(fmt::format("must be two bounds, for instance {}", example));
        return *value.as_array();
    }
};

Draw real_distribution(const WrittenDistribution& written, bool logarithmic) {
    const toml::array& bounds = written.bounds(logarithmic ? "[1e-4, 1e-1]" : "[0.0, 1.0]");
    std::array<double, 2> ends{};
    for (std::size_t i = 0; i < 2; ++i) {
        const Location where = location_of(bounds[i].source(), written.where());
        const std::string subject = fmt::format("{} of the axis '{}'", written.name, written.axis.key);
        if (!bounds[i].is_number())
            fail_at(where, fmt::format("a bound in {} must be a number, not {}", subject, type_name(bounds[i])));
        ends[i] = bounds[i].value_or(0.0);
        if (!std::isfinite(ends[i]))
            fail_at(where, fmt::format("a bound in {} must be finite, not {}", subject, ends[i]));
        if (logarithmic && ends[i] <= 0.0)
            fail_at(where, fmt::format("a bound in {} must be above 0, not {}", subject, ends[i]));
    }
    const auto [low, high] = ends;
    if (low > high) written.fail(fmt::format("has its bounds reversed: {} is above {}", low, high));
    // Weighted ends rather than low + u * (high - low): the difference of two finite bounds may overflow.
    if (!logarithmic)
        return [low, high](Stream& stream) {
            const double u = stream.unit();
            return AxisValue{rounded(low * (1.0 - u) + high * u, low, high)};
        };
    return [low, high](Stream& stream) {
        const double u = stream.unit();
        return AxisValue{rounded(std::exp(std::log(low) * (1.0 - u) + std::log(high) * u), low, high)};
    };
}

Draw int_distribution(const WrittenDistribution& written) {
    const toml::array& bounds = written.bounds("[16, 128]");
    for (const toml::node& bound : bounds)
        if (!bound.is_integer())
            fail_at(location_of(bound.source(), written.where()),
                    fmt::format("a bound in int of the axis '{}' must be an integer, not {}{}", written.axis.key,
                                type_name(bound), bound.is_floating_point() ? "; for reals write uniform" : ""));
    const std::int64_t low = bounds[0].as_integer()->get();
    const std::int64_t high = bounds[1].as_integer()->get();
    if (low > high) written.fail(fmt::format("has its bounds reversed: {} is above {}", low, high));
    // In unsigned arithmetic: the range of all of int64 does not fit into int64.
    const auto first = static_cast<std::uint64_t>(low);
    const std::uint64_t last = static_cast<std::uint64_t>(high) - first;
    return [first, last](Stream& stream) { return AxisValue{static_cast<std::int64_t>(first + stream.up_to(last))}; };
}

Draw choice_distribution(const WrittenDistribution& written) {
    auto values = axis_values(written.axis, written.value, fmt::format("choice of the axis '{}'", written.axis.key));
    return [values = std::move(values)](Stream& stream) { return values[stream.up_to(values.size() - 1)]; };
}

Draw read_distribution(const WrittenAxis& axis) {
    if (!axis.node->is_table())
        fail_at(location_of(axis.node->source(), axis.where),
                fmt::format("the random axis '{}' must be a distribution, {}, not {}", axis.key, examples,
                            type_name(*axis.node)));
    const toml::table& table = *axis.node->as_table();
    for (const auto& [key, node] : table)
        if (std::ranges::find(distribution_names, key.str()) == distribution_names.end())
            fail_at(location_of(key.source(), axis.where),
                    fmt::format("unknown distribution '{}' of the axis '{}'{} (there are {})", key.str(), axis.key,
                                did_you_mean(key.str(), distribution_names), join(distribution_names)));
    if (table.size() != 1)
        fail_at(axis.where, fmt::format("the random axis '{}' must have one distribution: {}", axis.key, examples));
    const WrittenDistribution written{axis, std::string(table.begin()->first.str()), table.begin()->second};
    if (written.name == "int") return int_distribution(written);
    if (written.name == "choice") return choice_distribution(written);
    return real_distribution(written, written.name == "log_uniform");
}

/// Whether a table is a distribution, well written or not, rather than a part of a dotted key.
bool is_distribution(const toml::table& table) {
    return table.empty() || std::ranges::any_of(table, [](const auto& entry) {
               return !entry.second.is_table() ||
                      std::ranges::find(distribution_names, entry.first.str()) != distribution_names.end();
           });
}

/// Leaves out the samples that an id would show as it shows an earlier one.
void drop_repeated(AxisGroup& group) {
    std::unordered_set<std::string> seen;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (!seen.insert(group.label(i)).second) continue;
        if (kept != i)
            for (Axis& axis : group.axes) axis.values[kept] = std::move(axis.values[i]);
        ++kept;
    }
    for (Axis& axis : group.axes) axis.values.resize(kept);
}

}  // namespace

AxisGroup random_axes(StrictTable table) {
    const auto samples = table.integer("samples", 1, most_runs);
    if (!samples) fail_at(table.where(), "random needs the number of samples to draw, for instance samples = 20");
    const std::int64_t seed = table.integer("seed", 0).value_or(1);

    AxisGroup group;
    for (const WrittenAxis& written : written_axes(table, is_distribution, {"samples", "seed"})) {
        const Draw draw = read_distribution(written);
        Stream stream(seed, written.key);
        Axis axis{written.key, written.where, {}};
        axis.values.reserve(static_cast<std::size_t>(*samples));
        for (std::int64_t i = 0; i < *samples; ++i) {
            AxisValue& value = axis.values.emplace_back(draw(stream));
            value.line = written.where.line;
            value.column = written.where.column;
        }
        group.axes.push_back(std::move(axis));
    }
    if (group.axes.empty())
        fail_at(table.where(),
                "random has no axis to draw; add one, for instance \"params.p\" = { uniform = [0.0, 1.0] }");
    drop_repeated(group);
    return group;
}

}  // namespace labhost
