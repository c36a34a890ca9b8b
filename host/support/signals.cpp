#include "support/signals.hpp"

#include "support/error.hpp"

namespace labhost {

namespace {

volatile std::sig_atomic_t noted = 0;  // a handler can reach nothing but a global

extern "C" void note(int signal) { noted = signal; }

}  // namespace

StopSignals::StopSignals() {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one gets the default
    sigaction(SIGINT, &action, &old_interrupt_);
    sigaction(SIGTERM, &action, &old_terminate_);
}

StopSignals::~StopSignals() {
    sigaction(SIGINT, &old_interrupt_, nullptr);
    sigaction(SIGTERM, &old_terminate_, nullptr);
}

void StopSignals::check() {
    if (noted == 0) return;
    const bool interrupt = noted == SIGINT;
    throw StopError(interrupt ? ExitCode::interrupted : ExitCode::terminated,
                    interrupt
                        ? "labhost: stopped by SIGINT; the same command goes on with the runs that are not finished"
                        : "labhost: stopped by SIGTERM; the same command goes on with the runs that are not finished");
}

}  // namespace labhost
