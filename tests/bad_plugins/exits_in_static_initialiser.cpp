// Ends its process while it is loaded, as if all were well.
#include <cstdio>
#include <cstdlib>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("exits_in_static_initialiser");

[[maybe_unused]] static const int ran = (std::puts("its last words"), std::exit(0), 0);
