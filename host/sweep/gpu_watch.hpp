// What a sweep makes of its GPUs' faults and of the trials on them.
#pragma once

#include "sweep/dispatch.hpp"
#include "sweep/outcome.hpp"
#include "sweep/trials.hpp"

namespace labhost {

/// [supervisor]
class GpuWatch {
public:
    GpuWatch(SweepState& sweep, Dispatch& dispatch) : sweep_(sweep), dispatch_(dispatch) {}

    /// The attempt's worker ends with it.
    void faulted(Attempt& attempt, Worker& worker, const GpuFault& fault);
    void trial_ended(const Trials::Ended& trial);

private:
    bool may_be_held_by_us(int gpu, int but) const;
    void trial_faulted(const Trials::Ended& trial, const GpuFault& fault);
    void bench(const Device& device, const GpuFault& fault);

    SweepState& sweep_;
    Dispatch& dispatch_;
};

}  // namespace labhost
