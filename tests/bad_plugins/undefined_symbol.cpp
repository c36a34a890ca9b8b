// Uses a function that is nowhere.
#include "fixture.hpp"

extern "C" int defined_nowhere();

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("undefined_symbol");

[[maybe_unused]] static const int ran = defined_nowhere();
