// NumPy's format for one array (numpy/lib/format.py, versions 1.0 to 3.0).
#pragma once

#include <string>
#include <string_view>

#include "data/array.hpp"

namespace labhost {

/// The array of a .npy file's bytes: booleans, integers and reals of any size and byte order, in rows or in columns.
/// `name` is what an error begins with. Throws Error (usage): no .npy, elements of another kind (Python's objects,
/// texts, complex numbers), shorter or longer than its header says.
Array read_npy(std::string_view bytes, const std::string& name);

}  // namespace labhost
