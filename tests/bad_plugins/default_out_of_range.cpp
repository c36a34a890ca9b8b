// Declares a parameter whose default is not in its range.
#include <labhost/params.hpp>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);

constexpr labhost_param params[] = {labhost::real("p", 2.0, {0, 1}, "a probability")};

extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("default_out_of_range", params);
