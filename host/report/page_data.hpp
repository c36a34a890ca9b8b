// What the report's page shows, as the JSON that is embedded in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/claims.hpp"
#include "record/experiment_record.hpp"
#include "record/run_record.hpp"
#include "support/json.hpp"

namespace labhost {

/// What a page is made of.
struct PageContent {
    std::vector<RunRecord> runs{};
    std::vector<ExperimentRecord> experiments{};
    std::vector<ClaimVerdict> verdicts{};
    std::string command{};                ///< that makes it
    std::optional<int> reload_seconds{};  ///< while runs go on: the page loads itself again so often
};

/// The experiment's title, or the names of all experiments.
std::string title_of(const PageContent& content);

/// What the page shows, as it is embedded in it; see page/dom.js.
Json page_data(const PageContent& content);

}  // namespace labhost
