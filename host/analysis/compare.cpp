#include "analysis/compare.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace labhost {

namespace {

std::map<std::uint64_t, double> values_of(const Configuration& configuration, const MetricChoice& metric) {
    std::map<std::uint64_t, double> values;
    for (const auto& [seed, run] : configuration.runs)
        if (const auto found = metric_value(*run, metric); found.value) values.emplace(seed, *found.value);
    return values;
}

Comparison compare_one(const std::string& name, const Configuration& a, const Configuration& b,
                       const MetricChoice& metric) {
    const auto of_a = values_of(a, metric);
    const auto of_b = values_of(b, metric);
    std::vector<double> paired_a;
    std::vector<double> paired_b;
    std::vector<double> differences;
    for (const auto& [seed, value] : of_a) {
        const auto other = of_b.find(seed);
        if (other == of_b.end()) continue;
        paired_a.push_back(value);
        paired_b.push_back(other->second);
        differences.push_back(value - other->second);
    }
    std::set<std::uint64_t> seeds;
    for (const auto& [seed, run] : a.runs) seeds.insert(seed);
    for (const auto& [seed, run] : b.runs) seeds.insert(seed);
    Comparison row{.configuration = name,
                   .metric = metric,
                   .seeds = differences.size(),
                   .unpaired = seeds.size() - differences.size()};
    if (differences.empty()) return row;
    row.a = spread_of(paired_a);
    row.b = spread_of(paired_b);
    const Spread spread = spread_of(differences);
    row.difference = spread.mean;
    if (differences.size() > 1) {
        row.interval = confidence_interval(spread, told_confidence);
        row.p = p_different(spread);
    }
    return row;
}

void adjust(std::span<Comparison> rows) {
    std::vector<double> p;
    std::vector<Comparison*> tested;
    for (Comparison& row : rows)
        if (row.p) {
            p.push_back(*row.p);
            tested.push_back(&row);
        }
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_holm = adjusted[i];
}

/// What is compared with what, and how it is called.
struct Pair {
    std::string name{};
    const Configuration* a{};
    const Configuration* b{};
};

std::vector<Pair> pairs_of(const Side& a, const Side& b, Comparisons& comparisons) {
    if (a.configurations.size() == 1 && b.configurations.size() == 1) {
        const Configuration& of_a = a.configurations.front();
        const Configuration& of_b = b.configurations.front();
        return {{of_a.id == of_b.id ? of_a.id : fmt::format("{} - {}", of_a.id, of_b.id), &of_a, &of_b}};
    }
    std::vector<Pair> pairs;
    for (const Configuration& of_a : a.configurations) {
        const auto of_b = std::ranges::find(b.configurations, of_a.id, &Configuration::id);
        if (of_b == b.configurations.end())
            comparisons.only_in_a.push_back(of_a.label);
        else
            pairs.push_back({of_a.id, &of_a, &*of_b});
    }
    for (const Configuration& of_b : b.configurations)
        if (std::ranges::find(a.configurations, of_b.id, &Configuration::id) == a.configurations.end())
            comparisons.only_in_b.push_back(of_b.label);
    return pairs;
}

}  // namespace

Comparisons compare(const Side& a, const Side& b, std::span<const MetricChoice> metrics) {
    Comparisons comparisons{.a = a.name, .b = b.name};
    const std::vector<Pair> pairs = pairs_of(a, b, comparisons);
    for (const MetricChoice& metric : metrics) {
        const std::size_t first = comparisons.rows.size();
        for (const Pair& pair : pairs) comparisons.rows.push_back(compare_one(pair.name, *pair.a, *pair.b, metric));
        adjust(std::span(comparisons.rows).subspan(first));
    }
    return comparisons;
}

}  // namespace labhost
