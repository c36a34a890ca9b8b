// The report: one HTML page that needs nothing but itself.
#pragma once

#include <string>

#include "report/page_data.hpp"

namespace labhost {

/// The page's own parts, which are files beside the program.
struct PageParts {
    std::string style{};
    std::string script{};
    std::string charts{};  ///< Chart.js
};

/// Throws Error (run_failed) if labhost's installation lacks them.
PageParts read_page_parts();

/// All text of files and plugins is in the page as JSON, with '<' escaped, and its script puts it in as text; beside
/// that, escaped, in the title and in what is shown without JavaScript. A content security policy lets nothing run but
/// the two scripts, by their hashes, and nothing be requested.
std::string report_page(const PageContent& content, const PageParts& parts);

}  // namespace labhost
