#include "engine/cpu_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <malloc.h>
#include <torch/torch.h>
#include <torch/version.h>

namespace labhost {

namespace {

// From 2.0 to 2.3 the interface changed between releases; there LibTorch's own allocator stays.
#if TORCH_VERSION_MAJOR < 2
#define LABHOST_ALLOCATE_CONST const
#elif TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 4
#define LABHOST_ALLOCATE_CONST
#endif

#if defined(LABHOST_ALLOCATE_CONST)
/// LibTorch's own takes aligned blocks by posix_memalign. There glibc (before 2.38) asks for the size and the alignment
/// in one piece and gives back the rest, so that a block just freed never serves an equal request again: each step
/// touches fresh pages, and the heap grows to half as much again. malloc does reuse it; aligned here, within the block.
class Allocator final : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t size) LABHOST_ALLOCATE_CONST override {
        void* const data = size == 0 ? nullptr : aligned(size);
        return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return &release; }

#if TORCH_VERSION_MAJOR >= 2
    void copy_data(void* to, const void* from, std::size_t size) const override { std::memcpy(to, from, size); }
#endif

private:
    static constexpr std::size_t alignment = 64;  // LibTorch's gAlignment: a cache line, and an AVX-512 register

    /// The block's own address is kept just before the data.
    static void* aligned(std::size_t size) {
        constexpr std::size_t more = alignment + sizeof(void*);
        void* const block = size > std::numeric_limits<std::size_t>::max() - more ? nullptr : std::malloc(size + more);
        TORCH_CHECK(block != nullptr, "not enough memory: a tensor of ", size, " bytes was asked for");
        const auto first = reinterpret_cast<std::uintptr_t>(block) + sizeof(void*);
        auto* const data = reinterpret_cast<void**>((first + alignment - 1) / alignment * alignment);
        data[-1] = block;
        return data;
    }

    static void release(void* data) {
        if (data != nullptr) std::free(static_cast<void**>(data)[-1]);
    }
};
#endif

}  // namespace

void keep_freed_memory() {
#if defined(LABHOST_ALLOCATE_CONST)
    static Allocator allocator;  // LibTorch wants it to live for ever
    c10::SetAllocator(c10::DeviceType::CPU, &allocator, /*priority=*/1);
#endif
#if defined(__GLIBC__)
    if (mallopt(M_MMAP_THRESHOLD, 1 << 30) == 0) mallopt(M_MMAP_THRESHOLD, 32 << 20);  // all that older ones take
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

void give_back_freed_memory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

}  // namespace labhost
