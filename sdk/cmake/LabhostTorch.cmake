# Finds LibTorch (anywhere CMAKE_PREFIX_PATH says) and wraps it as the target labhost::torch.
#
# LABHOST_TORCH_BUILD names its build in the stamp of plugins and host: cpu, cu130, rocm.

find_package(Torch REQUIRED HINTS "${LABHOST_HOST_TORCH_DIR}")

if(TARGET torch_cuda OR TARGET c10_cuda)
  if(CUDAToolkit_VERSION MATCHES "^([0-9]+)\\.([0-9]+)")
    set(LABHOST_TORCH_BUILD cu${CMAKE_MATCH_1}${CMAKE_MATCH_2})
  elseif(CUDA_VERSION MATCHES "^([0-9]+)\\.([0-9]+)")
    set(LABHOST_TORCH_BUILD cu${CMAKE_MATCH_1}${CMAKE_MATCH_2})
  else()
    set(LABHOST_TORCH_BUILD cuda)
  endif()
else()
  set(LABHOST_TORCH_BUILD cpu)
endif()

if(NOT TARGET labhost::torch)
  # What compiling needs, without linking. SYSTEM: LibTorch's headers are not ours to keep free of warnings.
  add_library(labhost::torch_headers INTERFACE IMPORTED)
  target_include_directories(labhost::torch_headers SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_compile_definitions(labhost::torch_headers INTERFACE LABHOST_TORCH_BUILD=${LABHOST_TORCH_BUILD})
  separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(labhost::torch_headers INTERFACE ${torch_flags})
  add_library(labhost::torch INTERFACE IMPORTED)
  target_link_libraries(labhost::torch INTERFACE labhost::torch_headers ${TORCH_LIBRARIES})
endif()
