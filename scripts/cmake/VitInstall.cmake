message(STATUS "install: not yet")
