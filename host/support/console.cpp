#include "support/console.hpp"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace labhost {

void prepare_standard_streams() {
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= 2) descriptor = ::open("/dev/null", O_RDWR);  // the lowest one that is free
    if (descriptor > 2) ::close(descriptor);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

void diagnose(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

bool flush_results() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

}  // namespace labhost
