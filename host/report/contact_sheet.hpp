// Examples of a data set as one picture.
#pragma once

#include <string>

#include "data/dataset.hpp"

namespace labhost {

/// A PNG file of examples that are pictures: a row for each of the first `rows` classes (without classes one row after
/// the other), with its first `columns` examples.
std::string contact_sheet(const Split& split, std::size_t rows = 20, std::size_t columns = 16);

}  // namespace labhost
