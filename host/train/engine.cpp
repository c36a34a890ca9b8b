#include "train/engine.hpp"

#include "plugin/engine_library.hpp"

namespace labhost {

const Engine& engine() {
    static const auto& instance = *engine_library().get<const Engine*()>("labhost_engine")();
    return instance;
}

}  // namespace labhost
