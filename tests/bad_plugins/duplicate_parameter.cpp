// Declares a parameter twice.
#include <labhost/params.hpp>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);

constexpr labhost_param params[] = {labhost::real("p", 0.5, {0, 1}, "a probability"),
                                    labhost::integer("p", 1, {0, 1}, "the same name")};

extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("duplicate_parameter", params);
