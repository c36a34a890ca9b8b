#include "config/claims.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

MetricChoice read_metric(StrictTable& table) {
    const auto written = table.string("metric");
    if (!written) return {};
    const std::string key = written->substr(0, written->find('@'));
    if (std::ranges::find(metric_names(), key) == metric_names().end())
        table.fail("metric", fmt::format("= '{}' is no metric{} (there are {})", key, did_you_mean(key, metric_names()),
                                         join(metric_names())));
    const auto metric = parse_metric(*written);
    if (!metric)
        table.fail("metric", fmt::format("= '{}': after '@' comes an epoch, from 1, or 'best'; without '@' it is the "
                                         "last epoch",
                                         *written));
    return *metric;
}

std::string read_runs(StrictTable& table, std::string_view key, std::span<const std::string> ids) {
    const auto id = table.string(key);
    if (!id) fail_at(table.where(), fmt::format("this [[claim]] needs '{}': runs, by their id without the seed", key));
    if (std::ranges::find(ids, *id) == ids.end())
        table.fail(key, fmt::format("= '{}': no run has this id (without its seed){}", *id, did_you_mean(*id, ids)));
    return *id;
}

Claim read_claim(StrictTable& table, std::span<const std::string> ids) {
    Claim claim{.where = table.where()};
    const auto says = table.string("says");
    if (!says || says->empty()) fail_at(table.where(), "this [[claim]] needs 'says': what is claimed, in words");
    claim.says = *says;
    const auto test = table.one_of<ClaimTest>("test");
    if (!test) fail_at(table.where(), "this [[claim]] needs a test: \"greater\", \"equivalent\" or \"about\"");
    claim.test = *test;
    claim.metric = read_metric(table);
    claim.of = read_runs(table, "of", ids);
    const auto value = table.number("value", -infinity, infinity);
    if (claim.test == ClaimTest::about) {
        if (table.node("than") != nullptr)
            table.fail("than", "does not go with test = \"about\", which compares 'of' with 'value'");
        if (!value) fail_at(table.where(), "a [[claim]] with test = \"about\" needs a 'value'");
        claim.value = *value;
    } else {
        if (value) table.fail("value", "goes with test = \"about\" only");
        claim.than = read_runs(table, "than", ids);
        if (claim.than == claim.of) table.fail("than", "names the runs that 'of' names");
    }
    const auto margin = table.number("margin", 0.0, infinity);
    if (claim.test != ClaimTest::greater && margin.value_or(0.0) <= 0.0)
        fail_at(
            margin ? table.where("margin") : table.where(),
            fmt::format("a [[claim]] with test = \"{}\" needs a margin above 0: the largest difference that does not "
                        "matter, in the metric's unit (points, for an accuracy)",
                        to_text(*test)));
    claim.margin = margin.value_or(0.0);
    claim.alpha = table.number("alpha", 0.0, 0.5).value_or(claim.alpha);
    if (claim.alpha <= 0.0)
        table.fail("alpha", "must be above 0: the share of false claims that is borne, such as 0.05");
    table.finish();
    return claim;
}

}  // namespace

std::vector<Claim> read_claims(std::vector<StrictTable> tables, std::span<const std::string> ids) {
    std::vector<Claim> claims;
    for (StrictTable& table : tables) claims.push_back(read_claim(table, ids));
    return claims;
}

}  // namespace labhost
