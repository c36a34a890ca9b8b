// Never comes back from being loaded.
#include <unistd.h>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("hangs_in_static_initialiser");

static int hang() {
    for (;;) ::pause();
}
[[maybe_unused]] static const int ran = hang();
