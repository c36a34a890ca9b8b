// Preloaded into labhost: a machine with the fault that LABHOST_FAULT names. "no-locks": files cannot be locked;
// "locks-for-all": every lock is granted, to everybody; "no-sync": fsync fails; "torch-crashes": loading LibTorch does.
#include <dlfcn.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <string_view>

namespace {

bool fault_is(std::string_view name) {
    const char* fault = std::getenv("LABHOST_FAULT");
    return fault != nullptr && fault == name;
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int control(const char* name, int descriptor, int command, void* argument) {
    if (command == F_SETLK || command == F_SETLKW) {
        if (fault_is("locks-for-all")) return 0;
        if (fault_is("no-locks")) {
            errno = ENOLCK;
            return -1;
        }
    }
    return real<int(int, int, void*)>(name)(descriptor, command, argument);
}

}  // namespace

extern "C" int fcntl(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    void* argument = va_arg(list, void*);
    va_end(list);
    return control("fcntl", descriptor, command, argument);
}

extern "C" int fcntl64(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    void* argument = va_arg(list, void*);
    va_end(list);
    return control("fcntl64", descriptor, command, argument);
}

extern "C" int fsync(int descriptor) {
    if (!fault_is("no-sync")) return real<int(int)>("fsync")(descriptor);
    errno = EIO;
    return -1;
}

extern "C" void* dlopen(const char* file, int mode) noexcept {
    if (file != nullptr && std::string_view(file).find("labhost_engine") != std::string_view::npos &&
        fault_is("torch-crashes"))
        std::abort();
    return real<void*(const char*, int)>("dlopen")(file, mode);
}
