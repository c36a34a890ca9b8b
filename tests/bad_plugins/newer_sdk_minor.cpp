// Built with a later minor version of the SDK than the host's.
#include "fixture.hpp"

FIXTURE_STAMP("1.999", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("newer_sdk_minor");
