# Of a CUDA LibTorch (by LabhostTorch.cmake): which CUDA it was built with, that CUDA's headers and its runtime library.
#
# pip's torch brings them in wheels beside it, but for a folder of headers, crt/, that is in the small wheel
# nvidia-cuda-crt; else those of an installed toolkit do, if they are of the same major version. nvcc is not needed.
#
# Sets LABHOST_TORCH_BUILD (cu130), labhost_cuda_include and, for the host, the target labhost::cudart.

# A plugin of an installed labhost: most include nothing of CUDA, and none links its runtime.
if(LABHOST_TORCH_BUILD_KNOWN)
  set(LABHOST_TORCH_BUILD ${LABHOST_TORCH_BUILD_KNOWN})
  set(labhost_cuda_include)
  foreach(folder IN LISTS LABHOST_CUDA_HEADERS)
    if(EXISTS "${folder}")
      list(APPEND labhost_cuda_include "${folder}")
    endif()
  endforeach()
  return()
endif()

# LibTorch says it, whatever toolkit lies here.
set(labhost_probe ${CMAKE_BINARY_DIR}/CMakeFiles/labhost_torch_probe)
file(WRITE ${labhost_probe}/probe.cpp
  "#include <iostream>\n#include <string>\nnamespace at { std::string show_config(); }\n"
  "int main() { std::cout << at::show_config() << std::endl; }\n")
try_run(labhost_probe_ran labhost_probe_compiled ${labhost_probe} ${labhost_probe}/probe.cpp
  LINK_OPTIONS -Wl,--no-as-needed -Wl,--allow-shlib-undefined LINK_LIBRARIES labhost::libtorch_cpu labhost::libc10
  COMPILE_OUTPUT_VARIABLE labhost_probe_errors RUN_OUTPUT_VARIABLE labhost_probe_says)
if(NOT labhost_probe_compiled OR NOT labhost_probe_ran EQUAL 0 OR
   NOT labhost_probe_says MATCHES "CUDA_VERSION=([0-9]+)\\.([0-9]+)")
  message(FATAL_ERROR "${LABHOST_TORCH}: this LibTorch is a CUDA build, but does not say of which CUDA:\n"
                      "${labhost_probe_errors}${labhost_probe_says}")
endif()
set(LABHOST_TORCH_BUILD cu${CMAKE_MATCH_1}${CMAKE_MATCH_2})
set(labhost_cuda_major ${CMAKE_MATCH_1})
set(labhost_cuda_version ${CMAKE_MATCH_1}.${CMAKE_MATCH_2})

# ---- headers: of the wheels beside torch, of what was named, of a toolkit

file(GLOB labhost_cuda_wheels "${LABHOST_TORCH}/../nvidia/cu${labhost_cuda_major}" "${LABHOST_TORCH}/../nvidia/*")
# Of toolkits, those of this major version.
file(GLOB labhost_cuda_toolkits "/usr/local/cuda-${labhost_cuda_major}*")
set(labhost_cuda_candidates ${LABHOST_CUDA_HEADERS} $ENV{CUDA_HOME} $ENV{CUDA_PATH} /usr/local/cuda ${labhost_cuda_toolkits} /usr/lib/cuda /usr)
set(labhost_cuda_toolkits)
set(labhost_cuda_others)
foreach(folder IN LISTS labhost_cuda_candidates)
  set(line)
  foreach(header "${folder}/include/cuda_runtime_api.h" "${folder}/cuda_runtime_api.h")
    if(EXISTS "${header}")
      file(STRINGS "${header}" line REGEX "^#define CUDART_VERSION +[0-9]+")
    endif()
  endforeach()
  if(line MATCHES " ${labhost_cuda_major}[0-9][0-9][0-9]$" OR (NOT line AND "${folder}" IN_LIST LABHOST_CUDA_HEADERS))
    list(APPEND labhost_cuda_toolkits "${folder}")
  elseif(line)
    list(APPEND labhost_cuda_others "${folder}")
  endif()
endforeach()

set(labhost_cuda_include)
set(labhost_cuda_lacks)
foreach(header cuda_runtime_api.h cublas_v2.h cusparse.h cusolverDn.h crt/host_defines.h crt/host_config.h)
  set(found)
  foreach(folder IN LISTS labhost_cuda_wheels labhost_cuda_toolkits)
    foreach(include "${folder}/include" "${folder}")
      if(NOT found AND EXISTS "${include}/${header}")
        get_filename_component(found "${include}" REALPATH)
      endif()
    endforeach()
  endforeach()
  if(found)
    list(APPEND labhost_cuda_include "${found}")
  else()
    list(APPEND labhost_cuda_lacks ${header})
  endif()
endforeach()
list(REMOVE_DUPLICATES labhost_cuda_include)

if(labhost_cuda_lacks)
  string(REPLACE ";" ", " labhost_cuda_lacks "${labhost_cuda_lacks}")
  set(labhost_cuda_seen)
  if(labhost_cuda_others)
    string(REPLACE ";" ", " labhost_cuda_seen " (those of another CUDA are in ${labhost_cuda_others})")
  endif()
  message(FATAL_ERROR "LibTorch ${LABHOST_TORCH_VERSION}+${LABHOST_TORCH_BUILD} needs headers of CUDA ${labhost_cuda_major} that are "
    "not here: ${labhost_cuda_lacks}${labhost_cuda_seen}. With pip's torch: pip install 'nvidia-cuda-crt==${labhost_cuda_version}.*' (of CUDA 12: "
    "nvidia-cuda-nvcc-cu12). Else install the CUDA toolkit ${labhost_cuda_version} (nvcc is not needed), or name its folder with -DLABHOST_CUDA_HEADERS=FOLDER")
endif()

# ---- the runtime library: the one that LibTorch itself loads

set(labhost_cudart)
foreach(folder "${labhost_torch_lib}" ${labhost_cuda_wheels} ${labhost_cuda_toolkits})
  file(GLOB candidates "${folder}/libcudart*.so.${labhost_cuda_major}*" "${folder}/lib/libcudart.so.${labhost_cuda_major}*"
    "${folder}/lib64/libcudart.so.${labhost_cuda_major}*" "${folder}/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libcudart.so.${labhost_cuda_major}*")
  if(candidates AND NOT labhost_cudart)
    list(GET candidates 0 labhost_cudart)
  endif()
endforeach()
if(NOT labhost_cudart)
  message(FATAL_ERROR "LibTorch ${LABHOST_TORCH_VERSION}+${LABHOST_TORCH_BUILD} needs libcudart.so.${labhost_cuda_major}, which is neither "
                      "beside it nor in a toolkit; install torch again, or the CUDA toolkit ${labhost_cuda_version}")
endif()
if(NOT TARGET labhost::cudart)
  add_library(labhost::cudart SHARED IMPORTED)
  set_target_properties(labhost::cudart PROPERTIES IMPORTED_LOCATION "${labhost_cudart}")
endif()
