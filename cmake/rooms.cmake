# A room is a folder of src/: a static library with its own tests. The arrows between rooms are the DEPENDS lists of
# src/CMakeLists.txt; tools/check_arrows.py holds the includes to them.

function(pellucid_room name)
  cmake_parse_arguments(ROOM "GRAPH" "" "DEPENDS;LIBRARIES" ${ARGN})
  set_property(GLOBAL APPEND PROPERTY pellucid_rooms ${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    add_library(pellucid_${name} INTERFACE)
    target_link_libraries(pellucid_${name} INTERFACE ${ROOM_LIBRARIES})
    foreach(depend IN LISTS ROOM_DEPENDS)
      target_link_libraries(pellucid_${name} INTERFACE pellucid_${depend})
    endforeach()
    return()
  endif()
  add_library(pellucid_${name} STATIC ${sources})
  target_include_directories(pellucid_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  target_compile_features(pellucid_${name} PUBLIC cxx_std_20)
  target_compile_definitions(pellucid_${name} PRIVATE PELLUCID_VERSION="${PROJECT_VERSION}")
  foreach(depend IN LISTS ROOM_DEPENDS)
    target_link_libraries(pellucid_${name} PUBLIC pellucid_${depend})
  endforeach()
  target_link_libraries(pellucid_${name} PUBLIC ${ROOM_LIBRARIES} PRIVATE pellucid_warnings)
  if(ROOM_GRAPH)
    target_link_libraries(pellucid_${name} PUBLIC openvino::runtime)
    if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
      target_compile_options(pellucid_${name} PRIVATE -include ${CMAKE_SOURCE_DIR}/src/precompiled.hpp)
    elseif(name STREQUAL "ops")
      target_precompile_headers(pellucid_ops PRIVATE ${CMAKE_SOURCE_DIR}/src/precompiled.hpp)
    else()
      target_precompile_headers(pellucid_${name} REUSE_FROM pellucid_ops)
    endif()
  endif()
endfunction()

# tests/NAME/**/*.cpp become test_NAME, linked to LIBRARY; ctest runs them one by one as NAME.Suite.Test.
function(pellucid_test name library)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${library} pellucid_warnings GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/include)
  target_compile_definitions(test_${name} PRIVATE
    PELLUCID_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    PELLUCID_ASSETS_DIR="${PELLUCID_ASSETS_DIR}"
    PELLUCID_CLI="$<$<TARGET_EXISTS:pellucid>:$<TARGET_FILE:pellucid>>"
    PELLUCID_PYTHON="${PELLUCID_PYTHON}")
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT 600 LABELS ${name})
endfunction()
