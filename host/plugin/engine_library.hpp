// liblabhost_engine.so: the host's own use of LibTorch, and with it LibTorch and the SDK that plugins need.
#pragma once

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

namespace labhost {

/// Loaded on the first call, since LibTorch takes 0.4 s to load and most commands do without. A plugin takes LibTorch
/// and the SDK from this process, so it must be loaded before any. Throws Error (unusable).
const boost::dll::shared_library& engine_library();

}  // namespace labhost
