// Preloaded into labhost: a file system without locks. With LABHOST_NO_LOCKS=lie, one that grants every lock to
// everybody; with =sync, one that locks and cannot sync.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <string_view>

namespace {

std::string_view way() {
    const char* text = std::getenv("LABHOST_NO_LOCKS");
    return text == nullptr ? "" : text;
}

bool is_lock(int command) {
    return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

int control(const char* name, int descriptor, int command, void* argument) {
    if (is_lock(command) && way() == "lie") return 0;
    if (is_lock(command) && way().empty()) {
        errno = ENOLCK;
        return -1;
    }
    const auto real = reinterpret_cast<int (*)(int, int, void*)>(dlsym(RTLD_NEXT, name));
    return real(descriptor, command, argument);
}

void* argument_of(va_list list) { return va_arg(list, void*); }

}  // namespace

extern "C" int fcntl(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    void* argument = argument_of(list);
    va_end(list);
    return control("fcntl", descriptor, command, argument);
}

extern "C" int fcntl64(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    void* argument = argument_of(list);
    va_end(list);
    return control("fcntl64", descriptor, command, argument);
}

extern "C" int flock(int /*descriptor*/, int /*operation*/) noexcept {
    errno = ENOLCK;
    return -1;
}

extern "C" int fsync(int descriptor) {
    if (way() == "sync") {
        errno = EIO;
        return -1;
    }
    return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fsync"))(descriptor);
}
