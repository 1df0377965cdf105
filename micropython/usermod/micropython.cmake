# _faceiot for the ports that are built with CMake (esp32, rp2):
#
#   make -C ports/rp2 BOARD=... USER_C_MODULES=.../micropython/usermod/micropython.cmake \
#       FACEIOT=.../dist/c/thumbv6m-none-eabi
#
# FACEIOT is a folder with lib/libfaceiot.a and include/faceiot.h, as `make firmware` makes one for each target.

# make hands on what its command line says; the ports do not agree on how else to give CMake a value.
if(NOT FACEIOT)
    set(FACEIOT "$ENV{FACEIOT}")
endif()
if(NOT EXISTS "${FACEIOT}/lib/libfaceiot.a")
    message(FATAL_ERROR "FACEIOT=${FACEIOT} is no folder with lib/libfaceiot.a: `make firmware` builds one for each target")
endif()

add_library(usermod_faceiot INTERFACE)
target_sources(usermod_faceiot INTERFACE ${CMAKE_CURRENT_LIST_DIR}/modfaceiot.c)
target_include_directories(usermod_faceiot INTERFACE ${FACEIOT}/include)
target_link_libraries(usermod_faceiot INTERFACE ${FACEIOT}/lib/libfaceiot.a)
target_link_libraries(usermod INTERFACE usermod_faceiot)
