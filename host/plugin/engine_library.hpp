// Shared libraries in this process: the host's engine, which brings LibTorch and the SDK, and the plugins after it.
#pragma once

#include <filesystem>

#define BOOST_DLL_USE_STD_FS
#include <labhost/abi.h>
#include <boost/dll/shared_library.hpp>

namespace labhost {

/// liblabhost_engine.so. Loaded on the first call, since LibTorch takes 0.4 s to load and most commands do without. A
/// plugin takes LibTorch and the SDK from this process, so it must be loaded before any. Throws Error (unusable).
const boost::dll::shared_library& engine_library();

/// Loads a plugin's file (now, local) and gives its descriptor. It is never unloaded: a library that uses LibTorch
/// cannot be, safely, not even at exit, since LibTorch's own statics may still refer to it (pytorch issues 46171 and
/// 61111). Throws Error (unusable).
const labhost_descriptor& load_descriptor(const std::filesystem::path& file);

}  // namespace labhost
