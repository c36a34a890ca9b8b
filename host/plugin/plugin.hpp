// A loaded plugin: its descriptor, checked, and the file it came from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <labhost/abi.h>

#include "plugin/stamp.hpp"

namespace labhost {

/// Lives from its load to the end of the process; refer to it freely.
struct Plugin {
    std::filesystem::path file;
    std::string sha256;  ///< of the file
    Stamp stamp;
    const labhost_descriptor* descriptor;

    std::string id() const { return descriptor->id; }
};

/// Takes the file through the gate, loads it (now, local) and checks its descriptor field by field. A file that is
/// loaded already is not loaded again. Throws Error (unusable).
const Plugin& load_plugin(const std::filesystem::path& file_as_given);

/// What is wrong with the descriptor of a file called `<expected_id>.so`; empty if nothing is.
std::vector<std::string> descriptor_faults(const labhost_descriptor& descriptor, const std::string& expected_id);

}  // namespace labhost
