// An open file descriptor that is closed with its scope, and writing all of something to one.
#pragma once

#include <string_view>

#include <unistd.h>

namespace labhost {

class FileDescriptor {
public:
    /// Takes over `descriptor`; a negative one stands for none.
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    ~FileDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    FileDescriptor(FileDescriptor&&) = delete;
    FileDescriptor& operator=(FileDescriptor&&) = delete;

    explicit operator bool() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

/// False, with errno, if not all of it could be written.
bool write_all(int descriptor, std::string_view bytes);

}  // namespace labhost
