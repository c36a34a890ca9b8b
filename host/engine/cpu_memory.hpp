// Memory of tensors on the CPU, so that a training loop takes the same pages again and again.
#pragma once

namespace labhost {

/// From now on, for the whole process: what tensors free is kept for the next ones, rather than given back to the
/// kernel, which would clear its pages again in every step.
void keep_freed_memory();

/// Gives back what is free now. Between two passes, whose tensors have other sizes: one's gaps do not serve the other.
void give_back_freed_memory();

}  // namespace labhost
