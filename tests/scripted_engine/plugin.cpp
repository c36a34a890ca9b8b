// A plugin that the gate admits and nobody calls; its id is SCRIPTED_ID.
#include "../bad_plugins/fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);

extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor(LABHOST_TEXT(SCRIPTED_ID));
