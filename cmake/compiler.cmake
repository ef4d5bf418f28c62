# Warnings, sanitizers and the compiler cache.

add_library(pellucid_warnings INTERFACE)
target_compile_options(pellucid_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wdouble-promotion
  $<$<BOOL:${PELLUCID_WERROR}>:-Werror>)

# GCC's notes on how it passes structures are no warnings, but they drown them.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>)

if(PELLUCID_SANITIZE)
  add_compile_options(-fsanitize=${PELLUCID_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PELLUCID_SANITIZE})
  # Instrumented code confuses the flow analysis behind these two; the plain builds keep them.
  add_compile_options(-Wno-null-dereference $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

option(PELLUCID_CCACHE "Use ccache where it is installed" ON)
find_program(CCACHE ccache)
if(CCACHE AND PELLUCID_CCACHE)
  # Precompiled headers are only cached when ccache may trust their stamps.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
