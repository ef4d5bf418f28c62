# cmake --install gives a tree that needs nothing of ours beside it: the library, the command line, headers, the CMake
# package, and the parts of OpenVINO that they load (which must lie in one folder, since OpenVINO looks for its plugins
# and front ends beside itself).
if(NOT TARGET pellucid_library)
  return()
endif()
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Pellucid)
install(TARGETS pellucid_library EXPORT PellucidTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET pellucid)
  install(TARGETS pellucid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/pellucid DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT PellucidTargets NAMESPACE pellucid:: DESTINATION ${package})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/PellucidConfig.cmake.in
  ${CMAKE_BINARY_DIR}/PellucidConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/PellucidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/PellucidConfig.cmake ${CMAKE_BINARY_DIR}/PellucidConfigVersion.cmake
  DESTINATION ${package})

get_filename_component(engine ${OpenVINO_DIR}/../libs ABSOLUTE)
file(GLOB parts
  ${engine}/libopenvino.so.* ${engine}/libopenvino_intel_cpu_plugin.so ${engine}/libopenvino_ir_frontend.so.*
  ${engine}/libopenvino_onnx_frontend.so.* ${engine}/libopenvino_tensorflow_frontend.so.*
  ${engine}/libopenvino_tensorflow_lite_frontend.so.*
  ${engine}/libtbb.so.* ${engine}/libtbbmalloc.so.* ${engine}/libtbbbind_2_5.so.* ${engine}/libhwloc.so.*)
install(PROGRAMS ${parts} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pellucid)

# Labels that a card may name; src/model/labels.hpp says where they are looked for.
install(FILES ${PELLUCID_ASSETS_DIR}/imagenet_labels.json DESTINATION ${CMAKE_INSTALL_DATADIR}/pellucid)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
