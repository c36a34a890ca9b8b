# Finds LibTorch and wraps it as the targets labhost::torch and labhost::torch_headers.
#
# LABHOST_TORCH          its folder: that of pip's torch (.../site-packages/torch), of an unpacked LibTorch, or /usr for
#                        Debian's. If it is not set: the first of CMAKE_PREFIX_PATH that is one, else /usr.
# LABHOST_CUDA_HEADERS   CUDA's header folder, where a CUDA LibTorch has none beside it.
# LABHOST_TORCH_RPATH    set: where an installed host finds it; empty for Debian's, which the system finds. Said outright, since CMake
#                        takes a folder in the build folder, as that of a venv there, for one that is not installed
# LABHOST_TORCH_VERSION  set: as its header says
# LABHOST_TORCH_BUILD    set: cpu, cu130, rocm; it is in the stamp of plugins and host. LibTorch is asked, unless
#                        LABHOST_TORCH_BUILD_KNOWN says it (a labhost that is installed knows).
#
# TorchConfig.cmake is not used: it takes the Caffe2Config.cmake of whatever LibTorch CMake finds first, and with CUDA it
# wants a whole toolkit to link with, which who has pip's torch has not and does not need.

set(labhost_torch_version_header include/torch/csrc/api/include/torch/version.h)

if(NOT LABHOST_TORCH)
  string(REPLACE ":" ";" labhost_prefixes "$ENV{CMAKE_PREFIX_PATH}")
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH labhost_prefixes)
    # A prefix, or, as Python's torch.utils.cmake_prefix_path has it, LibTorch's share/cmake.
    foreach(folder "${prefix}" "${prefix}/../..")
      if(EXISTS "${folder}/${labhost_torch_version_header}" AND NOT LABHOST_TORCH)
        get_filename_component(LABHOST_TORCH "${folder}" ABSOLUTE)
      endif()
    endforeach()
  endforeach()
  if(NOT LABHOST_TORCH)
    set(LABHOST_TORCH /usr)
  endif()
endif()
get_filename_component(LABHOST_TORCH "${LABHOST_TORCH}" ABSOLUTE)  # and without a '/' at its end

# ---- what it is

string(CONCAT labhost_advice "name one with -DLABHOST_TORCH=FOLDER: that of pip's torch (.../site-packages/torch), of an unpacked LibTorch, "
  "or /usr for Debian's libtorch-dev")
if(NOT EXISTS "${LABHOST_TORCH}/${labhost_torch_version_header}")
  message(FATAL_ERROR "${LABHOST_TORCH} holds no LibTorch (${labhost_torch_version_header} is not there); ${labhost_advice}")
endif()
set(labhost_version_lines)
foreach(header ${labhost_torch_version_header} include/torch/headeronly/version.h)  # there since 2.9
  if(EXISTS "${LABHOST_TORCH}/${header}")
    file(STRINGS "${LABHOST_TORCH}/${header}" lines REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
    list(APPEND labhost_version_lines ${lines})
  endif()
endforeach()
if(NOT "${labhost_version_lines}" MATCHES "MAJOR +([0-9]+).*MINOR +([0-9]+).*PATCH +([0-9]+)")
  message(FATAL_ERROR "${LABHOST_TORCH}: its version.h says no version; ${labhost_advice}")
endif()
set(LABHOST_TORCH_VERSION ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})

set(labhost_torch_lib)
foreach(folder lib/${CMAKE_LIBRARY_ARCHITECTURE} lib lib64)
  if(NOT labhost_torch_lib AND EXISTS "${LABHOST_TORCH}/${folder}/libtorch_cpu.so")
    set(labhost_torch_lib "${LABHOST_TORCH}/${folder}")
  endif()
endforeach()
if(NOT labhost_torch_lib)
  message(FATAL_ERROR "${LABHOST_TORCH} has LibTorch's headers, but no libtorch_cpu.so in its lib; ${labhost_advice}")
endif()

# Wheels of 2.6 and before, and the LibTorch archives that are not named cxx11-abi.
file(GLOB labhost_torch_config "${LABHOST_TORCH}/share/cmake/Torch/TorchConfig.cmake")
if(labhost_torch_config)
  file(STRINGS "${labhost_torch_config}" lines REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(lines)
    message(FATAL_ERROR "${LABHOST_TORCH} was built with the C++ strings of before 2015 (_GLIBCXX_USE_CXX11_ABI=0), with which the "
                        "other libraries do not link; take torch 2.7 or later, or LibTorch's archive named cxx11-abi")
  endif()
endif()

# ---- the targets

set(labhost_torch_names torch torch_cpu c10)
set(labhost_torch_cuda FALSE)
if(EXISTS "${labhost_torch_lib}/libtorch_cuda.so")
  set(labhost_torch_cuda TRUE)
  list(APPEND labhost_torch_names torch_cuda c10_cuda)
endif()
set(labhost_torch_targets)
foreach(name IN LISTS labhost_torch_names)
  list(APPEND labhost_torch_targets labhost::lib${name})
  if(NOT TARGET labhost::lib${name})
    if(NOT EXISTS "${labhost_torch_lib}/lib${name}.so")
      message(FATAL_ERROR "${labhost_torch_lib} lacks lib${name}.so: this LibTorch is not whole; install it again")
    endif()
    add_library(labhost::lib${name} SHARED IMPORTED)
    set_target_properties(labhost::lib${name} PROPERTIES IMPORTED_LOCATION "${labhost_torch_lib}/lib${name}.so")
  endif()
endforeach()

if(labhost_torch_cuda)
  include(${CMAKE_CURRENT_LIST_DIR}/LabhostCuda.cmake)
elseif(EXISTS "${labhost_torch_lib}/libtorch_hip.so")
  set(LABHOST_TORCH_BUILD rocm)
else()
  set(LABHOST_TORCH_BUILD cpu)
endif()

set(LABHOST_TORCH_RPATH)
if(NOT LABHOST_TORCH STREQUAL "/usr")
  set(LABHOST_TORCH_RPATH "${labhost_torch_lib}")
  if(TARGET labhost::cudart)
    get_filename_component(labhost_cudart_folder "${labhost_cudart}" DIRECTORY)
    get_filename_component(labhost_cudart_folder "${labhost_cudart_folder}" REALPATH)
    list(APPEND LABHOST_TORCH_RPATH "${labhost_cudart_folder}")
  endif()
endif()

if(NOT TARGET labhost::torch)
  # Only LibTorch's own headers: pip's folder holds other libraries' too ({fmt}, pybind11, oneDNN, Google's), which would
  # go before those that we link with. In /usr each library's headers are where they belong.
  set(labhost_torch_include ${LABHOST_TORCH}/include)
  if(NOT LABHOST_TORCH STREQUAL "/usr")
    # Another name for another LibTorch: the files in it may be older than what was compiled with those before.
    string(MD5 labhost_torch_hash "${LABHOST_TORCH} ${LABHOST_TORCH_VERSION} ${LABHOST_TORCH_BUILD}")
    string(SUBSTRING ${labhost_torch_hash} 0 8 labhost_torch_hash)
    set(labhost_torch_include ${CMAKE_BINARY_DIR}/CMakeFiles/labhost_torch_${labhost_torch_hash})
    file(REMOVE_RECURSE ${labhost_torch_include})
    file(MAKE_DIRECTORY ${labhost_torch_include})
    foreach(name ATen c10 caffe2 torch)
      if(EXISTS "${LABHOST_TORCH}/include/${name}")
        file(CREATE_LINK "${LABHOST_TORCH}/include/${name}" ${labhost_torch_include}/${name} SYMBOLIC)
      endif()
    endforeach()
  endif()

  # What compiling needs, without linking. SYSTEM: LibTorch's headers are not ours to keep free of warnings.
  add_library(labhost::torch_headers INTERFACE IMPORTED)
  target_include_directories(labhost::torch_headers SYSTEM INTERFACE
    ${labhost_torch_include} ${labhost_torch_include}/torch/csrc/api/include ${labhost_cuda_include})
  target_compile_definitions(labhost::torch_headers INTERFACE LABHOST_TORCH_BUILD=${LABHOST_TORCH_BUILD})
  target_compile_options(labhost::torch_headers INTERFACE -D_GLIBCXX_USE_CXX11_ABI=1)
  add_library(labhost::torch INTERFACE IMPORTED)
  target_link_libraries(labhost::torch INTERFACE labhost::torch_headers ${labhost_torch_targets})
endif()
