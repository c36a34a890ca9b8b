#include "config/claims.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/key_types.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

MetricChoice parsed_metric(const StrictTable& table, const std::string& key, const std::string& written) {
    const std::string name = written.substr(0, written.find('@'));
    if (std::ranges::find(metric_names(), name) == metric_names().end())
        table.fail(key, fmt::format("= '{}' is no metric{} (there are {})", name, did_you_mean(name, metric_names()),
                                    join(metric_names())));
    const auto metric = parse_metric(written);
    if (!metric)
        table.fail(key, fmt::format("= '{}': after '@' comes an epoch, from 1, or 'best'; without '@' it is the "
                                    "last epoch",
                                    written));
    return *metric;
}

KeyType<Claim> metric_choice() {
    return {.description = {.type = "metric"},
            .read =
                [](StrictTable& table, const std::string& key, const auto&, Claim& claim) {
                    if (const auto written = table.string(key)) claim.metric = parsed_metric(table, key, *written);
                    claim.chooses_metric = table.node(key) != nullptr;
                },
            .value = [](const Claim& claim, Use) { return Json(claim.metric.text()); }};
}

KeyType<Claim> value() {
    return key_type({.type = "number", .if_absent = "required with `about`"}, &Claim::value,
                    [](StrictTable& table, const std::string& key) { return table.number(key, -infinity, infinity); });
}

KeyType<Claim> alpha() {
    auto type = number(&Claim::alpha, 0.0, 0.5);
    type.description.above_minimum = true;
    return type;
}

void check_runs(StrictTable& table, const std::string& key, const std::string& id, std::span<const std::string> ids) {
    if (table.node(key) == nullptr)
        fail_at(table.where(), fmt::format("this [[claim]] needs '{}': runs, by their id without the seed", key));
    if (std::ranges::find(ids, id) == ids.end())
        table.fail(key, fmt::format("= '{}': no run has this id (without its seed){}", id, did_you_mean(id, ids)));
}

Claim read_claim(StrictTable& table, std::span<const std::string> ids) {
    Claim claim{.where = table.where()};
    read_keys(claim_keys(), table, {}, claim);
    if (claim.says.empty()) fail_at(table.where(), "this [[claim]] needs 'says': what is claimed, in words");
    if (table.node("test") == nullptr)
        fail_at(table.where(), "this [[claim]] needs a test: \"greater\", \"equivalent\" or \"about\"");
    check_runs(table, "of", claim.of, ids);
    const bool has_value = table.node("value") != nullptr;
    if (claim.test == ClaimTest::about) {
        if (table.node("than") != nullptr)
            table.fail("than", "does not go with test = \"about\", which compares 'of' with 'value'");
        if (!has_value) fail_at(table.where(), "a [[claim]] with test = \"about\" needs a 'value'");
    } else {
        if (has_value) table.fail("value", "goes with test = \"about\" only");
        check_runs(table, "than", claim.than, ids);
        if (claim.than == claim.of) table.fail("than", "names the runs that 'of' names");
    }
    if (claim.test != ClaimTest::greater && claim.margin <= 0.0)
        fail_at(
            table.node("margin") != nullptr ? table.where("margin") : table.where(),
            fmt::format("a [[claim]] with test = \"{}\" needs a margin above 0: the largest difference that does not "
                        "matter, in the metric's unit (points, for an accuracy)",
                        to_text(claim.test)));
    if (claim.alpha <= 0.0)
        table.fail("alpha", "must be above 0: the share of false claims that is borne, such as 0.05");
    return claim;
}

}  // namespace

const Keys<Claim>& claim_keys() {
    using enum Effect;
    using C = Claim;
    static const Keys<C> keys{
        {"says", text(&C::says, "required"), "the claim in words", cost},
        {"test", choice(&C::test, "required"),
         "`greater`: `of` is above `than` by more than `margin`; `equivalent`: they are less than `margin` apart; "
         "`about`: `of` is less than `margin` from `value`",
         cost},
        {"metric", metric_choice(),
         "`test.accuracy`, `test.loss` (the default of a regression and of several labels; with `loss = \"model\"` one "
         "must be named), `test.correct`, `test.f1` "
         "(macro, 0 to 1), `test.f1_micro` (of several labels), `test.mae`, `test.rmse`, `test.r2`, `test.top5` "
         "(percent, of over ten classes), `train.…`, `validation.…` or `seconds`; at the last epoch, with `@3` at the "
         "third, with `@best` at the epoch that the run's validation chose (by `keep_metric`), where it has one, else "
         "at its own best: of a test metric that is warned of",
         cost},
        {"of", text(&C::of, "required"), "runs, by their id without the seed", cost},
        {"than", text(&C::than, "required but with `about`"), "the same", cost},
        {"value", value(), "what `of` is about", cost},
        {"margin", number(&C::margin, 0.0), "in the metric's unit; above 0 but with `greater`", cost},
        {"alpha", alpha(), "the share of false claims that is borne, for all claims of the file together", cost},
    };
    return keys;
}

std::vector<Claim> read_claims(std::vector<StrictTable> tables, std::span<const std::string> ids) {
    std::vector<Claim> claims;
    for (StrictTable& table : tables) claims.push_back(read_claim(table, ids));
    return claims;
}

}  // namespace labhost
