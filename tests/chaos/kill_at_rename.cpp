// Preloaded into labhost: kills the process between writing a file and renaming it, one time in LABHOST_KILL_AT_RENAME.
#include <dlfcn.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>

extern "C" int rename(const char* from, const char* to) noexcept {
    static std::random_device random;
    if (const char* odds = std::getenv("LABHOST_KILL_AT_RENAME");
        odds != nullptr && random() % static_cast<unsigned>(std::atoi(odds)) == 0)
        ::kill(::getpid(), SIGKILL);
    static const auto real = reinterpret_cast<int (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "rename"));
    return real(from, to);
}
