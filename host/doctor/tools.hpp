// Programs beside labhost (Slurm, git), and the versions of all that it rests on.
#pragma once

#include <string>

#include "doctor/finding.hpp"

namespace labhost {

Findings look_at_tools();
Findings look_at_versions();

/// PRETTY_NAME of the text of /etc/os-release, or its NAME and VERSION_ID; "" if it has neither.
std::string distribution_in(const std::string& os_release);

/// Whether a bug report shows an environment variable of this name: those alone that change what labhost does.
bool is_variable_that_matters(const std::string& name);

}  // namespace labhost
