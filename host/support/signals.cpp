#include "support/signals.hpp"

#include "support/error.hpp"

namespace labhost {

namespace {

volatile std::sig_atomic_t noted = 0;  // a handler can reach nothing but a global

extern "C" void note(int signal) {
    noted = signal;
    std::signal(SIGINT, SIG_DFL);  // a second one of either kind ends the process
    std::signal(SIGTERM, SIG_DFL);
}

/// Installs `action`, unless the signal is ignored (nohup, a background job of a script).
void install(int signal, const struct sigaction& action, struct sigaction& old) {
    sigaction(signal, nullptr, &old);
    if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    install(SIGINT, action, old_interrupt_);
    install(SIGTERM, action, old_terminate_);
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
