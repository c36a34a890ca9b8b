#include "support/signals.hpp"

#include <cstring>

#include <fmt/format.h>

#include "support/error.hpp"

namespace labhost {

namespace {

// A handler can reach nothing but globals.
volatile std::sig_atomic_t noted_signal = 0;
volatile std::sig_atomic_t second_is_ignored = 0;
int nested = 0;

extern "C" void note(int signal) {
    noted_signal = signal;
    if (signal == SIGUSR1 || second_is_ignored != 0) return;
    std::signal(SIGINT, SIG_DFL);  // a second one of either kind ends the process
    std::signal(SIGTERM, SIG_DFL);
}

/// Installs `action`, unless the signal is ignored (nohup, a background job of a script).
void install(int signal, const struct sigaction& action, struct sigaction& old) {
    sigaction(signal, nullptr, &old);
    if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals(Second second) {
    if (nested++ > 0) return;
    noted_signal = 0;
    second_is_ignored = second == Second::ignored ? 1 : 0;
    struct sigaction action {};
    action.sa_handler = note;
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGUSR1);
    install(SIGINT, action, old_interrupt_);
    install(SIGTERM, action, old_terminate_);
    install(SIGUSR1, action, old_user_);
}

StopSignals::~StopSignals() {
    if (--nested > 0) return;
    sigaction(SIGINT, &old_interrupt_, nullptr);
    sigaction(SIGTERM, &old_terminate_, nullptr);
    sigaction(SIGUSR1, &old_user_, nullptr);
}

int StopSignals::noted() { return noted_signal; }

void StopSignals::check() {
    if (noted_signal == 0) return;
    throw StopError(
        noted_signal == SIGINT ? ExitCode::interrupted : ExitCode::terminated,
        fmt::format("labhost: stopped by SIG{}; the same command goes on where it was", sigabbrev_np(noted_signal)));
}

}  // namespace labhost
