# cmake -D SOURCE=... -D OUTPUT=... -P GitRevision.cmake: writes the short hash, with "+" for uncommitted changes, as a C string.
set(revision unknown)
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=9 HEAD OUTPUT_VARIABLE hash RESULT_VARIABLE failed
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT failed)
  set(revision "${hash}")
  execute_process(COMMAND git -C "${SOURCE}" diff --quiet HEAD RESULT_VARIABLE changed ERROR_QUIET)
  if(changed)
    string(APPEND revision "+")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "\"${revision}\"\n")
