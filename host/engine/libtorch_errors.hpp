// What LibTorch throws, in labhost's words.
#pragma once

#include <optional>
#include <string>

#include <c10/util/Exception.h>

#include "train/trainer.hpp"

namespace labhost {

/// The fault of a GPU that LibTorch speaks of, if it does; `words`: what is to be said of it.
std::optional<GpuFault> gpu_fault_of(const c10::Error& error, const std::string& words);

/// Within a catch block: throws what was caught, c10::Error as Error (run_failed) without its stack trace, and what a
/// GPU is at fault for as GpuFault, also where a plugin's boundary has made a text of it. `doing`: "in epoch 2".
[[noreturn]] void rethrow_in_our_words(const std::string& doing);

/// Runs `body`; what it throws goes through rethrow_in_our_words.
template <class Body>
auto in_our_words(const std::string& doing, Body body) {
    try {
        return body();
    } catch (...) {
        rethrow_in_our_words(doing);
    }
}

}  // namespace labhost
