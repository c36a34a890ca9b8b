#include "report/claims_table.hpp"

#include <fmt/format.h>

#include "report/table.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

std::string figures(const ClaimVerdict& v) {
    if (!v.effect) return "";
    const Claim& claim = v.claim;
    const bool about = claim.test == ClaimTest::about;
    std::string text = about ? fmt::format("{}: {} {:.4f}", claim.of, claim.metric.text(), *v.effect)
                             : fmt::format("{} - {}: {} {:+.4f}", claim.of, claim.than, claim.metric.text(), *v.effect);
    if (v.interval)
        text += about ? fmt::format(" (95 %: {:.4f} to {:.4f})", v.interval->low, v.interval->high)
                      : fmt::format(" (95 %: {:+.4f} to {:+.4f})", v.interval->low, v.interval->high);
    text += about ? fmt::format(", {} within {}", claim.value, claim.margin) : fmt::format(", margin {}", claim.margin);
    if (v.p)
        text += fmt::format(", p {} (adjusted {}, by permutation {})", p_text(*v.p), p_text(*v.p_holm),
                            p_text(*v.p_permutation));
    return text + fmt::format(", {} seed{}", v.seeds, v.seeds == 1 ? "" : "s");
}

/// Why it is undecided; "" where it is decided.
std::string reason_of(const ClaimVerdict& v) {
    if (v.kind != ClaimVerdict::Kind::undecided || !v.p) return v.reason;
    return v.seeds_needed ? fmt::format("if mean and spread stay, {} seeds would decide", *v.seeds_needed)
                          : fmt::format("{} seeds would not decide it, if mean and spread stay", most_seeds_needed);
}

}  // namespace

std::string verdicts_text(std::span<const ClaimVerdict> verdicts) {
    if (verdicts.empty()) return "";
    std::string text = "claims, over seeds:\n";
    for (const ClaimVerdict& v : verdicts) {
        text += fmt::format("{:<13}  {}\n", v.kind_text(), printable(one_line(v.claim.says)));
        const std::string indent(15, ' ');
        if (const std::string line = figures(v); !line.empty()) text += indent + printable(one_line(line)) + "\n";
        if (const std::string reason = reason_of(v); !reason.empty())
            text += indent + printable(one_line(reason)) + "\n";
        if (!v.also_differ_in.empty())
            text += fmt::format("{}beware: the runs differ in {} too\n", indent, printable(join(v.also_differ_in)));
    }
    return text;
}

Json verdicts_json(std::span<const ClaimVerdict> verdicts) {
    const auto number = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    Json list = Json::array();
    for (const ClaimVerdict& v : verdicts)
        list.push_back({{"says", v.claim.says},
                        {"verdict", v.kind_text()},
                        {"test", to_text(v.claim.test)},
                        {"metric", v.claim.metric.text()},
                        {"of", v.claim.of},
                        {"than", v.claim.than.empty() ? Json(nullptr) : Json(v.claim.than)},
                        {"value", v.claim.test == ClaimTest::about ? Json(v.claim.value) : Json(nullptr)},
                        {"margin", v.claim.margin},
                        {"alpha", v.claim.alpha},
                        {"seeds", v.seeds},
                        {"effect", number(v.effect)},
                        {"low", v.interval ? Json(v.interval->low) : Json(nullptr)},
                        {"high", v.interval ? Json(v.interval->high) : Json(nullptr)},
                        {"p", number(v.p)},
                        {"p_adjusted", number(v.p_holm)},
                        {"p_permutation", number(v.p_permutation)},
                        {"seeds_needed", number(v.seeds_needed)},
                        {"reason", reason_of(v)},
                        {"also_differ_in", join(v.also_differ_in)}});
    return list;
}

}  // namespace labhost
