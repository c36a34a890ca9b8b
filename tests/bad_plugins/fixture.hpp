// What the bad plugins share: a stamp and a descriptor of one's own choice, without LibTorch.
#pragma once

#include <labhost/abi.h>

#include <cstddef>

#define FIXTURE_EXPORT __attribute__((visibility("default")))

/// Exports a stamp; `sdk`, `torch` and `build` are string literals.
#define FIXTURE_STAMP(sdk, torch, build)                                                              \
    extern "C" FIXTURE_EXPORT const char fixture_stamp asm(                                           \
        LABHOST_PREFIX_STAMP "sdk_" sdk "$torch_" torch "$build_" build "$cxx11_" LABHOST_TEXT(       \
            LABHOST_CXX11_ABI_) "$stdlib_libstdcxx$sanitizer_" LABHOST_SANITIZER_ "$compiler_gcc12"); \
    const char fixture_stamp = 1

inline int32_t never(const labhost_value*, void*, char*, size_t) { return 1; }
inline int32_t never(void*, const void*, void*, char*, size_t) { return 1; }

/// A descriptor that is right but for what the fixture changes.
constexpr labhost_descriptor fixture_descriptor(const char* id) {
    return {
        sizeof(labhost_descriptor), 0, nullptr, id, "1.0.0", "a fixture", {1, 28, 28}, 10, never, never, 0, 0, nullptr};
}

template <std::size_t count>
constexpr labhost_descriptor fixture_descriptor(const char* id, const labhost_param (&params)[count]) {
    labhost_descriptor descriptor = fixture_descriptor(id);
    descriptor.params = params;
    descriptor.param_count = count;
    return descriptor;
}
