// Makes a plugin of one of the models in models.cpp, that which BAD_MODEL names.
#include <cstdint>

#include <torch/version.h>

#include <labhost/abi.h>

#include "fixture.hpp"

#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

extern "C" {
std::int32_t JOIN(BAD_MODEL, _create)(const labhost_value*, void*, char*, std::size_t);
std::int32_t JOIN(BAD_MODEL, _forward)(void*, const void*, void*, char*, std::size_t);
FIXTURE_EXPORT extern const char fixture_stamp asm(LABHOST_ABI_STAMP);
const char fixture_stamp = 1;
FIXTURE_EXPORT extern const labhost_descriptor labhost_plugin;
constinit const labhost_descriptor labhost_plugin = [] {
    labhost_descriptor descriptor = fixture_descriptor(TEXT(BAD_MODEL));
    descriptor.create = JOIN(BAD_MODEL, _create);
    descriptor.forward = JOIN(BAD_MODEL, _forward);
    return descriptor;
}();
}
