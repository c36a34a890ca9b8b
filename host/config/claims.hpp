// [[claim]]: what an experiment says of its runs, to be tested over seeds.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/location.hpp"
#include "config/strict_table.hpp"

namespace labhost {

enum class ClaimTest {
    greater,     ///< `of` is above `than` by more than `margin`
    equivalent,  ///< `of` and `than` are less than `margin` apart
    about,       ///< `of` is less than `margin` away from `value`
};

std::string to_text(ClaimTest test);

/// Which epoch's value a claim is about.
struct ClaimMetric {
    std::string key = "test.accuracy";
    enum class When { last, best, epoch } when = When::last;  ///< best: the largest accuracy or count, the least loss
    std::int64_t epoch = 0;

    /// As written: "test.accuracy", "test.loss@best", "train.loss@3".
    std::string text() const;
};

/// From text as ClaimMetric::text() gives it; nothing for what is none.
std::optional<ClaimMetric> parse_metric(const std::string& text);

/// "seconds", "test.accuracy", ...: what a metric may be without its '@'.
const std::vector<std::string>& metric_names();

struct Claim {
    std::string says{};
    ClaimTest test = ClaimTest::greater;
    ClaimMetric metric{};
    std::string of{};    ///< runs by their id without the seed
    std::string than{};  ///< "" with `about`
    double value = 0.0;  ///< of `about`
    double margin = 0.0;
    double alpha = 0.05;
    Location where{};
};

/// Reads the tables; `ids` are those of all runs without their seeds. Throws Error (usage) with the key's place.
std::vector<Claim> read_claims(std::vector<StrictTable> tables, std::span<const std::string> ids);

}  // namespace labhost
