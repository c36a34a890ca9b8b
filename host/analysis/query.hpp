// Choosing runs: the values a run has by key, conditions on them, and an order.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/run_record.hpp"

namespace labhost {

/// A run's value: `id`, `model`, `seed`, `status`, `seconds`, `experiment`, `fingerprint`, `folder`, `params.NAME`,
/// `trainer.KEY`, `data.KEY` (nested ones dotted: `trainer.optimizer.lr`), or of a finished run a metric of its last
/// epoch (`epoch`, `test.accuracy`). Nothing if the run has none, or it is no number (NaN).
std::optional<Json> value_of(const RunRecord& run, std::string_view key);

/// The names of the last epoch's metrics, `epoch` first.
std::span<const std::string> metric_keys();

/// `params.*`, then `trainer.*` and `data.*`, that at least one run has.
std::vector<std::string> setting_keys(std::span<const RunRecord> runs);

/// A value as a table shows it; texts without quotes, doubles so that they read back to the same bits.
std::string plain_text(const Json& value);

/// "params.p<=0.5": a key, one of = == != < <= > >= and ~ (a glob), and a value, with spaces around the operator or
/// not.
class WhereCondition {
public:
    /// Throws Error (usage) for what is none.
    explicit WhereCondition(const std::string& text);

    const std::string& key() const { return key_; }

    /// A value is compared as what the run's is: a number, true or false, or a text. A run without the key never fits.
    bool holds(const RunRecord& run) const;

    /// Throws Error (usage) if the runs have the key, and none a value that could be compared with this one.
    void check(std::span<const RunRecord> runs) const;

private:
    std::string key_;
    std::string operator_;
    std::string value_;
};

/// What the command line asks of a list of runs.
struct Query {
    std::vector<WhereCondition> where{};  ///< all must hold
    std::string sort{};                   ///< a key; empty: as they come
    bool reverse = false;                 ///< of the order
    std::optional<std::size_t> top{};     ///< at most so many, the first ones
    std::vector<std::string> keys() const;
};

/// The runs that fit, in order: accuracies and numbers of correct ones from the highest, all else from the lowest, runs
/// without the value last. Throws Error (usage) for a key that no run has, with the nearest.
std::vector<RunRecord> select_runs(std::vector<RunRecord> runs, const Query& query);

}  // namespace labhost
