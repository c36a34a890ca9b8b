// Aborts while it is loaded.
#include <cstdlib>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("aborts_in_static_initialiser");

[[maybe_unused]] static const int ran = (std::abort(), 0);
