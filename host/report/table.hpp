// Tables of plain text: the results of runs, and columns in general.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "record/run_record.hpp"
#include "sweep/plan.hpp"

namespace labhost {

/// Rows under a header; every row has the header's number of cells. The first `left` columns are flush left, the others
/// right. Ends with a newline.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t left);

/// What a table of results holds, as text that is not escaped yet.
struct ResultCells {
    std::vector<std::string> header{};
    std::vector<std::vector<std::string>> rows{};
    std::size_t left = 1;                 ///< columns that are flush left
    std::vector<std::string> failures{};  ///< "net-s1 failed: REASON (LOG)"
};

/// Each run's last epoch: loss and accuracy in training and test, published numbers beside them where there are some,
/// and seconds. In front the experiment, if there are several; what tells runs of the same id apart; and the keys
/// `shown` (see value_of) that have no column of their own.
ResultCells result_cells(std::span<const RunRecord> runs, std::span<const std::string> shown = {});

/// The cells as a table; failed runs follow with their reasons.
std::string results_table(std::span<const RunRecord> runs, std::span<const std::string> shown = {});
std::string results_table(const Plan& plan);

}  // namespace labhost
