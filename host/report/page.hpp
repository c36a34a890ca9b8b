// The report: one HTML page that needs nothing but itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/claims.hpp"
#include "record/experiment_record.hpp"
#include "record/run_record.hpp"

namespace labhost {

/// What a page is made of.
struct PageContent {
    std::vector<RunRecord> runs{};
    std::vector<ExperimentRecord> experiments{};
    std::vector<ClaimVerdict> verdicts{};
    std::string command{};                ///< that makes it
    std::optional<int> reload_seconds{};  ///< while runs go on: the page loads itself again so often
};

/// The page's own parts, which are files beside the program.
struct PageParts {
    std::string style{};
    std::string script{};
    std::string charts{};  ///< Chart.js
};

/// Throws Error (run_failed) if labhost's installation lacks them.
PageParts read_page_parts();

/// What the page shows, as it is embedded in it; see page/dom.js.
Json page_data(const PageContent& content);

/// All text of files and plugins is in the page as JSON, with '<' escaped, and its script puts it in as text; beside
/// that, escaped, in the title and in what is shown without JavaScript. A content security policy lets nothing run but
/// the two scripts, by their hashes, and nothing be requested.
std::string report_page(const PageContent& content, const PageParts& parts);

}  // namespace labhost
