// Built for another LibTorch. Its static initialiser must never run: the gate refuses the file before.
#include <cstdlib>

#include "fixture.hpp"

FIXTURE_STAMP("1.0", "9.9.9", "cu999");
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("other_libtorch");

[[maybe_unused]] static const int ran = (std::abort(), 0);
