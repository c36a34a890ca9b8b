// Preloaded into labhost: a LibTorch that is another one than labhost was built with, by what it says of itself.
#include <map>
#include <string>

namespace caffe2 {

__attribute__((visibility("default"))) const std::map<std::string, std::string>& GetBuildOptions() {
    static const std::map<std::string, std::string> options{{"TORCH_VERSION", "9.1.2"}, {"CUDA_VERSION", "99.0"}};
    return options;
}

}  // namespace caffe2
