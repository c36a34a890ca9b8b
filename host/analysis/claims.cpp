#include "analysis/claims.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analysis/configurations.hpp"
#include "analysis/metric_value.hpp"
#include "config/keys.hpp"

namespace labhost {

namespace {

using BySeed = std::map<std::uint64_t, const RunRecord*>;

/// Why a claim is undecided.
struct Undecided {
    std::string reason;
};

BySeed runs_of(const std::string& id, std::span<const RunRecord> runs) {
    BySeed found;
    for (const RunRecord& run : runs)
        if (id_without_seed(run) == id && !found.emplace(run.seed, &run).second)
            throw Undecided{fmt::format("{} is there twice, in {} and {}; name the EXPERIMENT.toml, or choose", run.id,
                                        found[run.seed]->folder.filename().native(), run.folder.filename().native())};
    return found;
}

double value_for_claim(const RunRecord& run, const MetricChoice& metric) {
    const MetricValue found = metric_value(run, metric);
    if (!found.value) throw Undecided{found.why + "; a claim needs every seed"};
    return *found.value;
}

/// `of` - `than` by seed, or `of` - `value`.
std::vector<double> differences(const Claim& claim, const BySeed& of, const BySeed& than) {
    const auto missing = [](const BySeed& some, const BySeed& others, const std::string& id) {
        for (const auto& [seed, run] : others)
            if (!some.contains(seed))
                throw Undecided{fmt::format("there is no {}-s{}; every seed must be there for both", id, seed)};
    };
    if (of.empty()) throw Undecided{fmt::format("no run of {} is among these", claim.of)};
    if (claim.test != ClaimTest::about) {
        missing(of, than, claim.of);
        missing(than, of, claim.than);
    }
    std::vector<double> found;
    for (const auto& [seed, run] : of)
        found.push_back(value_for_claim(*run, claim.metric) -
                        (claim.test == ClaimTest::about ? claim.value : value_for_claim(*than.at(seed), claim.metric)));
    return found;
}

double p_of(const Claim& claim, const Spread& d) {
    return claim.test == ClaimTest::greater ? p_greater(d, claim.margin) : p_equivalent(d, claim.margin);
}

/// Of the opposite: not above the margin, or beyond it on one side or the other.
double p_of_opposite(const Claim& claim, const Spread& d) {
    if (claim.test == ClaimTest::greater) return p_less(d, claim.margin);
    return std::min(1.0, 2.0 * std::min(p_greater(d, claim.margin), p_less(d, -claim.margin)));
}

double p_by_permutation(const Claim& claim, std::vector<double> d) {
    const double above = p_permutation_greater(d, claim.test == ClaimTest::greater ? claim.margin : -claim.margin);
    if (claim.test == ClaimTest::greater) return above;
    for (double& difference : d) difference = -difference;
    return std::max(above, p_permutation_greater(d, -claim.margin));
}

/// The least number of seeds with which it, or its opposite, would be significant, mean and spread being as they are.
std::optional<std::size_t> seeds_to_decide(const Claim& claim, Spread d, std::size_t claims) {
    const double level = claim.alpha / static_cast<double>(claims);
    const auto decided = [&](std::size_t seeds) {
        d.count = seeds;
        return std::min(p_of(claim, d), p_of_opposite(claim, d)) < level;
    };
    if (!decided(most_seeds_needed)) return std::nullopt;
    std::size_t too_few = 1;
    std::size_t enough = most_seeds_needed;  // p falls with the number of seeds
    while (enough - too_few > 1) {
        const std::size_t middle = (too_few + enough) / 2;
        (middle >= 2 && decided(middle) ? enough : too_few) = middle;
    }
    return enough;
}

/// Adds the settings besides the model and its parameters in which the two differ.
void add_differences(const RunRecord& a, const RunRecord& b, std::set<std::string>& keys) {
    const auto compare = [&](const char* table, const Json& of_a, const Json& of_b) {
        const Json flat_a = of_a.flatten();
        const Json flat_b = of_b.flatten();
        std::set<std::string> names;
        for (const auto& item : flat_a.items()) names.insert(item.key());
        for (const auto& item : flat_b.items()) names.insert(item.key());
        for (const std::string& name : names) {
            if (flat_a.value(name, Json()) == flat_b.value(name, Json())) continue;
            std::string key = table + name;
            std::ranges::replace(key, '/', '.');
            if (changes_numbers(key)) keys.insert(key);
        }
    };
    compare("trainer", a.trainer, b.trainer);
    compare("data", a.data, b.data);
}

/// Of each pair, and within either side from seed to seed.
std::vector<std::string> other_differences(const BySeed& of, const BySeed& than) {
    std::set<std::string> keys;
    for (const auto& [seed, run] : of)
        if (const auto other = than.find(seed); other != than.end()) add_differences(*run, *other->second, keys);
    for (const BySeed* side : {&of, &than})
        for (const auto& [seed, run] : *side) add_differences(*side->begin()->second, *run, keys);
    return {keys.begin(), keys.end()};
}

/// A claim by itself, before its p is adjusted for the others.
struct Tested {
    ClaimVerdict verdict{};
    Spread spread{};
};

Tested test_alone(const Claim& claim, std::span<const RunRecord> runs) {
    Tested tested{.verdict = {.claim = claim}};
    ClaimVerdict& verdict = tested.verdict;
    try {
        const BySeed of = runs_of(claim.of, runs);
        const BySeed than = claim.test == ClaimTest::about ? BySeed{} : runs_of(claim.than, runs);
        const std::vector<double> d = differences(claim, of, than);
        verdict.seeds = d.size();
        verdict.also_differ_in = other_differences(of, than);
        if (d.size() < 2) {
            verdict.effect = d.front() + claim.value;
            throw Undecided{"one seed"};
        }
        tested.spread = spread_of(d);
        const Interval interval = confidence_interval(tested.spread, told_confidence);
        verdict.effect = tested.spread.mean + claim.value;
        verdict.interval = {interval.low + claim.value, interval.high + claim.value};
        verdict.p = p_of(claim, tested.spread);
        verdict.p_permutation = p_by_permutation(claim, d);
    } catch (const Undecided& e) {
        verdict.reason = e.reason;
    }
    return tested;
}

}  // namespace

std::string ClaimVerdict::kind_text() const {
    switch (kind) {
        case Kind::supported: return "supported";
        case Kind::not_supported: return "not supported";
        case Kind::undecided: return "undecided";
    }
    return "";
}

std::vector<ClaimVerdict> judge_claims(std::span<const Claim> claims, std::span<const RunRecord> runs) {
    std::vector<ClaimVerdict> verdicts;
    std::vector<Spread> spreads;
    std::vector<double> p;  // 1 of a claim that could not be tested: the file makes it all the same
    std::vector<double> opposite;
    for (const Claim& claim : claims) {
        Tested tested = test_alone(claim, runs);
        spreads.push_back(tested.spread);
        p.push_back(tested.verdict.p.value_or(1.0));
        opposite.push_back(tested.verdict.p ? p_of_opposite(claim, tested.spread) : 1.0);
        verdicts.push_back(std::move(tested.verdict));
    }
    const std::vector<double> adjusted = holm(p);
    const std::vector<double> adjusted_opposite = holm(opposite);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        ClaimVerdict& verdict = verdicts[i];
        if (!verdict.p) continue;
        verdict.p_holm = adjusted[i];
        if (adjusted[i] < verdict.claim.alpha) {
            verdict.kind = ClaimVerdict::Kind::supported;
        } else if (adjusted_opposite[i] < verdict.claim.alpha) {
            verdict.kind = ClaimVerdict::Kind::not_supported;
        } else {
            verdict.seeds_needed = seeds_to_decide(verdict.claim, spreads[i], claims.size());
        }
    }
    return verdicts;
}

}  // namespace labhost
