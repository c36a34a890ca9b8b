// Built with the next major version of the SDK.
#include "fixture.hpp"

FIXTURE_STAMP("2.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("other_sdk_major");
