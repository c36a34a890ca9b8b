// Tables of plain text: the results of a sweep, and columns in general.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/plan.hpp"

namespace labhost {

/// Rows under a header; every row has the header's number of cells. The first `left` columns are flush left, the others
/// right. Ends with a newline.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t left);

/// Each run's last epoch: loss and accuracy in training and test, published numbers beside them where the experiment
/// has some, and seconds. Failed runs follow with their reasons.
std::string results_table(const Plan& plan);

}  // namespace labhost
