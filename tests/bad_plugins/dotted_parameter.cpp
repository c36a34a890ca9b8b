// Declares a parameter whose name has a dot, so that no experiment could set it.
#include <labhost/params.hpp>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);

constexpr labhost_param params[] = {labhost::real("p.q", 0.5, {0, 1}, "a probability")};

extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("dotted_parameter", params);
