// Examples of a data set as one picture.
#pragma once

#include <string>

#include "data/dataset.hpp"

namespace labhost {

/// Whether they are images: of one or three channels, and of more than one row and column.
bool has_images(const Split& split);

/// A PNG file: a row for each of the first `rows` classes (without classes one row after the other), with its first
/// `columns` examples. Reals go from black, the least of an example, to white, its greatest.
std::string contact_sheet(const Split& split, std::size_t rows = 20, std::size_t columns = 16);

}  // namespace labhost
