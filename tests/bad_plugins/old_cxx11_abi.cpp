// Built with the old string ABI (_GLIBCXX_USE_CXX11_ABI=0, set in CMakeLists.txt).
#include "fixture.hpp"

FIXTURE_STAMP("1.0", FIXTURE_TORCH, FIXTURE_BUILD);
extern "C" FIXTURE_EXPORT const labhost_descriptor labhost_plugin = fixture_descriptor("old_cxx11_abi");
