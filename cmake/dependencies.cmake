# All that is linked. OpenVINO comes from the run environment of ./dev (its wheel is also the C++ SDK), the rest from
# Debian (tools/debian-packages.txt).

if(NOT OpenVINO_DIR)
  file(GLOB candidates ${CMAKE_SOURCE_DIR}/.dev/envs/run/lib/python3.*/site-packages/openvino/cmake)
  if(NOT candidates)
    message(FATAL_ERROR "OpenVINO is not there: run ./dev setup, or give -DOpenVINO_DIR=<openvino's folder>/cmake")
  endif()
  list(GET candidates 0 OpenVINO_DIR)
endif()
find_package(OpenVINO REQUIRED COMPONENTS Runtime PATHS ${OpenVINO_DIR} NO_DEFAULT_PATH)
# The threads that the engine itself runs on, from its own wheel.
find_package(TBB REQUIRED PATHS ${OpenVINO_DIR} NO_DEFAULT_PATH)
find_package(Threads REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)  # inlined: there is no library to link
find_package(PkgConfig REQUIRED)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(png REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(tiff REQUIRED IMPORTED_TARGET libtiff-4)
pkg_check_modules(pangocairo REQUIRED IMPORTED_TARGET pangocairo pangoft2)
