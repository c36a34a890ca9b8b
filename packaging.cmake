# `cmake --build build --target package`: a .tar.gz, and a .deb where LibTorch is Debian's own.
set(CPACK_GENERATOR TGZ)
if(Torch_DIR MATCHES "^/usr/")
  list(APPEND CPACK_GENERATOR DEB)
endif()
set(CPACK_PACKAGE_NAME labhost)
set(CPACK_PACKAGE_CONTACT "the labhost developers <labhost@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compares variants of neural networks that live in shared libraries")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_PACKAGE_FILE_NAME labhost-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}-torch${Torch_VERSION}-${LABHOST_TORCH_BUILD})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_COMPONENTS_ALL runtime plugins sdk)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
# Not linked, but without it LibTorch falls on the reference BLAS, many times slower.
set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
# To build plugins.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libtorch-dev, g++, cmake (>= 3.25), make")
include(CPack)
