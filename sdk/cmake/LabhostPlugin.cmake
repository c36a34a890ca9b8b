# labhost_add_plugin(<id> <source>...): builds <id>.so, a plugin that a labhost host loads. The library is the target
# <id>; the target <id>_plugin, part of `all`, puts it into its folder: the build folder, or LABHOST_PLUGIN_FOLDER (if
# relative, in the build folder).

function(labhost_add_plugin id)
  set(exports ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin-exports.map)
  if(TARGET ${id})
    message(FATAL_ERROR "labhost_add_plugin: there is a target called ${id} already; choose another id for the plugin")
  endif()
  add_library(${id} MODULE ${ARGN})
  target_link_libraries(${id} PRIVATE labhost::sdk)
  # Only the stamp and the descriptor leave the library, and it stays mapped once loaded: code that uses
  # LibTorch cannot be unloaded safely. No rpath: the host has the SDK and LibTorch in the process already.
  target_link_options(${id} PRIVATE
    -Wl,--version-script=${exports} -Wl,-z,nodelete -Wl,--exclude-libs,ALL)
  # What is not defined anywhere is an error now, not when it is loaded. A sanitizer's functions are in the host.
  get_directory_property(options COMPILE_OPTIONS)
  if(NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}} ${options}" MATCHES "fsanitize")
    target_link_options(${id} PRIVATE -Wl,--no-undefined)
  endif()
  set(linked_in ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${id}.dir)
  set_target_properties(${id} PROPERTIES
    PREFIX "" SUFFIX .so DEFINE_SYMBOL "" SKIP_BUILD_RPATH ON INSTALL_RPATH ""
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${exports} LIBRARY_OUTPUT_DIRECTORY ${linked_in})
  # The same source gives the same bytes, whatever folder it is built in: LibTorch's headers are named as they are included,
  # where GCC would take the shorter of that and where the link leads to.
  target_compile_options(${id} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-canonical-system-headers>
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)

  # Linked elsewhere, copied to a temporary name and renamed: a host sees the old plugin or the new one, whole, and one
  # that has the old one loaded keeps it.
  set(folder ${CMAKE_CURRENT_BINARY_DIR})
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY)
    set(folder ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
  endif()
  if(TARGET labhost_sdk)  # built with the host: into the folder where it looks first
    set(folder ${CMAKE_BINARY_DIR}/plugins)
  endif()
  if(LABHOST_PLUGIN_FOLDER)
    get_filename_component(folder ${LABHOST_PLUGIN_FOLDER} ABSOLUTE BASE_DIR ${CMAKE_BINARY_DIR})
  endif()
  add_custom_command(OUTPUT ${folder}/${id}.so
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:${id}> ${folder}/${id}.so.new
    # A host refuses what all users may write to, as it would be under umask 0. A folder that was chosen is left alone.
    COMMAND chmod o-w ${folder}/${id}.so.new $<$<NOT:$<BOOL:${LABHOST_PLUGIN_FOLDER}>>:${folder}>
    COMMAND ${CMAKE_COMMAND} -E rename ${folder}/${id}.so.new ${folder}/${id}.so
    DEPENDS ${id} $<TARGET_FILE:${id}>
    COMMENT "${id}.so is in ${folder}" VERBATIM COMMAND_EXPAND_LISTS)
  add_custom_target(${id}_plugin ALL DEPENDS ${folder}/${id}.so)
endfunction()
