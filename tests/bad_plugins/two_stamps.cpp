// Has the stamp of this host's LibTorch, and that of another.
#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const char other_stamp asm(LABHOST_PREFIX_STAMP "sdk_1.0$torch_9.9.9$build_cu999");
const char other_stamp = 1;
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("two_stamps");
