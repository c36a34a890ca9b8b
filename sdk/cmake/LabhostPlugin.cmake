# labhost_add_plugin(<id> <source>...): builds <id>.so, a plugin that a labhost host loads.

function(labhost_add_plugin id)
  set(exports ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin-exports.map)
  add_library(${id} MODULE ${ARGN})
  target_link_libraries(${id} PRIVATE labhost::sdk)
  # Only the stamp and the descriptor leave the library, and it stays mapped once loaded: code that uses
  # LibTorch cannot be unloaded safely. No rpath: the host has the SDK and LibTorch in the process already.
  target_link_options(${id} PRIVATE
    -Wl,--version-script=${exports} -Wl,-z,nodelete -Wl,--exclude-libs,ALL)
  set_target_properties(${id} PROPERTIES
    PREFIX "" SUFFIX .so DEFINE_SYMBOL "" SKIP_BUILD_RPATH ON INSTALL_RPATH ""
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${exports})
  # The same source gives the same bytes, whatever folder it is built in.
  target_compile_options(${id} PRIVATE
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)
  if(TARGET labhost_sdk)  # built with the host: into the folder where it looks first
    set_target_properties(${id} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  endif()
endfunction()
