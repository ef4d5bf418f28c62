# Installs into a folder, moves it, and uses it from there as somebody would who has nothing else of Pellucid: by
# find_package(Pellucid) in a project of their own, and by the command line. Nothing may lead back to the build.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(ENV{OpenVINO_DIR} "")
set(ENV{LD_LIBRARY_PATH} "")

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK}
    RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${code}\n${output}\n${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/staging)
file(RENAME ${WORK}/staging ${WORK}/prefix)

# What the installed files load lies in the installed tree or is the system's.
file(GLOB libraries ${WORK}/prefix/lib*/libpellucid.so ${WORK}/prefix/lib*/*/libpellucid.so)
if(NOT libraries)
  message(FATAL_ERROR "libpellucid.so is not installed")
endif()
get_filename_component(engine ${ENGINE}/../libs ABSOLUTE)
foreach(binary IN ITEMS ${WORK}/prefix/bin/pellucid LISTS libraries)
  run(ldd ${binary})
  foreach(wrong IN ITEMS "not found" "${engine}" "${BUILD}/lib/")
    string(FIND "${output}" "${wrong}" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${binary} loads what is not installed (${wrong}):\n${output}")
    endif()
  endforeach()
endforeach()

run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/consumer
  -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${WORK}/consumer)
run(${WORK}/consumer/why ${ASSETS}/efficientnet_lite0.onnx ${ASSETS}/coffee.png)
if(NOT output MATCHES "espresso")
  message(FATAL_ERROR "the program built against the package says: ${output}")
endif()

# The program finds the engine's plugins and our own data in the installed tree.
run(${WORK}/prefix/bin/pellucid inspect ${ASSETS}/mnist_cnn.onnx)
file(COPY ${ASSETS}/efficientnet_lite0.onnx DESTINATION ${WORK})
run(${WORK}/prefix/bin/pellucid card efficientnet_lite0.onnx --preset tf --labels imagenet)
