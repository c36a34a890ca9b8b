// Brings a libc10 of its own into the process.
#include "fixture.hpp"

extern "C" int fixture_c10();

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("second_libc10");

[[maybe_unused]] static const int needed = fixture_c10();
