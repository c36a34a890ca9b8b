// Tables of plain text: the results of runs, and columns in general.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "record/run_record.hpp"

namespace labhost {

/// Rows under a header; every row has the header's number of cells. The first `left` columns are flush left, the others
/// right. Ends with a newline.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t left);

/// What a table holds, as text that is not escaped yet.
struct Cells {
    std::vector<std::string> header{};
    std::vector<std::vector<std::string>> rows{};
    std::size_t left = 1;              ///< columns that are flush left
    std::vector<std::string> notes{};  ///< lines below it: "net-s1 failed: REASON (LOG)"
};

/// How numbers are written: for people, or so that they read back to the same bits.
enum class Digits { four, all };

/// With four digits behind the point, or all; "-" or, with all, "" where there is none.
std::string number_cell(const std::optional<double>& number, Digits digits);

/// A p: four digits behind the point, or as 1.2e-07.
std::string p_text(double p);
std::string p_cell(const std::optional<double>& p, Digits digits);

std::string table_text(const Cells& cells);

/// Each run's last epoch: loss and accuracy in training, validation (where a run has one) and test, published numbers
/// beside them where there are some, the epoch that was kept where it is another, and seconds. In front the experiment,
/// if there are several; what tells runs of the same id apart; and the keys `shown` (see value_of) that have no column
/// of their own.
Cells result_cells(std::span<const RunRecord> runs, std::span<const std::string> shown = {});

/// The cells as a table; failed runs follow with their reasons.
std::string results_table(std::span<const RunRecord> runs, std::span<const std::string> shown = {});

}  // namespace labhost
