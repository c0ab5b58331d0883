# cmake -D BUILD=... -D SOURCE=... -D GENERATOR=... -P run.cmake: installs BUILD into a prefix of its own, then
# configures, builds and runs the outside project SOURCE against it, and the installed program.
set(work "${BUILD}/install-test")
file(REMOVE_RECURSE "${work}")

function(step name)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name} failed (${code}):\n${output}")
  endif()
  message(STATUS "${name}: ok")
  set(output "${output}" PARENT_SCOPE)
endfunction()

step(install ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${work}/prefix")
step(configure ${CMAKE_COMMAND} -G ${GENERATOR} -S "${SOURCE}" -B "${work}/outside" -D CMAKE_BUILD_TYPE=Release
     -D "CMAKE_PREFIX_PATH=${work}/prefix")
step(build ${CMAKE_COMMAND} --build "${work}/outside")
step(run "${work}/outside/outside")
message(STATUS "${output}")
# The installed program finds its libraries and its configurations, from anywhere and without help from the environment.
set(ENV{LD_LIBRARY_PATH} "")
unset(ENV{VIT_SHARE})
step(version ${CMAKE_COMMAND} -E chdir / "${work}/prefix/bin/vit-train" --version)
step(config ${CMAKE_COMMAND} -E chdir / "${work}/prefix/bin/vit-train" --config quickstart --print-config)
file(REMOVE_RECURSE "${work}")
