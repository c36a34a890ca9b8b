// Its descriptor has no create function.
#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);

constexpr labhost_descriptor without_create() {
    labhost_descriptor descriptor = fixture_descriptor("null_create");
    descriptor.create = nullptr;
    return descriptor;
}

extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = without_create();
